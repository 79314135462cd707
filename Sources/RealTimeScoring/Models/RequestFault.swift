import HTTP

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

  package init(_ fault: JSONFault) { self.init(.badRequest, fault.description) }
}
