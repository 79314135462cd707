/// The methods that Sonde's services answer; every other one is ``other(_:)``.
package enum HTTPMethod: Hashable, Sendable, CustomStringConvertible {
  case get, head, post, put, delete, options
  case other(String)

  /// Reads a method as it stands in a request line.
  package init(_ text: String) {
    switch text {
    case "GET": self = .get
    case "HEAD": self = .head
    case "POST": self = .post
    case "PUT": self = .put
    case "DELETE": self = .delete
    case "OPTIONS": self = .options
    default: self = .other(text)
    }
  }

  package var description: String {
    switch self {
    case .get: "GET"
    case .head: "HEAD"
    case .post: "POST"
    case .put: "PUT"
    case .delete: "DELETE"
    case .options: "OPTIONS"
    case .other(let text): text
    }
  }
}

/// The headers of a request or an answer, in their order. Names are compared without regard to case (RFC 9110, 5.1).
package struct HTTPHeaders: Hashable, Sendable, ExpressibleByDictionaryLiteral {
  package struct Field: Hashable, Sendable {
    package var name: String
    package var value: String
  }

  package private(set) var fields: [Field] = []

  package init() {}

  package init(dictionaryLiteral elements: (String, String)...) {
    for (name, value) in elements { add(name, value) }
  }

  package mutating func add(_ name: String, _ value: String) {
    fields.append(Field(name: name, value: value))
  }

  /// Makes room for so many.
  mutating func reserve(_ count: Int) { fields.reserveCapacity(count) }

  /// The value of the first header called `name`; nil where there is none.
  package subscript(_ name: String) -> String? {
    fields.first { Self.isSame($0.name, name) }?.value
  }

  /// ASCII alone: a name has no other letters.
  static func isSame(_ first: String, _ second: String) -> Bool {
    // Mostly both are spelled alike, and that is seen at once.
    if first == second { return true }
    let (first, second) = (first.utf8, second.utf8)
    return first.count == second.count
      && zip(first, second).allSatisfy { $0 == $1 || lowered($0) == lowered($1) }
  }

  private static func lowered(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }
}

/// A request, as a handler sees it.
package struct HTTPRequest: Sendable {
  package var method: HTTPMethod
  /// The path without the query, each `%XX` decoded: `/v2/models/pump-001/infer`.
  package var path: String
  /// The query's arguments, decoded, in their order.
  package var arguments: [HTTPHeaders.Field]
  package var headers: HTTPHeaders
  /// Empty until it has come in full.
  package var body: [UInt8]
  /// Whether it came over TLS, and by which way: `127.0.0.1`, or `unix` for a socket file.
  package var isEncrypted: Bool
  package var client: String

  package init(
    _ method: HTTPMethod, _ path: String, arguments: [HTTPHeaders.Field] = [],
    headers: HTTPHeaders = HTTPHeaders(),
    body: [UInt8] = [], isEncrypted: Bool = false, client: String = "127.0.0.1"
  ) {
    self.method = method
    self.path = path
    self.arguments = arguments
    self.headers = headers
    self.body = body
    self.isEncrypted = isEncrypted
    self.client = client
  }

  /// What `Content-Length` says; nil where it says nothing, or no number.
  package var contentLength: Int? { headers["Content-Length"].flatMap { Int($0) } }
}
