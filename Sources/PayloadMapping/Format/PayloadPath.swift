import Wording

/// Where something is in a payload: `uplink_message.decoded_payload`, or as a JSON Pointer (RFC 6901) `/uplink_message/decoded_payload`;
/// with `*`, `**` and `{name}` many places at once.
package struct PayloadPath: MappingText {
  enum Part: Hashable, Sendable {
    case key(String)
    /// `*`, or a key with stars within.
    case pattern(TextPattern)
    /// `{name}`: any key, which gets this name.
    case name(String)
    /// `**`: any number of keys.
    case deep
  }

  /// The most parts of a path: payloads are no deeper.
  static let maximumParts = 64

  package let text: String
  /// Whether it leads from the whole payload, not from the record.
  let isFromRoot: Bool
  let parts: [Part]

  /// The record itself.
  package static let record = PayloadPath()

  private init() {
    text = ""
    isFromRoot = false
    parts = []
  }

  /// Throws ``MappingError``.
  package init(_ text: String) throws(MappingError) {
    self.text = text
    var rest = text[...]
    isFromRoot = rest == "$" || rest.hasPrefix("$.") || rest.hasPrefix("$/")
    if isFromRoot { rest = rest.dropFirst() }
    if isFromRoot, rest.first == "." { rest = rest.dropFirst() }
    guard !rest.isEmpty else {
      guard text != "$." else { throw MappingError("a path ends with a key") }
      parts = []
      return
    }
    let isPointer = rest.first == "/"
    if isPointer { rest = rest.dropFirst() }
    var parts: [Part] = []
    for raw in Self.split(rest, at: isPointer ? "/" : ".") {
      parts.append(try Self.part(raw, isPointer: isPointer))
    }
    guard parts.count <= Self.maximumParts else {
      throw MappingError("a path has at most \(Self.maximumParts) parts")
    }
    let names = Self.names(parts)
    if let name = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw MappingError("the name \(name.quoted) is there twice")
    }
    self.parts = parts
  }

  /// Cuts at separators that have no backslash before them.
  private static func split(_ text: Substring, at separator: Character) -> [Substring] {
    var parts: [Substring] = []
    var start = text.startIndex
    var index = text.startIndex
    while index < text.endIndex {
      if text[index] == "\\" {
        index = text.index(after: index)
        if index < text.endIndex { index = text.index(after: index) }
        continue
      }
      if text[index] == separator {
        parts.append(text[start..<index])
        start = text.index(after: index)
      }
      index = text.index(after: index)
    }
    parts.append(text[start...])
    return parts
  }

  private static func part(_ raw: Substring, isPointer: Bool) throws(MappingError) -> Part {
    guard isPointer || !raw.isEmpty else {
      throw MappingError("a key of no characters; write such a path as a JSON Pointer")
    }
    if raw == "**" { return .deep }
    if raw.first == "{" {
      guard raw.last == "}" else {
        throw MappingError("a name is written {name}, and a key with a brace \\{")
      }
      let name = raw.dropFirst().dropLast()
      guard MappingName.isValid(name) else {
        throw MappingError("\(name.quoted) is no name; \(MappingName.sentence)")
      }
      guard name != MappingName.ofValue else {
        throw MappingError("{name} is the name of the value; choose another")
      }
      return .name(String(name))
    }
    var pieces: [String] = [""]
    var index = raw.startIndex
    while index < raw.endIndex {
      var character = raw[index]
      index = raw.index(after: index)
      switch character {
      case "\\":
        guard index < raw.endIndex else { throw MappingError("nothing stands after the backslash") }
        character = raw[index]
        index = raw.index(after: index)
      case "~" where isPointer:
        guard index < raw.endIndex, raw[index] == "0" || raw[index] == "1" else {
          throw MappingError("~ is written ~0 in a JSON Pointer, and / is written ~1")
        }
        character = raw[index] == "0" ? "~" : "/"
        index = raw.index(after: index)
      case "*":
        pieces.append("")
        continue
      case "{":
        throw MappingError(
          "a name is a whole part of a path, as in switch.{channel}, and a key with a brace is written \\{")
      default: break
      }
      pieces[pieces.count - 1].append(character)
    }
    return pieces.count == 1 ? .key(pieces[0]) : .pattern(TextPattern(pieces: pieces))
  }

  private static func names(_ parts: [Part]) -> [String] {
    parts.compactMap { if case .name(let name) = $0 { name } else { nil } }
  }

  /// The names in it, in order.
  package var names: [String] { Self.names(parts) }
}
