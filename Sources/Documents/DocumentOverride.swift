import Wording

/// A value given on the command line in place of one in the file: `--set fleet[0].count=5`.
package struct DocumentOverride: Hashable, Sendable {
  /// A step of the way to the value.
  enum Step: Hashable, Sendable {
    case key(String)
    case index(Int)
  }

  /// As it was given, without `--set`.
  package let text: String
  let steps: [Step]
  let value: String

  /// Reads `path=value`; a path is keys joined by dots, each with indices in brackets. Throws ``Diagnostic``.
  package init(_ text: String) throws(Diagnostic) {
    func fault(_ reason: String) -> Diagnostic {
      Diagnostic(location: .flag("--set \(text)"), reason: reason)
    }
    guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
      throw fault("expected path=value, such as fleet[0].count=5")
    }
    self.text = text
    value = String(text[text.index(after: equals)...])
    var steps: [Step] = []
    for part in text[..<equals].split(separator: ".", omittingEmptySubsequences: false) {
      let pieces = part.split(separator: "[", omittingEmptySubsequences: false)
      guard !pieces[0].isEmpty else { throw fault("a key of the path is empty") }
      steps.append(.key(String(pieces[0])))
      for piece in pieces.dropFirst() {
        guard piece.hasSuffix("]"), let index = Int(piece.dropLast()), index >= 0 else {
          throw fault("\("[\(piece)".quoted) is not an index such as [0]")
        }
        steps.append(.index(index))
      }
    }
    self.steps = steps
  }

  /// Puts the value into `root`. A key that is not there is added, and so is the element after the last of a list.
  package func apply(to root: inout DocumentNode) throws {
    let flag = "--set \(text)"
    try Self.put(try node(flag), into: &root, steps[...], flag)
  }

  /// The value is YAML where it begins like a list, a mapping or quoted text, and plain text otherwise, so that
  /// `*/5 * * * *` needs no second pair of quotes.
  private func node(_ flag: String) throws -> DocumentNode {
    if let first = value.first, "[{\"'".contains(first) { return try DocumentNode.parse(value, flag: flag) }
    return DocumentNode(content: .scalar(value, isQuoted: false), location: .flag(flag))
  }

  private static func put(
    _ value: DocumentNode, into node: inout DocumentNode, _ steps: ArraySlice<Step>, _ flag: String
  ) throws {
    guard let step = steps.first else {
      node = value
      return
    }
    let rest = steps.dropFirst()
    if node.isNull { node = empty(for: step, flag) }
    switch (step, node.content) {
    case (.key(let key), .mapping(var entries)):
      if let index = entries.firstIndex(where: { $0.key == key }) {
        try put(value, into: &entries[index].value, rest, flag)
      } else {
        var added = empty(for: rest.first, flag)
        try put(value, into: &added, rest, flag)
        entries.append(.init(key: key, location: .flag(flag), value: added))
      }
      node.content = .mapping(entries)
    case (.index(let index), .sequence(var elements)):
      guard index <= elements.count else {
        throw Diagnostic(
          location: .flag(flag), reason: "there is no element [\(index)]; the list has \(elements.count)")
      }
      if index == elements.count { elements.append(empty(for: rest.first, flag)) }
      try put(value, into: &elements[index], rest, flag)
      node.content = .sequence(elements)
    case (.key(let key), _):
      throw Diagnostic(
        location: .flag(flag), reason: "\(key.quoted) leads into \(node.summary), not a mapping")
    case (.index(let index), _):
      throw Diagnostic(location: .flag(flag), reason: "[\(index)] leads into \(node.summary), not a list")
    }
  }

  /// What `step` can lead into.
  private static func empty(for step: Step?, _ flag: String) -> DocumentNode {
    switch step {
    case .key: DocumentNode(content: .mapping([]), location: .flag(flag))
    case .index: DocumentNode(content: .sequence([]), location: .flag(flag))
    case nil: DocumentNode(content: .scalar("", isQuoted: false), location: .flag(flag))
    }
  }
}
