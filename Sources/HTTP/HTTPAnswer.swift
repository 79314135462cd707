/// The status codes that Sonde's services answer with (RFC 9110, 15; 429 and 431 RFC 6585).
package enum HTTPStatus: Int, Hashable, Sendable, CaseIterable {
  case ok = 200
  case created = 201
  case noContent = 204
  case badRequest = 400
  case unauthorized = 401
  case forbidden = 403
  case notFound = 404
  case methodNotAllowed = 405
  case requestTimeout = 408
  case conflict = 409
  case contentTooLarge = 413
  case unsupportedMediaType = 415
  case failedDependency = 424
  case tooManyRequests = 429
  case headersTooLarge = 431
  case internalError = 500
  case serviceUnavailable = 503
  case gatewayTimeout = 504
}

/// An answer: its status, its headers beside those that the server sees to (`Content-Length`, `Date`, `Connection`), and its body.
package struct HTTPAnswer: Hashable, Sendable {
  package var status: HTTPStatus
  package var headers: HTTPHeaders
  package var body: [UInt8]
  /// What is sent in place of ``body``; nil for that.
  package var file: HTTPFile?
  /// What is sent in place of both, piece by piece as it comes; nil for that.
  package var stream: HTTPStream?

  package init(_ status: HTTPStatus, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// With a body of `type`.
  package init(_ status: HTTPStatus = .ok, type: String, body: [UInt8]) {
    self.init(status, headers: ["Content-Type": type], body: body)
  }

  /// With a JSON text as its body.
  package static func json(_ status: HTTPStatus, _ body: [UInt8]) -> HTTPAnswer {
    HTTPAnswer(status, type: "application/json", body: body)
  }

  /// With a JSON text as its body, and status 200.
  package static func json(_ body: [UInt8]) -> HTTPAnswer { json(.ok, body) }

  /// With plain text as its body.
  package static func text(_ status: HTTPStatus, _ text: String) -> HTTPAnswer {
    HTTPAnswer(status, type: "text/plain; charset=utf-8", body: Array(text.utf8))
  }
}
