/// Numbers that are texts.
package enum WrittenNumber {
  /// The number that all of `text` is, in JSON's grammar: no plus sign, no zero before other digits, and digits on both sides of a point. Nil
  /// for any other text, and where a double cannot hold it.
  package static func value(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
    guard let scalar = scalar(text), scalar.kind == .number else { return nil }
    return scalar.number
  }

  /// As above, and what a double cannot hold as well.
  static func scalar(_ text: UnsafeBufferPointer<UInt8>) -> PayloadScalar? {
    var cursor = PayloadCursor(text)
    var unused: [UInt8] = []
    guard let first = cursor.next, first == 0x2D || (first >= 0x30 && first <= 0x39),
      let scalar = try? cursor.scalar(&unused), cursor.offset == text.count
    else { return nil }
    return scalar.kind == .number || scalar.kind == .tooLarge ? scalar : nil
  }

  /// As above, of a text that is at hand.
  package static func value(_ text: String) -> Double? {
    var text = text
    return text.withUTF8 { value($0) }
  }
}
