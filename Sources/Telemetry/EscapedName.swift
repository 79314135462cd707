/// Names that others gave, as ids (``IdentifierRule``), and back again.
///
/// A byte (of UTF-8) that an id cannot have is written `_xHH`, with two upper-case hexadecimal digits; at the first place, which must be
/// a letter or a digit, `xHH_`. What would read as such an escape is escaped itself, and every other name that is an id
/// stays as it is. So no two names have one id, and each id tells its name.
///
/// Names that are paths have a separator: it is written `.`, and a `.` of theirs is escaped.
package enum EscapedName {
  private static let dot = UInt8(ascii: ".")
  private static let underscore = UInt8(ascii: "_")
  private static let x = UInt8(ascii: "x")

  /// The id of `name`; nil where it would be longer than ``IdentifierRule/maximumLength``, or where `name` is empty.
  package static func id(of name: some StringProtocol, separator: UInt8? = nil) -> String? {
    let name = Array(name.utf8)
    guard !name.isEmpty, name.count <= IdentifierRule.maximumLength else { return nil }
    var id: [UInt8] = []
    for (index, byte) in name.enumerated() {
      // An underscore that would begin an escape is escaped.
      let begins =
        byte == underscore && index + 1 < name.count && name[index + 1] == x && isHexadecimal(name, index + 2)
      if byte == separator, index > 0 {
        id.append(dot)
      } else if IdentifierRule.isAlphanumeric(byte)
        || index > 0 && !begins
          && (byte == UInt8(ascii: "-") || byte == underscore || byte == dot && separator == nil)
      {
        id.append(byte)
      } else {
        id += index == 0 ? first(byte) : [underscore, x, digit(byte >> 4), digit(byte & 15)]
      }
    }
    if IdentifierRule.isAlphanumeric(name[0]), beginsWithEscape(id) {
      id.replaceSubrange(0..<1, with: first(x))
    }
    guard id.count <= IdentifierRule.maximumLength else { return nil }
    return String(decoding: id, as: UTF8.self)
  }

  /// The name that has this id; nil where `id` is none that ``id(of:separator:)`` makes.
  package static func name(of id: some StringProtocol, separator: UInt8? = nil) -> String? {
    let bytes = Array(id.utf8)
    var name: [UInt8] = []
    var index = 0
    if beginsWithEscape(bytes) {
      name.append(value(bytes, 1))
      index = 4
    }
    while index < bytes.count {
      if bytes[index] == underscore, index + 1 < bytes.count, bytes[index + 1] == x,
        isHexadecimal(bytes, index + 2)
      {
        name.append(value(bytes, index + 2))
        index += 4
      } else {
        name.append(bytes[index] == dot ? separator ?? dot : bytes[index])
        index += 1
      }
    }
    guard let text = String(validating: name, as: UTF8.self),
      self.id(of: text, separator: separator) == String(id)
    else { return nil }
    return text
  }

  /// The escape of the first byte of a name.
  private static func first(_ byte: UInt8) -> [UInt8] { [x, digit(byte >> 4), digit(byte & 15), underscore] }

  private static func beginsWithEscape(_ id: [UInt8]) -> Bool {
    id.count > 3 && id[0] == x && isHexadecimal(id, 1) && id[3] == underscore
  }

  /// Whether two upper-case hexadecimal digits stand at `index`.
  private static func isHexadecimal(_ bytes: [UInt8], _ index: Int) -> Bool {
    index + 1 < bytes.count && number(bytes[index]) != nil && number(bytes[index + 1]) != nil
  }

  private static func value(_ bytes: [UInt8], _ index: Int) -> UInt8 {
    (number(bytes[index]) ?? 0) << 4 | (number(bytes[index + 1]) ?? 0)
  }

  private static func number(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  private static func digit(_ number: UInt8) -> UInt8 {
    number < 10 ? UInt8(ascii: "0") + number : UInt8(ascii: "A") + number - 10
  }
}
