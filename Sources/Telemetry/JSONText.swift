import Wording

/// A JSON value as it was written: keys keep their order and their repetitions, numbers their digits.
package enum WrittenJSON {
  case null
  case bool(Bool)
  /// Infinite where the digits are beyond the range of a double.
  case number(Double, digits: String)
  /// `NaN`, `Infinity` and their like, which are no JSON and which many devices write in place of a number.
  case notFinite(String)
  case text(String)
  case array([WrittenJSON])
  case object([(key: String, value: WrittenJSON)])

  /// What it is, in a sentence such as “… is true, which is no number”. Bounded.
  package var phrase: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .number(_, let digits): digits.excerpt
    case .notFinite(let word): word
    case .text(let text): "the text \(text.quoted)"
    case .array: "a list"
    case .object: "an object"
    }
  }

  /// The whole number that was written, also as `1.7e12`; nil for anything else.
  package var integer: Int64? {
    guard case .number(let value, let digits) = self else { return nil }
    if let exact = Int64(digits) { return exact }
    // Beyond 2^53 a double is no longer every whole number.
    guard value.rounded() == value, abs(value) <= 9_007_199_254_740_992 else { return nil }
    return Int64(value)
  }
}

/// Where a text stops being JSON, and what was expected there.
package struct InvalidJSON: Error {
  var offset: Int
  var expected: String

  package var description: String { "it is not valid JSON: \(expected) was expected at byte \(offset + 1)" }
}

/// Reads JSON strictly (RFC 8259), but for the words of ``WrittenJSON/notFinite(_:)``.
///
/// Foundation's decoder takes a comma before a closing bracket, keeps one of two values of a key without saying so, and calls
/// `1e400` no JSON; what is kept of a payload, and why the rest is not, must not depend on that.
package struct JSONText {
  /// Brackets within brackets: a message has two levels; the rest is for keys that nobody reads, and is bounded because each
  /// level takes a frame of the stack.
  package static let maximumDepth = 64

  private let bytes: UnsafeBufferPointer<UInt8>
  private var offset = 0

  /// The value that `bytes`, which are UTF-8, hold.
  package static func read(_ bytes: UnsafeBufferPointer<UInt8>) throws(InvalidJSON) -> WrittenJSON {
    var text = JSONText(bytes: bytes)
    let value = try text.value(depth: 0)
    text.skipSpace()
    guard text.offset == bytes.count else { throw text.fault("the end") }
    return value
  }

  private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// The text whose quotation mark stands at `offset`, with its escapes resolved; `offset` moves behind it. Nil where it is no
  /// JSON text. For readers that go through the bytes by themselves and meet an escape.
  package static func unescaped(_ bytes: UnsafeBufferPointer<UInt8>, _ offset: inout Int) -> String? {
    var text = JSONText(bytes: bytes)
    text.offset = offset
    guard let string = try? text.string() else { return nil }
    offset = text.offset
    return string
  }

  private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private func fault(_ expected: String) -> InvalidJSON { InvalidJSON(offset: offset, expected: expected) }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
  }

  private mutating func skip(_ byte: Character) -> Bool {
    guard next == byte.asciiValue else { return false }
    offset += 1
    return true
  }

  private mutating func value(depth: Int) throws(InvalidJSON) -> WrittenJSON {
    skipSpace()
    switch next {
    case 0x7B: return try object(depth: depth)
    case 0x5B: return try array(depth: depth)
    case 0x22: return .text(try string())
    case let byte? where byte == 0x2D || isDigit(byte): return try number()
    case let byte? where isLetter(byte): return try word()
    default: throw fault("a value")
    }
  }

  private mutating func object(depth: Int) throws(InvalidJSON) -> WrittenJSON {
    guard depth < Self.maximumDepth else {
      throw fault("an end of nesting beyond \(Self.maximumDepth) levels")
    }
    offset += 1
    var members: [(key: String, value: WrittenJSON)] = []
    skipSpace()
    if skip("}") { return .object(members) }
    while true {
      skipSpace()
      guard next == 0x22 else { throw fault("a key") }
      let key = try string()
      skipSpace()
      guard skip(":") else { throw fault("“:”") }
      members.append((key, try value(depth: depth + 1)))
      skipSpace()
      if skip("}") { return .object(members) }
      guard skip(",") else { throw fault("“,” or “}”") }
    }
  }

  private mutating func array(depth: Int) throws(InvalidJSON) -> WrittenJSON {
    guard depth < Self.maximumDepth else {
      throw fault("an end of nesting beyond \(Self.maximumDepth) levels")
    }
    offset += 1
    var values: [WrittenJSON] = []
    skipSpace()
    if skip("]") { return .array(values) }
    while true {
      values.append(try value(depth: depth + 1))
      skipSpace()
      if skip("]") { return .array(values) }
      guard skip(",") else { throw fault("“,” or “]”") }
    }
  }

  private mutating func word() throws(InvalidJSON) -> WrittenJSON {
    let start = offset
    while let byte = next, isLetter(byte) { offset += 1 }
    let word = text(start..<offset)
    switch word {
    case "null": return .null
    case "true": return .bool(true)
    case "false": return .bool(false)
    default:
      guard Self.isNotFinite(word) else {
        offset = start
        throw fault("a value")
      }
      return .notFinite(word)
    }
  }

  private static func isNotFinite(_ word: String) -> Bool {
    ["nan", "inf", "infinity"].contains(word.lowercased())
  }

  private mutating func number() throws(InvalidJSON) -> WrittenJSON {
    let start = offset
    if skip("-"), let byte = next, isLetter(byte) {
      let wordStart = offset
      while let byte = next, isLetter(byte) { offset += 1 }
      guard Self.isNotFinite(text(wordStart..<offset)) else {
        offset = wordStart
        throw fault("a digit")
      }
      return .notFinite(text(start..<offset))
    }
    let first = offset
    try digits()
    if bytes[first] == 0x30, offset > first + 1 { throw fault("a number without leading zeros") }
    if skip(".") { try digits() }
    if next == 0x65 || next == 0x45 {
      offset += 1
      if !skip("+") { _ = skip("-") }
      try digits()
    }
    let digits = text(start..<offset)
    // What is too small for a double becomes zero, the nearest one; what is too large becomes infinite.
    guard let value = Double(digits) else { throw fault("a number") }
    return .number(value, digits: digits)
  }

  private mutating func digits() throws(InvalidJSON) {
    guard let byte = next, isDigit(byte) else { throw fault("a digit") }
    while let byte = next, isDigit(byte) { offset += 1 }
  }

  private mutating func string() throws(InvalidJSON) -> String {
    offset += 1
    let start = offset
    while let byte = next, byte != 0x22, byte != 0x5C, byte >= 0x20 { offset += 1 }
    if next == 0x22 {
      offset += 1
      return text(start..<offset - 1)
    }
    var utf8 = Array(bytes[start..<offset])
    while let byte = next {
      switch byte {
      case 0x22:
        offset += 1
        return String(decoding: utf8, as: UTF8.self)
      case 0x5C:
        offset += 1
        utf8 += String(try escaped()).utf8
      case 0..<0x20: throw fault("no control character within a text")
      default:
        utf8.append(byte)
        offset += 1
      }
    }
    throw fault("the end of a text")
  }

  private mutating func escaped() throws(InvalidJSON) -> Character {
    guard let byte = next else { throw fault("an escape") }
    offset += 1
    switch byte {
    case 0x22: return "\""
    case 0x5C: return "\\"
    case 0x2F: return "/"
    case 0x62: return "\u{8}"
    case 0x66: return "\u{C}"
    case 0x6E: return "\n"
    case 0x72: return "\r"
    case 0x74: return "\t"
    case 0x75: break
    default:
      offset -= 1
      throw fault("an escape")
    }
    var code = try hexadecimal()
    if code & 0xFC00 == 0xD800, skip("\\") {
      // The second half of a pair of surrogates.
      guard skip("u") else { throw fault("the second half of a surrogate pair") }
      let low = try hexadecimal()
      guard low & 0xFC00 == 0xDC00 else { throw fault("the second half of a surrogate pair") }
      code = 0x10000 + (code & 0x3FF) << 10 + low & 0x3FF
    }
    guard let scalar = Unicode.Scalar(code) else { throw fault("a whole surrogate pair") }
    return Character(scalar)
  }

  private mutating func hexadecimal() throws(InvalidJSON) -> UInt32 {
    guard bytes.count - offset >= 4, bytes[offset..<offset + 4].allSatisfy(isHexadecimal),
      let code = UInt32(text(offset..<offset + 4), radix: 16)
    else { throw fault("four hexadecimal digits") }
    offset += 4
    return code
  }

  private func text(_ range: Range<Int>) -> String {
    String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
  private func isLetter(_ byte: UInt8) -> Bool { byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A }
  private func isHexadecimal(_ byte: UInt8) -> Bool {
    isDigit(byte) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x66)
  }
}
