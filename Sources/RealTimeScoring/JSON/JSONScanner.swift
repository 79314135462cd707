import Files

/// Reads JSON (RFC 8259) out of bytes, a value at a time and strictly: bodies are read on the hot path, and nothing is made of what nobody
/// asks for.
package struct JSONScanner {
  /// Brackets within brackets: a tensor has three or four. The rest is skipped, and is bounded because each level takes a frame of the stack.
  package static let maximumDepth = 64

  /// A text between its quotes, not yet decoded.
  package struct Text {
    let range: Range<Int>
    let hasEscapes: Bool
  }

  private let bytes: UnsafeBufferPointer<UInt8>
  package private(set) var offset = 0

  package init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// The first byte of what comes next, blanks aside; nil at the end.
  package mutating func peek() -> UInt8? {
    while offset < bytes.count {
      let byte = bytes[offset]
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
      offset += 1
    }
    return nil
  }

  package func fault(_ expected: String, at place: Int? = nil) -> JSONFault {
    JSONFault(offset: place ?? offset, expected: expected)
  }

  /// Moves behind `byte` where it comes next.
  package mutating func skip(_ byte: UInt8) -> Bool {
    guard peek() == byte else { return false }
    offset += 1
    return true
  }

  /// Nothing but blanks may be left.
  package mutating func finish() throws(JSONFault) {
    guard peek() == nil else { throw fault("the end") }
  }

  // MARK: - Objects and arrays

  package mutating func beginObject() throws(JSONFault) {
    guard skip(0x7B) else { throw fault("an object") }
  }

  package mutating func beginArray() throws(JSONFault) {
    guard skip(0x5B) else { throw fault("a list") }
  }

  /// The next key of the object that was begun, and moves behind its colon; nil behind the object's end.
  package mutating func key(isFirst: inout Bool) throws(JSONFault) -> Text? {
    if skip(0x7D) { return nil }
    if !isFirst {
      guard skip(0x2C) else { throw fault("“,” or “}”") }
    }
    isFirst = false
    guard peek() == 0x22 else { throw fault("a key") }
    let key = try text()
    guard skip(0x3A) else { throw fault("“:”") }
    return key
  }

  /// Whether the array that was begun has another element, which comes next; false behind the array's end.
  package mutating func element(isFirst: inout Bool) throws(JSONFault) -> Bool {
    if skip(0x5D) { return false }
    if !isFirst {
      guard skip(0x2C) else { throw fault("“,” or “]”") }
      guard peek() != 0x5D else { throw fault("a value") }
    }
    isFirst = false
    return true
  }

  // MARK: - Texts

  /// A text, which comes next. Throws also where it is no UTF-8, or has an escape that is none, whoever asks for it.
  package mutating func text() throws(JSONFault) -> Text {
    guard skip(0x22) else { throw fault("a text") }
    let start = offset
    var hasEscapes = false
    var bits: UInt8 = 0
    while offset < bytes.count {
      let byte = bytes[offset]
      switch byte {
      case 0x22:
        offset += 1
        let text = Text(range: start..<offset - 1, hasEscapes: hasEscapes)
        // ASCII without escapes, which nearly all texts are, is sound as it is.
        if hasEscapes || bits >= 0x80 { _ = try decoded(text) }
        return text
      case 0x5C:
        hasEscapes = true
        offset += 2
      case 0..<0x20: throw fault("no control character within a text")
      default:
        bits |= byte
        offset += 1
      }
    }
    offset = bytes.count
    throw fault("the end of a text")
  }

  /// Whether a text is `word`, which has no escapes.
  package func isEqual(_ text: Text, _ word: StaticString) -> Bool {
    if text.hasEscapes { return (try? decoded(text)) == "\(word)" }
    guard text.range.count == word.utf8CodeUnitCount else { return false }
    for index in 0..<word.utf8CodeUnitCount
    where bytes[text.range.lowerBound + index] != word.utf8Start[index] {
      return false
    }
    return true
  }

  /// Whether a text is `other`, which is cheaper than to decode it.
  package func isEqual(_ text: Text, _ other: String) -> Bool {
    if text.hasEscapes { return (try? decoded(text)) == other }
    return text.range.count == other.utf8.count && bytes[text.range].elementsEqual(other.utf8)
  }

  /// What a text says. Throws where it is no UTF-8, or has an escape that is none.
  package func decoded(_ text: Text) throws(JSONFault) -> String {
    let raw = UnsafeBufferPointer(rebasing: bytes[text.range])
    guard text.hasEscapes else {
      guard let result = String(validating: raw, as: UTF8.self) else {
        throw fault("UTF-8", at: text.range.lowerBound)
      }
      return result
    }
    var utf8: [UInt8] = []
    var index = text.range.lowerBound
    while index < text.range.upperBound {
      guard bytes[index] == 0x5C else {
        utf8.append(bytes[index])
        index += 1
        continue
      }
      index += 1
      utf8 += Array(String(Character(try escape(&index, before: text.range.upperBound))).utf8)
    }
    guard let result = String(validating: utf8, as: UTF8.self) else {
      throw fault("UTF-8", at: text.range.lowerBound)
    }
    return result
  }

  /// The character of the escape whose letter is at `index`, which moves behind it.
  private func escape(_ index: inout Int, before end: Int) throws(JSONFault) -> Unicode.Scalar {
    guard index < end else { throw fault("an escape", at: index) }
    let letter = bytes[index]
    index += 1
    switch letter {
    case 0x22, 0x5C, 0x2F: return Unicode.Scalar(letter)
    case 0x62: return "\u{8}"
    case 0x66: return "\u{C}"
    case 0x6E: return "\n"
    case 0x72: return "\r"
    case 0x74: return "\t"
    case 0x75: break
    default: throw fault("an escape", at: index - 1)
    }
    var code = try hexadecimal(&index, before: end)
    if code & 0xFC00 == 0xD800, index + 1 < end, bytes[index] == 0x5C, bytes[index + 1] == 0x75 {
      // The second half of a pair of surrogates.
      index += 2
      let low = try hexadecimal(&index, before: end)
      guard low & 0xFC00 == 0xDC00 else { throw fault("the second half of a surrogate pair", at: index) }
      code = 0x10000 + (code & 0x3FF) << 10 + low & 0x3FF
    }
    guard let scalar = Unicode.Scalar(code) else { throw fault("a whole surrogate pair", at: index) }
    return scalar
  }

  private func hexadecimal(_ index: inout Int, before end: Int) throws(JSONFault) -> UInt32 {
    guard end - index >= 4 else { throw fault("four hexadecimal digits", at: index) }
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(bytes[index])).hexDigitValue, bytes[index] < 0x80 else {
        throw fault("four hexadecimal digits", at: index)
      }
      code = code << 4 | UInt32(digit)
      index += 1
    }
    return code
  }

  // MARK: - Numbers and words

  /// Whether a number comes next.
  package mutating func isNumberNext() -> Bool { peek().map { $0 == 0x2D || Self.isDigit($0) } ?? false }

  /// A number, which comes next: the double nearest to it. Bodies are mostly numbers, so each digit is looked at once, and eight at a time;
  /// exponents and more than 19 digits go through ``DecimalText/double(in:at:)``.
  package mutating func number() throws(JSONFault) -> Double {
    _ = peek()
    let start = offset
    let isNegative = offset < bytes.count && bytes[offset] == 0x2D
    if isNegative { offset += 1 }
    let first = offset
    var mantissa: UInt64 = 0
    while offset < bytes.count, Self.isDigit(bytes[offset]) {
      mantissa = mantissa &* 10 &+ UInt64(bytes[offset] &- 0x30)
      offset += 1
    }
    let whole = offset - first
    guard whole > 0 else { throw fault("a number") }
    guard whole == 1 || bytes[first] != 0x30 else { throw fault("a number without leading zeros", at: first) }
    var fraction = 0
    if offset < bytes.count, bytes[offset] == 0x2E {
      offset += 1
      fraction = DecimalText.digits(bytes, &offset, into: &mantissa)
      guard fraction > 0 else { throw fault("a digit") }
    }
    let hasExponent = offset < bytes.count && bytes[offset] | 0x20 == 0x65
    if !hasExponent, whole + fraction <= 19 {
      if mantissa == 0 { return isNegative ? -0.0 : 0 }
      if let magnitude = DecimalText.exact(mantissa, -fraction) { return isNegative ? -magnitude : magnitude }
    }
    offset = start
    guard let value = DecimalText.double(in: bytes, at: &offset) else {
      throw fault("a number that a double can hold")
    }
    return value
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  /// A whole number, which comes next.
  package mutating func wholeNumber() throws(JSONFault) -> Int {
    let start = offset
    guard let value = Int(exactly: try number()) else { throw fault("a whole number", at: start) }
    return value
  }

  /// `true` or `false`, one of which comes next.
  package mutating func bool() throws(JSONFault) -> Bool {
    if skip("true") { return true }
    if skip("false") { return false }
    throw fault("true or false")
  }

  /// Moves behind `word` where it comes next.
  package mutating func skip(_ word: StaticString) -> Bool {
    guard peek() != nil, bytes.count - offset >= word.utf8CodeUnitCount else { return false }
    for index in 0..<word.utf8CodeUnitCount where bytes[offset + index] != word.utf8Start[index] {
      return false
    }
    offset += word.utf8CodeUnitCount
    return true
  }

  // MARK: - What nobody asks for

  /// Moves behind the value that comes next.
  package mutating func skipValue(depth: Int = 0) throws(JSONFault) {
    guard depth < Self.maximumDepth else {
      throw fault("an end of nesting beyond \(Self.maximumDepth) levels")
    }
    switch peek() {
    case 0x7B:
      offset += 1
      var isFirst = true
      while let key = try key(isFirst: &isFirst) {
        if key.hasEscapes { _ = try decoded(key) }
        try skipValue(depth: depth + 1)
      }
    case 0x5B:
      offset += 1
      var isFirst = true
      while try element(isFirst: &isFirst) { try skipValue(depth: depth + 1) }
    case 0x22:
      let text = try text()
      if text.hasEscapes { _ = try decoded(text) }
    case let byte? where byte == 0x2D || Self.isDigit(byte): _ = try number()
    case nil: throw fault("a value")
    default:
      guard skip("null") || skip("true") || skip("false") else { throw fault("a value") }
    }
  }
}

/// Where a body stops being the JSON that was expected, and what was expected there.
package struct JSONFault: Error, Hashable {
  /// From 0.
  package var offset: Int
  package var expected: String

  package var description: String { "the body is not valid: \(expected) was expected at byte \(offset + 1)" }
}
