import Glibc
import Wording

/// Where a server listens: `127.0.0.1:8080`, `[::1]:8080`, `localhost:0` (any free port) or `unix:/run/sonde.socket`.
package struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
  package enum Place: Hashable, Sendable {
    /// An address or name of a network interface, without brackets, and a port; 0 is any that is free.
    case network(host: String, port: Int)
    /// The path of a socket file.
    case socketFile(String)
  }

  package let place: Place

  package init(_ place: Place) { self.place = place }

  /// Reads an address. Throws ``ListenAddressError``, which says what would be right.
  package init(_ text: String) throws(ListenAddressError) {
    if text.hasPrefix("unix:") {
      place = .socketFile(try Self.socketFile(String(text.dropFirst("unix:".count)), text))
      return
    }
    guard let colon = text.lastIndex(of: ":"), !text.hasPrefix("http://"), !text.hasPrefix("https://") else {
      throw ListenAddressError(text: text, reason: "an address and a port are needed, such as 127.0.0.1:8080")
    }
    let digits = text[text.index(after: colon)...]
    guard !digits.isEmpty, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let port = Int(digits),
      port <= 65_535
    else {
      throw ListenAddressError(text: text, reason: "the port must be a number from 0 (any free one) to 65535")
    }
    place = .network(host: try Self.host(text[..<colon], port, text), port: port)
  }

  private static func socketFile(_ path: String, _ text: String) throws(ListenAddressError) -> String {
    guard !path.isEmpty, !path.hasSuffix("/"), !path.utf8.contains(0) else {
      throw ListenAddressError(
        text: text, reason: "a path is needed after unix:, such as unix:/run/sonde.socket")
    }
    guard path.utf8.count <= longestSocketFile else {
      throw ListenAddressError(
        text: text,
        reason: "a socket's path has \(longestSocketFile) bytes at most, and this one \(path.utf8.count)")
    }
    return path
  }

  private static func host(_ part: Substring, _ port: Int, _ text: String) throws(ListenAddressError)
    -> String
  {
    if part.hasPrefix("["), part.hasSuffix("]") {
      let inner = String(part.dropFirst().dropLast())
      var address = in6_addr()
      guard inet_pton(AF_INET6, inner, &address) == 1 else {
        throw ListenAddressError(text: text, reason: "\(inner.quoted) is no IPv6 address")
      }
      return inner
    }
    if part.isEmpty || part == "*" {
      throw ListenAddressError(
        text: text,
        reason:
          "say which interface: 127.0.0.1:\(port) for this machine alone, 0.0.0.0:\(port) for all networks")
    }
    if part.contains(":") {
      throw ListenAddressError(
        text: text, reason: "an IPv6 address stands in brackets: [\(part.excerpt)]:\(port)")
    }
    let isName = part.utf8.allSatisfy { byte in
      (byte >= 0x30 && byte <= 0x39) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A) || byte == 0x2D
        || byte == 0x2E
    }
    guard isName, part.utf8.count <= 253 else {
      throw ListenAddressError(text: text, reason: "\(part.quoted) is no address and no name")
    }
    return String(part)
  }

  /// What `sockaddr_un` holds, less the zero at its end and the mark of the name that the socket has until it is ready.
  static let longestSocketFile = 106

  /// Whether nobody outside this machine can connect. A name other than `localhost` may mean anything, and so does not count.
  package var isLoopback: Bool {
    switch place {
    case .socketFile: return true
    case .network(let host, _):
      if host.lowercased() == "localhost" || host == "::1" { return true }
      var address = in_addr()
      if inet_pton(AF_INET, host, &address) == 1 { return UInt32(bigEndian: address.s_addr) >> 24 == 127 }
      var long = in6_addr()
      guard inet_pton(AF_INET6, host, &long) == 1 else { return false }
      return withUnsafeBytes(of: &long) { bytes in
        // ::1 in another spelling, and 127.0.0.0/8 as IPv6 writes it (RFC 4291, 2.5.5.2).
        bytes.elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
          || bytes.prefix(13).elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127])
      }
    }
  }

  /// As it is read.
  package var description: String {
    switch place {
    case .socketFile(let path): "unix:\(path)"
    case .network(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
  }
}

/// A text that is no address to listen on.
package struct ListenAddressError: ExitingError, Hashable {
  package let text: String
  package let reason: String

  package var exitStatus: ExitStatus { .usage }

  package var description: String { "cannot listen on \(text.quoted): \(reason)" }
}
