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
  private let parts: [[Part]]

  private enum Part: Hashable, Sendable {
    case text(Substring)
    case any
  }

  package init(_ routes: [Route]) {
    self.routes = routes
    parts = routes.map { route in
      route.pattern.split(separator: "/", omittingEmptySubsequences: false).map { part in
        part.hasPrefix("{") && part.hasSuffix("}") ? .any : .text(part)
      }
    }
  }

  /// `HEAD` goes where `GET` goes.
  package func match(_ method: HTTPMethod, _ path: String) -> Match {
    let given = path.split(separator: "/", omittingEmptySubsequences: false)
    var allowed: [HTTPMethod] = []
    for (index, route) in routes.enumerated() {
      guard let values = Self.values(of: given, in: parts[index]) else { continue }
      if route.method == method || (method == .head && route.method == .get) { return .found(index, values) }
      allowed.append(route.method)
    }
    return allowed.isEmpty ? .notFound : .methodNotAllowed(allowed)
  }

  private static func values(of given: [Substring], in parts: [Part]) -> [Substring]? {
    guard given.count == parts.count else { return nil }
    var values: [Substring] = []
    for (part, text) in zip(parts, given) {
      switch part {
      case .text(let own): guard own == text else { return nil }
      case .any:
        guard !text.isEmpty else { return nil }
        values.append(text)
      }
    }
    return values
  }
}
