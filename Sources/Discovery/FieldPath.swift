import PayloadMapping
import Telemetry

/// Where a member of a payload stands. Elements of lists have no place of their own: lists are looked at as a whole, or are records.
package struct FieldPath: Hashable, Comparable, Sendable {
  /// Whether it leads from the whole payload where there are records.
  package var isFromRoot: Bool
  package var keys: [String]

  package static func < (a: FieldPath, b: FieldPath) -> Bool {
    a.isFromRoot != b.isFromRoot ? a.isFromRoot : a.keys.lexicographicallyPrecedes(b.keys)
  }

  /// As a mapping writes it: with dots, or as a JSON Pointer where dots cannot say it.
  package var text: String {
    let root = isFromRoot ? "$" : ""
    guard !keys.isEmpty else { return root }
    if keys.contains("") {
      return root + keys.map { "/" + Self.escaped($0, separator: "/") }.joined()
    }
    let dotted = keys.map { Self.escaped($0, separator: ".") }.joined(separator: ".")
    guard !isFromRoot else { return "$." + dotted }
    // What would be read as a beginning of another kind.
    return dotted.hasPrefix("/") || dotted.hasPrefix("$") ? "\\" + dotted : dotted
  }

  private static func escaped(_ key: String, separator: Character) -> String {
    var text = ""
    for character in key {
      switch character {
      case "~" where separator == "/": text += "~0"
      case "/" where separator == "/": text += "~1"
      case "\\", "*", "{", separator: text += "\\\(character)"
      default: text.append(character)
      }
    }
    return text
  }

  package var last: String { keys.last ?? "" }
}

/// What stands at a path.
enum Leaf {
  case number(Double, digits: String)
  case text(String)
  case bool(Bool)
  case null
  case notFinite
  /// Numbers alone.
  case numbers(count: Int)
  /// A list of anything else, or an object without members.
  case other

  /// As a name is made of it; nil of what is no name.
  var name: String? {
    switch self {
    case .number(_, let digits): digits
    case .text(let text): text
    default: nil
    }
  }
}

/// One record of a kept message, flat.
struct FlatRecord {
  /// The place of its message among those that are looked at.
  var message: Int
  var leaves: [(field: Int, leaf: Leaf)]

  subscript(field: Int) -> Leaf? { leaves.first { $0.field == field }?.leaf }
}
