import Wording

// What every service asks of a request before it looks into its body.

extension RouteTable {
  /// The route of a request, and what stands in the place of its braces; with a fault where there is none.
  package func route(of request: HTTPRequest) -> (index: Int?, values: [Substring], fault: RequestFault?) {
    switch match(request.method, request.path) {
    case .found(let index, let values): return (index, values, nil)
    case .methodNotAllowed(let methods):
      return (
        nil, [],
        RequestFault(
          .methodNotAllowed, "\(request.path.excerpt) takes \(methods.map(\.description).listed) alone",
          allowed: methods)
      )
    case .notFound:
      return (nil, [], RequestFault(.notFound, "there is nothing at \(request.path.quoted)"))
    }
  }
}

extension KeyRing {
  /// The client and the first digits of the digest of the request's key. Throws ``RequestFault`` with 401 where it opens nothing, and with
  /// 429 where it has been used too often.
  package func checkedKey(of request: HTTPRequest) throws(RequestFault) -> (client: String, digest: String) {
    switch check(authorization: request.headers["Authorization"]) {
    case .accepted(let client, let digest): return (client, digest)
    case .missing:
      throw RequestFault(.unauthorized, "a key is needed: Authorization: Bearer KEY")
    case .wrong: throw RequestFault(.unauthorized, "the key is wrong")
    case .tooFast(let client, _, let seconds):
      throw RequestFault(
        .tooManyRequests, "the key of \(client.quoted) has been used too often; try again in \(seconds) s",
        retryAfter: seconds)
    }
  }
}
