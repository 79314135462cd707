import Wording

/// Where requests go: `http://127.0.0.1:8080/v2/models/pump-001/infer`, or a socket file with the path of a URL.
package struct LoadTarget: Hashable, Sendable {
  /// How a service is reached.
  package enum Place: Hashable, Sendable {
    /// A name or an address, without brackets.
    case host(String, port: UInt16)
    /// The path of a Unix socket.
    case socket(String)
  }

  package var place: Place
  /// What `Host` says.
  package var authority: String
  /// Path and query, as they go into the request line; ``placeholder`` stands for the model.
  package var path: String
  /// Without what belongs to nobody else: as it was given.
  package let url: String

  /// What stands in a URL for the name of the model that a request asks for.
  package static let placeholder = "{model}"

  /// Reads a URL. Throws ``HTTPLoadError``, which does not repeat what may be a password.
  ///
  /// - Parameter socket: A socket file to connect to, in place of the URL's host.
  package init(_ url: String, socket: String? = nil) throws(HTTPLoadError) {
    let scheme = url.prefix { $0 != ":" }.lowercased()
    guard url.dropFirst(scheme.count).hasPrefix("://") else {
      throw HTTPLoadError("\(url.quoted) is no URL; write http://127.0.0.1:8080/v2/models/NAME/infer")
    }
    guard scheme != "https" else {
      throw HTTPLoadError(
        "https is not spoken here: the cost of TLS on this side would be measured too; ask the service's plain port, or its socket with --unix"
      )
    }
    guard scheme == "http" else { throw HTTPLoadError("a URL begins with http://, not \(scheme.quoted)") }
    let rest = url.dropFirst(scheme.count + 3)
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard !authority.contains("@") else {
      throw HTTPLoadError(
        "the URL has a name or a password in it, where others can read it; keys go into a file, with --key-file"
      )
    }
    var path = String(rest.dropFirst(authority.count))
    if !path.hasPrefix("/") { path = "/" + path }
    // What is no visible ASCII would end the request line, or be another path to the server.
    guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x23 }) else {
      throw HTTPLoadError("the path \(path.quoted) has characters that must be written as %XX, or a “#”")
    }
    let (host, port) = try Self.hostAndPort(authority)
    if let socket {
      guard !socket.isEmpty, socket.utf8.count <= Self.longestSocketPath else {
        throw HTTPLoadError(
          "\(socket.quoted) is no path of a socket, which has 1 to \(Self.longestSocketPath) bytes")
      }
      place = .socket(socket)
    } else {
      place = .host(host, port: port)
    }
    self.authority = String(authority)
    self.path = path
    self.url = url
  }

  /// What `sun_path` holds, with the zero at its end (unix(7)).
  private static let longestSocketPath = 107

  /// Reads `127.0.0.1:8080`, `[::1]:8080` or `localhost`.
  private static func hostAndPort(_ authority: Substring) throws(HTTPLoadError) -> (String, UInt16) {
    var host = authority
    var port: Substring?
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else {
        throw HTTPLoadError("the address \(authority.quoted) has no “]”")
      }
      host = authority[authority.index(after: authority.startIndex)..<end]
      let after = authority[authority.index(after: end)...]
      guard after.isEmpty || after.hasPrefix(":") else {
        throw HTTPLoadError("\(authority.quoted) is no address")
      }
      if !after.isEmpty { port = after.dropFirst() }
    } else if let colon = authority.lastIndex(of: ":") {
      host = authority[..<colon]
      port = authority[authority.index(after: colon)...]
    }
    let isName = host.utf8.allSatisfy { byte in
      byte > 0x20 && byte < 0x7F && byte != 0x5B && byte != 0x5D
        && (authority.hasPrefix("[") || byte != 0x3A)
    }
    guard !host.isEmpty, isName else { throw HTTPLoadError("the URL names no host") }
    guard let port else { return (String(host), 80) }
    guard let number = UInt16(port), number > 0 else {
      throw HTTPLoadError("\(port.quoted) is no port, which is 1 to 65535")
    }
    return (String(host), number)
  }

  /// The name of the model in the path of an Open Inference request; nil where there is none, or the placeholder.
  package var model: String? {
    let parts = path.prefix { $0 != "?" }.split(separator: "/")
    guard let place = parts.lastIndex(of: "models"), parts.indices.contains(place + 1) else { return nil }
    return parts[place + 1] == Self.placeholder ? nil : String(parts[place + 1])
  }

  package var hasPlaceholder: Bool { path.contains(Self.placeholder) }
}

/// What requests and answers look like.
package enum ScoringProtocol: String, Hashable, Sendable, CaseIterable, Codable {
  /// The Open Inference Protocol v2.
  case oip
  /// Azure ML's online endpoints.
  case azure

  /// The protocol that is spoken at `path`; nil where it does not tell.
  package init?(path: String) {
    let path = path.prefix { $0 != "?" }
    if path.hasSuffix("/score") {
      self = .azure
    } else if path.contains("/v2/"), path.hasSuffix("/infer") {
      self = .oip
    } else {
      return nil
    }
  }
}
