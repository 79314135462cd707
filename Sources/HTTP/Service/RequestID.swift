import Synchronization

/// The headers by which a client knows its request again.
package enum RequestID {
  package static let header = "x-request-id"
  /// Of Azure's clients, the second one of older ones; sent back as they came.
  package static let clientHeaders = ["x-ms-client-request-id", "x-ms-request-id"]
  package static let headers = [header] + clientHeaders

  /// Throws ``RequestFault`` with 431 where one of them is longer than ``HTTPDefaults/requestIDLength``.
  package static func check(_ request: HTTPRequest) throws(RequestFault) {
    for header in headers {
      guard let length = request.headers[header]?.utf8.count, length > HTTPDefaults.requestIDLength else {
        continue
      }
      throw RequestFault(
        .headersTooLarge, "\(header) has \(length) bytes, and may have \(HTTPDefaults.requestIDLength)")
    }
  }

  /// Those of `request`, for its answer, whose id is `id`.
  package static func answered(_ request: HTTPRequest, id: String) -> HTTPHeaders {
    var headers: HTTPHeaders = [header: id]
    for header in clientHeaders {
      if let id = request.headers[header], id.utf8.count <= HTTPDefaults.requestIDLength {
        headers.add(header, id)
      }
    }
    return headers
  }
}

/// Gives each request of a process an id: its client's, or one of its own.
package final class RequestNumbers: Sendable {
  private let requests = Atomic<UInt64>(0)
  private let prefix = String(UInt32.random(in: 0 ... .max), radix: 16)

  package init() {}

  /// The record of a request that has just come.
  ///
  /// - Parameters:
  ///   - route: Its route, by its position in the service's table; nil where the path has none.
  ///   - pattern: The pattern of its route.
  ///   - key: The first digits of the digest of its key.
  package func record(of request: HTTPRequest, route: Int?, pattern: String?, key: String?) -> RequestRecord {
    var id = request.headers[RequestID.header] ?? ""
    if id.isEmpty || id.utf8.count > HTTPDefaults.requestIDLength {
      id = "\(prefix)-\(requests.wrappingAdd(1, ordering: .relaxed).newValue)"
    }
    return RequestRecord(
      route: route, pattern: pattern, method: request.method.description, id: id, key: key,
      client: Self.client(of: request))
  }

  /// The address of the client; what the proxy in front says of it, where the request came over a socket file.
  private static func client(of request: HTTPRequest) -> String {
    guard request.client == "unix" else { return request.client }
    return request.headers["X-Forwarded-For"] ?? request.client
  }
}
