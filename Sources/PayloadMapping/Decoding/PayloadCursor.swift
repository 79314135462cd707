import Telemetry

/// A payload that is not of its format. What is wrong is found out by reading it once more, slowly.
struct MalformedPayload: Error {}

/// A value that is no object and no list, with where it stands.
struct PayloadScalar {
  enum Kind: UInt8, Sendable {
    case number
    /// A number beyond the range of a double.
    case tooLarge
    /// `NaN`, `Infinity` and their like.
    case notFinite
    case text
    case isTrue
    case isFalse
    case null
  }

  var kind: Kind
  /// Of a number; 0 for everything else.
  var number = 0.0
  /// As it was written, of a text without quotation marks and escapes.
  var text: PayloadSpan
}

/// A piece of a payload, or of what was written anew because of its escapes.
struct PayloadSpan: Sendable {
  var start: Int32
  var length: Int32
  /// Whether it stands in the decoder's own bytes.
  var isOwn = false

  init(_ range: Range<Int>, isOwn: Bool = false) {
    start = Int32(range.lowerBound)
    length = Int32(range.count)
    self.isOwn = isOwn
  }

  var range: Range<Int> { Int(start)..<Int(start) + Int(length) }
}

/// Goes through the bytes of JSON as `JSONText` does, without keeping anything.
struct PayloadCursor {
  let bytes: UnsafeBufferPointer<UInt8>
  var offset = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  @inline(__always)
  var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  /// Whether an object or a list begins here.
  @inline(__always)
  var isAtBracket: Bool { offset < bytes.count && bytes[offset] | 0x20 == 0x7B }

  @inline(__always)
  mutating func skipSpace() {
    while offset < bytes.count {
      let byte = bytes[offset]
      guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
      offset += 1
    }
  }

  @inline(__always)
  mutating func skip(_ byte: UInt8) -> Bool {
    guard offset < bytes.count, bytes[offset] == byte else { return false }
    offset += 1
    return true
  }

  /// A text. One with escapes is written to the end of `own`.
  @inline(__always)
  mutating func string(_ own: inout [UInt8]) throws(MalformedPayload) -> PayloadSpan {
    guard skip(0x22) else { throw MalformedPayload() }
    let start = offset
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte == 0x22 {
        offset += 1
        return PayloadSpan(start..<offset - 1)
      }
      guard byte >= 0x20 else { throw MalformedPayload() }
      if byte == 0x5C {
        offset = start - 1
        return try escapedString(&own)
      }
      offset += 1
    }
    throw MalformedPayload()
  }

  private mutating func escapedString(_ own: inout [UInt8]) throws(MalformedPayload) -> PayloadSpan {
    guard let text = JSONText.unescaped(bytes, &offset) else { throw MalformedPayload() }
    let start = own.count
    own.append(contentsOf: text.utf8)
    return PayloadSpan(start..<own.count, isOwn: true)
  }

  /// A number, a word or a text.
  mutating func scalar(_ own: inout [UInt8]) throws(MalformedPayload) -> PayloadScalar {
    guard let first = next else { throw MalformedPayload() }
    if first == 0x22 { return PayloadScalar(kind: .text, text: try string(&own)) }
    let start = offset
    if first == 0x2D || isDigit(first) {
      if let number = DecimalScanner.number(bytes, &offset) {
        return PayloadScalar(kind: .number, number: number, text: PayloadSpan(start..<offset))
      }
      offset = start
      return try unusualNumber()
    }
    while let byte = next, isLetter(byte) { offset += 1 }
    let word = UnsafeBufferPointer(rebasing: bytes[start..<offset])
    let kind: PayloadScalar.Kind =
      if word.elementsEqual("true".utf8) {
        .isTrue
      } else if word.elementsEqual("false".utf8) {
        .isFalse
      } else if word.elementsEqual("null".utf8) {
        .null
      } else if isNotFinite(word) {
        .notFinite
      } else { throw MalformedPayload() }
    return PayloadScalar(kind: kind, text: PayloadSpan(start..<offset))
  }

  /// A number that is none, or too large for a double.
  private mutating func unusualNumber() throws(MalformedPayload) -> PayloadScalar {
    let start = offset
    if skip(0x2D), let byte = next, isLetter(byte) {
      let wordStart = offset
      while let byte = next, isLetter(byte) { offset += 1 }
      guard isNotFinite(UnsafeBufferPointer(rebasing: bytes[wordStart..<offset])) else {
        throw MalformedPayload()
      }
      return PayloadScalar(kind: .notFinite, text: PayloadSpan(start..<offset))
    }
    let first = offset
    try digits()
    if bytes[first] == 0x30, offset > first + 1 { throw MalformedPayload() }
    if skip(0x2E) { try digits() }
    if next == 0x65 || next == 0x45 {
      offset += 1
      if !skip(0x2B) { _ = skip(0x2D) }
      try digits()
    }
    return PayloadScalar(kind: .tooLarge, text: PayloadSpan(start..<offset))
  }

  private mutating func digits() throws(MalformedPayload) {
    guard let byte = next, isDigit(byte) else { throw MalformedPayload() }
    while let byte = next, isDigit(byte) { offset += 1 }
  }

  private func isNotFinite(_ word: UnsafeBufferPointer<UInt8>) -> Bool {
    guard word.count == 3 || word.count == 8 else { return false }
    return ["nan", "inf", "infinity"].contains(String(decoding: word, as: UTF8.self).lowercased())
  }

  /// Passes over a value that nobody asks for.
  mutating func skipValue(depth: Int, _ own: inout [UInt8]) throws(MalformedPayload) {
    guard let first = next else { throw MalformedPayload() }
    guard first == 0x7B || first == 0x5B else {
      let before = own.count
      _ = try scalar(&own)
      own.removeLast(own.count - before)
      return
    }
    guard depth < JSONText.maximumDepth else { throw MalformedPayload() }
    offset += 1
    let end = first + 2
    skipSpace()
    if skip(end) { return }
    while true {
      skipSpace()
      if first == 0x7B {
        let before = own.count
        _ = try string(&own)
        own.removeLast(own.count - before)
        skipSpace()
        guard skip(0x3A) else { throw MalformedPayload() }
        skipSpace()
      }
      try skipValue(depth: depth + 1, &own)
      skipSpace()
      if skip(end) { return }
      guard skip(0x2C) else { throw MalformedPayload() }
    }
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
  private func isLetter(_ byte: UInt8) -> Bool { byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A }
}
