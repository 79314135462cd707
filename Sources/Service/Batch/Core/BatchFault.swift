import Files
import HTTP

/// A request that went wrong, in the shape of Azure's batch endpoints: `{"error": {"code": "…", "message": "…"}}`.
enum BatchFault {
  static func answer(_ fault: RequestFault) -> HTTPAnswer {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("error")
    write(code: code(of: fault.status), message: fault.description, &writer)
    writer.endObject()
    var answer = HTTPAnswer.json(fault.status, writer.bytes)
    for field in fault.headers.fields { answer.headers.add(field.name, field.value) }
    return answer
  }

  static func write(code: String, message: String, _ writer: inout JSONWriter) {
    writer.beginObject()
    writer.key("code")
    writer.text(code)
    writer.key("message")
    writer.text(message)
    writer.endObject()
  }

  /// Azure's words for what went wrong.
  static func code(of status: HTTPStatus) -> String {
    switch status {
    case .unauthorized: "Unauthorized"
    case .forbidden: "Forbidden"
    case .notFound: "NotFound"
    case .methodNotAllowed: "MethodNotAllowed"
    case .conflict: "Conflict"
    case .contentTooLarge: "PayloadTooLarge"
    case .unsupportedMediaType: "UnsupportedMediaType"
    case .tooManyRequests: "TooManyRequests"
    case .headersTooLarge: "RequestHeaderFieldsTooLarge"
    case .serviceUnavailable: "ServiceUnavailable"
    case .requestTimeout, .gatewayTimeout: "Timeout"
    case .internalError, .failedDependency: "ServiceError"
    case .ok, .created, .noContent, .badRequest: "UserError"
    }
  }
}
