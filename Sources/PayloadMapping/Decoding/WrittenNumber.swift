import Telemetry

/// Numbers that are texts.
package enum WrittenNumber {
  /// The number that all of `text` is, in JSON's grammar: no plus sign, no zero before other digits, and digits on both sides of a point. Nil
  /// for any other text, and where a double cannot hold it.
  package static func value(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
    var offset = 0
    guard let number = DecimalScanner.number(text, &offset), offset == text.count else { return nil }
    return number
  }

  /// As above, of a text that is at hand.
  package static func value(_ text: String) -> Double? {
    var text = text
    return text.withUTF8 { value($0) }
  }
}
