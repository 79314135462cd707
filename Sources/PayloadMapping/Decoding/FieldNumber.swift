/// Numbers of a field of line protocol: those of JSON, whole ones with a mark behind them, and those with a plus sign or without a digit on
/// one side of their point, which InfluxDB takes and JSON does not.
package enum FieldNumber {
  /// The number that the value `text` of a field is, as the decoder reads it, with its digits as they are kept; nil where it is none, or
  /// beyond the range of a double.
  package static func value(_ text: String) -> (number: Double, digits: String)? {
    if text.last == "i" || text.last == "u" {
      return whole(text).map { ($0, String(text.dropLast())) }
    }
    var text = text
    return text.withUTF8 { bytes in
      if let number = WrittenNumber.value(bytes) { return (number, String(decoding: bytes, as: UTF8.self)) }
      var spelled: [UInt8] = []
      guard spell(bytes, to: &spelled), let number = spelled.withUnsafeBufferPointer(WrittenNumber.value)
      else { return nil }
      return (number, String(decoding: spelled, as: UTF8.self))
    }
  }

  /// The whole number before the `i` or `u` that `text` ends with; nil where there is none.
  static func whole(_ text: String) -> Double? {
    guard text.first != "+" else { return nil }
    let digits = text.dropLast()
    return text.last == "i" ? Int64(digits).map { Double($0) } : UInt64(digits).map { Double($0) }
  }

  /// Appends to `spelled` what JSON would write for `text` that has a plus sign, or no digit on one side of its point; whether it is one
  /// number is for its reader to see. False, and nothing is appended, where it cannot be.
  static func spell(_ text: UnsafeBufferPointer<UInt8>, to spelled: inout [UInt8]) -> Bool {
    func isDigit(_ offset: Int) -> Bool {
      offset < text.count && text[offset] >= 0x30 && text[offset] <= 0x39
    }
    let first = text.first == 0x2B || text.first == 0x2D ? 1 : 0
    let point = text.firstIndex(of: 0x2E) ?? text.count
    guard isDigit(first) || (point == first && isDigit(first + 1)), text.count(where: { $0 == 0x2E }) < 2
    else {
      return false
    }
    if text.first == 0x2D { spelled.append(0x2D) }
    if point == first { spelled.append(0x30) }
    for offset in first..<text.count where offset != point || isDigit(point + 1) {
      spelled.append(text[offset])
    }
    return true
  }
}
