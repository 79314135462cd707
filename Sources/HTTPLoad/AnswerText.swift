import Foundation

/// Goes through the JSON of an answer once, strictly (RFC 8259), and keeps what tells whether it is the answer to a request: its `id`, and
/// whether there are `outputs`. Nothing is made of the rest: the generator must not be what is measured.
package struct AnswerText {
  /// What stands between the quotes of the `id` of the outermost object; nil where there is none that is a text.
  package private(set) var id: Range<Int>?
  package private(set) var hasOutputs = false

  private let bytes: UnsafeRawBufferPointer
  private var offset = 0

  /// Nil where `bytes` are not JSON, or nest too deeply.
  package init?(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    guard scan() else { return nil }
  }

  /// Whether ``id`` is `text`, which has no character that JSON escapes.
  package func hasID(_ text: some Collection<UInt8>) -> Bool {
    guard let id else { return false }
    let own = bytes[id]
    guard own.contains(0x5C) else { return own.elementsEqual(text) }
    // Some writers escape what they need not.
    var quoted = Data([0x22])
    quoted.append(contentsOf: own)
    quoted.append(0x22)
    let decoded = try? JSONDecoder().decode(String.self, from: quoted)
    return decoded.map { $0.utf8.elementsEqual(text) } ?? false
  }

  /// What may come next.
  private enum Wanted { case value, valueOrEnd, key, keyOrEnd, commaOrEnd }

  /// Brackets that are open, by a loop rather than by calls, so that no answer can fill the stack.
  private struct Nesting {
    private var isObject: [Bool] = []

    var depth: Int { isObject.count }
    var isInObject: Bool { isObject.last ?? false }

    mutating func open(object: Bool) { isObject.append(object) }
    mutating func close() { isObject.removeLast() }
  }

  private mutating func scan() -> Bool {
    var nesting = Nesting()
    var wanted = Wanted.value
    // Which key of the outermost object the next value is of.
    var key: Range<Int>?
    while true {
      guard let byte = next() else { return false }
      switch wanted {
      case .commaOrEnd:
        offset += 1
        switch (byte, nesting.isInObject) {
        case (0x2C, true): wanted = .key
        case (0x2C, false): wanted = .value
        case (0x7D, true), (0x5D, false): nesting.close()
        default: return false
        }
      case .keyOrEnd where byte == 0x7D, .valueOrEnd where byte == 0x5D:
        offset += 1
        nesting.close()
        wanted = .commaOrEnd
      case .key, .keyOrEnd:
        guard byte == 0x22, let name = string(), next() == 0x3A else { return false }
        offset += 1
        key = nesting.depth == 1 ? name : nil
        wanted = .value
      case .value, .valueOrEnd:
        if byte == 0x7B || byte == 0x5B {
          if isKey(key, "outputs"), byte == 0x5B { hasOutputs = true }
          guard nesting.depth < HTTPLoadDefaults.mostDepth else { return false }
          offset += 1
          nesting.open(object: byte == 0x7B)
          wanted = byte == 0x7B ? .keyOrEnd : .valueOrEnd
          key = nil
          continue
        }
        if byte == 0x22 {
          guard let text = string() else { return false }
          if isKey(key, "id") { id = text }
        } else {
          guard scalar(byte) else { return false }
        }
        key = nil
        wanted = .commaOrEnd
      }
      if nesting.depth == 0 { return next() == nil }
    }
  }

  private func isKey(_ key: Range<Int>?, _ name: StaticString) -> Bool {
    guard let key, key.count == name.utf8CodeUnitCount else { return false }
    return bytes[key].elementsEqual(UnsafeRawBufferPointer(start: name.utf8Start, count: key.count))
  }

  /// The first byte that is no blank.
  private mutating func next() -> UInt8? {
    while offset < bytes.count {
      let byte = bytes[offset]
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
      offset += 1
    }
    return nil
  }

  /// Moves behind a text, and says what stands between its quotes.
  private mutating func string() -> Range<Int>? {
    let start = offset + 1
    offset = start
    while offset < bytes.count {
      switch bytes[offset] {
      case 0x22:
        offset += 1
        return start..<offset - 1
      case 0x5C:
        guard offset + 1 < bytes.count, isEscape(bytes[offset + 1]) else { return nil }
        offset += 2
      case 0..<0x20: return nil
      default: offset += 1
      }
    }
    return nil
  }

  /// `"`, `\`, `/`, `b`, `f`, `n`, `r`, `t`, `u`. What follows `u` is not looked at.
  private func isEscape(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74, 0x75: true
    default: false
    }
  }

  /// Moves behind a number or a word.
  private mutating func scalar(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x74: return word("true")
    case 0x66: return word("false")
    case 0x6E: return word("null")
    default: return number()
    }
  }

  private mutating func word(_ word: StaticString) -> Bool {
    let end = offset + word.utf8CodeUnitCount
    guard end <= bytes.count,
      bytes[offset..<end].elementsEqual(
        UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    else { return false }
    offset = end
    return true
  }

  private mutating func number() -> Bool {
    if peek() == 0x2D { offset += 1 }
    let start = offset
    let count = digits()
    guard count > 0, count == 1 || bytes[start] != 0x30 else { return false }
    if peek() == 0x2E {
      offset += 1
      guard digits() > 0 else { return false }
    }
    if let byte = peek(), byte | 0x20 == 0x65 {
      offset += 1
      if let sign = peek(), sign == 0x2B || sign == 0x2D { offset += 1 }
      guard digits() > 0 else { return false }
    }
    return true
  }

  private func peek() -> UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func digits() -> Int {
    let start = offset
    while offset < bytes.count, bytes[offset] &- 0x30 < 10 { offset += 1 }
    return offset - start
  }
}
