import Wording
import Yams

/// A node of a YAML document that knows where it was written, be it in the file or on the command line.
package struct DocumentNode {
  package enum Content {
    /// `isQuoted`: written with quotes or as a block, so text whatever it looks like.
    case scalar(String, isQuoted: Bool)
    case sequence([DocumentNode])
    case mapping([Entry])
  }

  package struct Entry {
    package let key: String
    package let location: SourceLocation
    package var value: DocumentNode
  }

  package var content: Content
  package let location: SourceLocation

  package init(content: Content, location: SourceLocation) {
    self.content = content
    self.location = location
  }

  /// The tree of the YAML `text`. Throws ``Diagnostic`` where it is no YAML or is empty.
  package static func parse(_ text: String, path: String) throws -> DocumentNode {
    try parse(text, Locator { .file(path: path, line: $0, column: $1) })
  }

  /// The tree of a value given on the command line as `flag`.
  package static func parse(_ text: String, flag: String) throws -> DocumentNode {
    try parse(text, Locator { _, _ in .flag(flag) })
  }

  /// Makes locations of lines and columns.
  private struct Locator {
    let at: (_ line: Int, _ column: Int) -> SourceLocation

    func callAsFunction(_ mark: Mark?) -> SourceLocation { at(mark?.line ?? 1, mark?.column ?? 1) }
  }

  private static func parse(_ text: String, _ location: Locator) throws -> DocumentNode {
    let text = DocumentText.withoutByteOrderMark(text)
    try DocumentText.check(text, location: location.at)
    do {
      guard let root = try Yams.compose(yaml: text) else {
        throw Diagnostic(location: location(nil), reason: "the document is empty")
      }
      var room = mostNodes
      return try convert(root, &room, location: location)
    } catch let error as YamlError {
      throw fault(error, location: location)
    }
  }

  private static func fault(_ error: YamlError, location: Locator) -> Diagnostic {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let around = context.map { $0.text.isEmpty ? "" : $0.text + ": " } ?? ""
      return Diagnostic(location: location(mark), reason: "not YAML: \(around.excerpt)\(problem.excerpt)")
    case .duplicatedKeysInMapping(let duplicates, let context):
      let names = duplicates.map(\.quoted).joined(separator: ", ")
      return Diagnostic(location: location(context.mark), reason: "\(names) is given twice")
    default:
      return Diagnostic(location: location(nil), reason: "not YAML: \("\(error)".excerpt)")
    }
  }

  /// The most values of a document, aliases written out: a few lines of aliases of aliases can stand for more than fits into
  /// memory.
  private static let mostNodes = 200_000

  /// - Parameter room: How many more nodes there may be.
  private static func convert(_ node: Node, _ room: inout Int, location: Locator) throws
    -> DocumentNode
  {
    let here = location(node.mark)
    room -= 1
    guard room >= 0 else {
      throw Diagnostic(
        location: here, reason: "the document has more than \(mostNodes) values, aliases written out")
    }
    switch node {
    case .scalar(let scalar):
      let isPlain = scalar.style == .plain || scalar.style == .any
      let tag = scalar.tag.description
      try refuse(tag, unless: [textTag], here)
      return DocumentNode(
        content: .scalar(scalar.string, isQuoted: !isPlain || tag == textTag), location: here)
    case .sequence(let sequence):
      try refuse(sequence.tag.description, unless: ["tag:yaml.org,2002:seq"], here)
      return DocumentNode(
        content: .sequence(try sequence.map { try convert($0, &room, location: location) }), location: here)
    case .mapping(let mapping):
      try refuse(mapping.tag.description, unless: ["tag:yaml.org,2002:map"], here)
      return DocumentNode(content: .mapping(try entries(mapping, &room, location: location)), location: here)
    case .alias:
      throw Diagnostic(location: here, reason: "the alias stands for nothing")
    }
  }

  private static let textTag = "tag:yaml.org,2002:str"

  /// Tags other than those of text, lists and mappings would make one thing look like another.
  private static func refuse(_ tag: String, unless known: [String], _ location: SourceLocation) throws {
    guard !tag.isEmpty, tag != "!", !known.contains(tag) else { return }
    throw Diagnostic(
      location: location,
      reason: "the tag \(tag.quoted) is not understood; leave it out, and quote what is text")
  }

  /// The entries of a mapping, and after them those that `<<` takes over from other mappings: a key that is written out comes
  /// before one that is taken over, and an earlier mapping before a later one (https://yaml.org/type/merge.html).
  private static func entries(_ mapping: Node.Mapping, _ room: inout Int, location: Locator)
    throws -> [Entry]
  {
    var entries: [Entry] = []
    var taken: [Entry] = []
    for (key, value) in mapping {
      guard let scalar = key.scalar else {
        throw Diagnostic(location: location(key.mark), reason: "a key must be a name")
      }
      let node = try convert(value, &room, location: location)
      if scalar.string == "<<", scalar.style == .plain {
        taken += try entriesTaken(from: node, location(key.mark))
      } else {
        entries.append(Entry(key: scalar.string, location: location(key.mark), value: node))
      }
    }
    guard !taken.isEmpty else { return entries }
    var names = Set(entries.map(\.key))
    return entries + taken.filter { names.insert($0.key).inserted }
  }

  private static func entriesTaken(from node: DocumentNode, _ location: SourceLocation) throws -> [Entry] {
    func entries(_ node: DocumentNode) throws -> [Entry] {
      guard case .mapping(let entries) = node.content else {
        throw Diagnostic(
          location: location,
          reason: "<<: expected a mapping or a list of mappings to take over, found \(node.summary)")
      }
      return entries
    }
    guard case .sequence(let nodes) = node.content else { return try entries(node) }
    return try nodes.flatMap(entries)
  }

  /// The text of a scalar.
  package var text: String? {
    if case .scalar(let text, _) = content { text } else { nil }
  }

  /// The text of a scalar without quotes.
  package var plainText: String? {
    if case .scalar(let text, false) = content { text } else { nil }
  }

  /// Written as nothing, `~` or `null`.
  package var isNull: Bool { scalar == .nothing }

  /// What it is, for messages.
  package var summary: String {
    switch content {
    case .scalar where isNull: "nothing"
    case .scalar(let text, isQuoted: true): "the text \(text.quoted)"
    case .scalar(let text, isQuoted: false): text.quoted
    case .sequence(let elements):
      // A short one is better shown than named.
      if elements.count <= 4, let texts = elements.map(\.plainText) as? [String] {
        "[\(texts.map(\.excerpt).joined(separator: ", "))]"
      } else {
        "a list"
      }
    case .mapping: "a mapping"
    }
  }
}
