import Wording

/// A template of the name of a device or sensor: text with `{name}` in it.
package struct NameTemplate: MappingText {
  enum Piece: Hashable, Sendable {
    case text(String)
    case name(String)
    /// `[…]`: left out where a name in it is not there.
    indirect case optional([Piece])
  }

  package let text: String
  let pieces: [Piece]

  /// Throws ``MappingError``.
  package init(_ text: String) throws(MappingError) {
    self.text = text
    var rest = text[...]
    pieces = try Self.pieces(&rest, isOptional: false)
    guard !pieces.isEmpty else { throw MappingError("a name has at least one character") }
  }

  /// Reads up to the end, or of an optional part up to its bracket.
  private static func pieces(_ rest: inout Substring, isOptional: Bool) throws(MappingError) -> [Piece] {
    var pieces: [Piece] = []
    var literal = ""
    func flush() {
      if !literal.isEmpty { pieces.append(.text(literal)) }
      literal = ""
    }
    while let character = rest.popFirst() {
      guard "{[]".contains(character) else {
        literal.append(character)
        continue
      }
      if rest.first == character {
        literal.append(character)
        rest = rest.dropFirst()
        continue
      }
      flush()
      switch character {
      case "[":
        guard !isOptional else { throw MappingError("there is no [ within [ and ]") }
        let part = try Self.pieces(&rest, isOptional: true)
        guard !Self.names(part).isEmpty else {
          throw MappingError("between [ and ] is a name, as in [.{cpu}]")
        }
        pieces.append(.optional(part))
      case "]":
        guard isOptional else { throw MappingError("there is no [ before the ]; a bracket is written ]]") }
        return pieces
      default: pieces.append(.name(try name(&rest, after: pieces.last)))
      }
    }
    guard !isOptional else { throw MappingError("there is no ] after the [; a bracket is written [[") }
    flush()
    return pieces
  }

  /// Reads a name and the brace that ends it.
  private static func name(_ rest: inout Substring, after before: Piece?) throws(MappingError) -> String {
    guard let end = rest.firstIndex(of: "}") else {
      throw MappingError("a name is written {name}, and a brace {{")
    }
    let name = rest[..<end]
    guard MappingName.isValid(name) else {
      throw MappingError("\(name.quoted) is no name; \(MappingName.sentence)")
    }
    if case .name(let before)? = before {
      throw MappingError(
        "{\(before)} and {\(name)} have nothing between them, so that two names can become one; "
          + "write {\(before)}/{\(name)}")
    }
    rest = rest[rest.index(after: end)...]
    return String(name)
  }

  /// The names in it, in order.
  package var names: [String] {
    Self.names(pieces)
  }

  private static func names(_ pieces: [Piece]) -> [String] {
    pieces.flatMap { piece -> [String] in
      switch piece {
      case .text: []
      case .name(let name): [name]
      case .optional(let part): names(part)
      }
    }
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
