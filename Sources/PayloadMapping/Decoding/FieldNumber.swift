/// Numbers of a field of line protocol: those of JSON, whole ones with a mark behind them, and those with a plus sign or without a digit on
/// one side of their point, which InfluxDB takes and JSON does not.
package enum FieldNumber {
  /// The number that the value `text` of a field is, as the decoder reads it, with its digits as they are kept; nil where it is none, or
  /// beyond the range of a double.
  package static func value(_ text: String) -> (number: Double, digits: String)? {
    var text = text
    return text.withUTF8 { bytes in
      if bytes.last == 0x69 || bytes.last == 0x75 {
        return whole(bytes).map { ($0, String(decoding: bytes.dropLast(), as: UTF8.self)) }
      }
      if let number = WrittenNumber.value(bytes) { return (number, String(decoding: bytes, as: UTF8.self)) }
      var spelled: [UInt8] = []
      guard spell(bytes, to: &spelled), let number = spelled.withUnsafeBufferPointer(WrittenNumber.value)
      else { return nil }
      return (number, String(decoding: spelled, as: UTF8.self))
    }
  }

  /// The whole number before the `i` or `u` that `text` ends with; nil where there is none.
  static func whole(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
    let digits = text.dropLast()
    if digits.count <= 18, !digits.isEmpty, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) {
      return Double(digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - 0x30) })
    }
    guard text.first != 0x2B else { return nil }
    let number = String(decoding: digits, as: UTF8.self)
    return text.last == 0x69 ? Int64(number).map { Double($0) } : UInt64(number).map { Double($0) }
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
