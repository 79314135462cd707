import Yams

/// A node of a YAML document that knows where it was written, be it in the file or on the command line.
struct DocumentNode {
  enum Content {
    /// `isQuoted`: written with quotes or as a block, so text whatever it looks like.
    case scalar(String, isQuoted: Bool)
    case sequence([DocumentNode])
    case mapping([Entry])
  }

  struct Entry {
    let key: String
    let place: ScenarioFault.Place
    var value: DocumentNode
  }

  var content: Content
  let place: ScenarioFault.Place

  /// The tree of the YAML `text`. Throws ``ScenarioFault`` where it is no YAML or is empty.
  static func parse(_ text: String, path: String) throws -> DocumentNode {
    try parse(text) { .file(path: path, line: $0?.line ?? 1, column: $0?.column ?? 1) }
  }

  /// The tree of a value given on the command line as `flag`.
  static func parse(_ text: String, flag: String) throws -> DocumentNode {
    try parse(text) { _ in .flag(flag) }
  }

  private static func parse(_ text: String, place: (Mark?) -> ScenarioFault.Place) throws -> DocumentNode {
    do {
      guard let root = try Yams.compose(yaml: text) else {
        throw ScenarioFault(place: place(nil), reason: "the document is empty")
      }
      var room = mostNodes
      return try convert(root, &room, place: place)
    } catch let error as YamlError {
      throw fault(error, place: place)
    }
  }

  private static func fault(_ error: YamlError, place: (Mark?) -> ScenarioFault.Place) -> ScenarioFault {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let around = context.map { $0.text.isEmpty ? "" : $0.text + ": " } ?? ""
      return ScenarioFault(place: place(mark), reason: "not YAML: \(around)\(problem)")
    case .duplicatedKeysInMapping(let duplicates, let context):
      let names = duplicates.map { "“\($0)”" }.joined(separator: ", ")
      return ScenarioFault(place: place(context.mark), reason: "\(names) is given twice")
    default:
      return ScenarioFault(place: place(nil), reason: "not YAML: \(error)")
    }
  }

  /// The most values of a document, aliases written out: a few lines of aliases of aliases can stand for more than fits into
  /// memory.
  private static let mostNodes = 200_000

  /// - Parameter room: How many more nodes there may be.
  private static func convert(_ node: Node, _ room: inout Int, place: (Mark?) -> ScenarioFault.Place) throws
    -> DocumentNode
  {
    let here = place(node.mark)
    room -= 1
    guard room >= 0 else {
      throw ScenarioFault(
        place: here, reason: "the document has more than \(mostNodes) values, aliases written out")
    }
    switch node {
    case .scalar(let scalar):
      let isQuoted = scalar.style != .plain && scalar.style != .any
      return DocumentNode(content: .scalar(scalar.string, isQuoted: isQuoted), place: here)
    case .sequence(let sequence):
      return DocumentNode(
        content: .sequence(try sequence.map { try convert($0, &room, place: place) }), place: here)
    case .mapping(let mapping):
      let entries = try mapping.map { key, value in
        guard let name = key.scalar?.string else {
          throw ScenarioFault(place: place(key.mark), reason: "a key must be a name")
        }
        return Entry(key: name, place: place(key.mark), value: try convert(value, &room, place: place))
      }
      return DocumentNode(content: .mapping(entries), place: here)
    case .alias:
      throw ScenarioFault(place: here, reason: "the alias stands for nothing")
    }
  }

  /// The text of a scalar.
  var text: String? {
    if case .scalar(let text, _) = content { text } else { nil }
  }

  /// The text of a scalar without quotes.
  var plainText: String? {
    if case .scalar(let text, false) = content { text } else { nil }
  }

  /// Written as nothing, `~` or `null`.
  var isNull: Bool {
    if case .scalar(let text, false) = content { ["", "~", "null"].contains(text) } else { false }
  }

  /// What it is, for messages.
  var summary: String {
    switch content {
    case .scalar where isNull: "nothing"
    case .scalar(let text, isQuoted: true): "the text “\(text)”"
    case .scalar(let text, isQuoted: false): "“\(text)”"
    case .sequence(let elements):
      // A short one is better shown than named.
      if elements.count <= 4, let texts = elements.map(\.plainText) as? [String] {
        "[\(texts.joined(separator: ", "))]"
      } else {
        "a list"
      }
    case .mapping: "a mapping"
    }
  }
}
