/// Why a request cannot be answered: what the client did, or what the service cannot do now.
package struct RequestFault: Error, Hashable, CustomStringConvertible {
  package var status: HTTPStatus
  /// A sentence for whoever wrote the client.
  package var description: String
  /// After how many seconds the same request may be sent again; nil where nobody knows.
  package var retryAfter: Int?
  /// The methods that the path takes, where it does not take the request's.
  package var allowed: [HTTPMethod] = []

  package init(
    _ status: HTTPStatus, _ description: String, retryAfter: Int? = nil, allowed: [HTTPMethod] = []
  ) {
    self.status = status
    self.description = description
    self.retryAfter = retryAfter
    self.allowed = allowed
  }

  /// The client's fault.
  package init(_ description: String) { self.init(.badRequest, description) }
}

extension RequestFault {
  /// What an answer says of it beside its body: when the client may come again, that a key is needed, which methods there are.
  package var headers: HTTPHeaders {
    switch status {
    case .serviceUnavailable, .tooManyRequests:
      ["Retry-After": String(retryAfter ?? HTTPDefaults.retryAfterSeconds)]
    case .unauthorized: ["WWW-Authenticate": "Bearer"]
    case .methodNotAllowed: ["Allow": HTTPMethod.allow(allowed)]
    default: HTTPHeaders()
    }
  }
}

extension HTTPMethod {
  /// The value of the header `Allow` of a path with these methods: `HEAD` goes wherever `GET` goes, and every path takes `OPTIONS`.
  package static func allow(_ methods: [HTTPMethod]) -> String {
    let all = methods.flatMap { $0 == .get ? [.get, .head] : [$0] } + [.options]
    return all.map(\.description).joined(separator: ", ")
  }
}
