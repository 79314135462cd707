/// Finds the route of a request: by its path first, then by its method.
package struct RouteTable: Sendable {
  /// A method and a path, of which each part in braces stands for any text without a slash: `/v2/models/{model}/infer`.
  package struct Route: Hashable, Sendable {
    package var method: HTTPMethod
    package var pattern: String

    package init(_ method: HTTPMethod, _ pattern: String) {
      self.method = method
      self.pattern = pattern
    }
  }

  package enum Match: Hashable, Sendable {
    /// The position of the route in ``routes``, and what stands in the place of each brace, in their order.
    case found(Int, [Substring])
    /// The path has routes, with these methods alone.
    case methodNotAllowed([HTTPMethod])
    case notFound
  }

  package let routes: [Route]
  /// Of each route the bytes between its braces: one more than there are braces.
  private let texts: [[[UInt8]]]

  package init(_ routes: [Route]) {
    self.routes = routes
    texts = routes.map { route in
      var texts: [[UInt8]] = [[]]
      var isInside = false
      for byte in route.pattern.utf8 {
        switch byte {
        case UInt8(ascii: "{"): isInside = true
        case UInt8(ascii: "}"):
          isInside = false
          texts.append([])
        default: if !isInside { texts[texts.count - 1].append(byte) }
        }
      }
      return texts
    }
  }

  /// `HEAD` goes where `GET` goes.
  package func match(_ method: HTTPMethod, _ path: String) -> Match {
    var path = path
    return path.withUTF8 { bytes in
      var allowed: [HTTPMethod] = []
      for (index, route) in routes.enumerated() where Self.isMatch(bytes, texts[index]) {
        if route.method == method || (method == .head && route.method == .get) {
          return .found(index, Self.values(of: bytes, texts[index]))
        }
        allowed.append(route.method)
      }
      return allowed.isEmpty ? .notFound : .methodNotAllowed(allowed)
    }
  }

  /// Whether the path is `texts` with something between them that is not empty and has no slash. Nothing is made: most routes are not it.
  private static func isMatch(_ path: UnsafeBufferPointer<UInt8>, _ texts: [[UInt8]]) -> Bool {
    var offset = 0
    for (index, text) in texts.enumerated() {
      if index > 0 {
        let start = offset
        while offset < path.count, path[offset] != UInt8(ascii: "/") { offset += 1 }
        guard offset > start else { return false }
      }
      guard path.count - offset >= text.count else { return false }
      for position in text.indices where path[offset + position] != text[position] { return false }
      offset += text.count
    }
    return offset == path.count
  }

  /// What stands between `texts`, which the path matches.
  private static func values(of path: UnsafeBufferPointer<UInt8>, _ texts: [[UInt8]]) -> [Substring] {
    guard texts.count > 1 else { return [] }
    var offset = texts[0].count
    return texts.dropFirst().map { text in
      let start = offset
      while offset < path.count, path[offset] != UInt8(ascii: "/") { offset += 1 }
      defer { offset += text.count }
      return Substring(decoding: UnsafeBufferPointer(rebasing: path[start..<offset]), as: UTF8.self)
    }
  }
}
