import Glibc
import HTTP

/// Whether a request was meant for this server. A page of another site can have its own name resolve to 127.0.0.1 and then reads what is
/// there (DNS rebinding); the browser still says that name as `Host`. Pure.
package struct HostCheck: Sendable {
  private let host: String
  private let port: Int
  private let isLoopback: Bool

  /// - Parameter address: Where the server listens, with its port. Nil where it is a socket file, which no browser reaches.
  package init?(_ address: ListenAddress) {
    guard case .network(let host, let port) = address.place else { return nil }
    self.host = host.lowercased()
    self.port = port
    isLoopback = address.isLoopback
  }

  /// Whether `header`, the value of `Host`, names the server: by an address, since none can be rebound, as `localhost` where it listens for
  /// this machine, or by the name that it was told to listen on.
  package func accepts(_ header: String?) -> Bool {
    guard let header, let (name, port) = Self.parts(header.lowercased()), port ?? 80 == self.port else {
      return false
    }
    if name == host { return true }
    guard isLoopback else { return Self.isAddress(name) }
    return name == "localhost" || name == "127.0.0.1" || name == "::1"
  }

  /// Whether a request was made by the page of this server, or by somebody who is no page: browsers say where it comes from
  /// (Fetch Metadata, 2.1).
  package static func isOwn(_ request: HTTPRequest) -> Bool {
    request.headers["Sec-Fetch-Site"].map { $0 == "same-origin" || $0 == "none" } ?? true
  }

  /// The host without brackets, and the port.
  private static func parts(_ text: String) -> (host: String, port: Int?)? {
    let name: Substring
    let rest: Substring
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      name = text[text.index(after: text.startIndex)..<end]
      rest = text[text.index(after: end)...]
    } else {
      name = text.prefix { $0 != ":" }
      rest = text[name.endIndex...]
    }
    guard !name.isEmpty else { return nil }
    if rest.isEmpty { return (String(name), nil) }
    let digits = rest.dropFirst()
    guard rest.first == ":", !digits.isEmpty, digits.utf8.allSatisfy({ $0 &- 0x30 < 10 }),
      let port = Int(digits)
    else { return nil }
    return (String(name), port)
  }

  private static func isAddress(_ name: String) -> Bool {
    var four = in_addr()
    var six = in6_addr()
    return inet_pton(AF_INET, name, &four) == 1 || inet_pton(AF_INET6, name, &six) == 1
  }
}
