import Wording

/// A template of the name of a device or sensor: text with `{name}` in it.
package struct NameTemplate: MappingText {
  enum Piece: Hashable, Sendable {
    case text(String)
    case name(String)
  }

  package let text: String
  let pieces: [Piece]

  /// Throws ``MappingError``.
  package init(_ text: String) throws(MappingError) {
    self.text = text
    var pieces: [Piece] = []
    var literal = ""
    var rest = text[...]
    while let character = rest.popFirst() {
      guard character == "{" else {
        literal.append(character)
        continue
      }
      if rest.first == "{" {
        literal.append("{")
        rest = rest.dropFirst()
        continue
      }
      guard let end = rest.firstIndex(of: "}") else {
        throw MappingError("a name is written {name}, and a brace {{")
      }
      let name = rest[..<end]
      guard MappingName.isValid(name) else {
        throw MappingError("\(name.quoted) is no name; \(MappingName.sentence)")
      }
      if !literal.isEmpty { pieces.append(.text(literal)) }
      literal = ""
      if case .name(let before)? = pieces.last {
        throw MappingError(
          "{\(before)} and {\(name)} have nothing between them, so that two names can become one; write {\(before)}/{\(name)}"
        )
      }
      pieces.append(.name(String(name)))
      rest = rest[rest.index(after: end)...]
    }
    if !literal.isEmpty { pieces.append(.text(literal)) }
    guard !pieces.isEmpty else { throw MappingError("a name has at least one character") }
    self.pieces = pieces
  }

  /// The names in it, in order.
  package var names: [String] {
    pieces.compactMap { if case .name(let name) = $0 { name } else { nil } }
  }

  /// `{device}`, the template of devices where a mapping has none.
  package static let device = NameTemplate(name: "device")
  /// `{name}`, the template of sensors where a mapping has none.
  package static let keys = NameTemplate(name: MappingName.ofValue)

  private init(name: String) {
    text = "{\(name)}"
    pieces = [.name(name)]
  }
}
