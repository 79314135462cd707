/// Reads decimal numbers without allocating.
package enum DecimalScanner {
  /// The JSON number at `offset`, which moves behind it; nil where there is none, or where a double cannot hold it.
  ///
  /// Short decimals are exact by arithmetic (Clinger, "How to Read Floating Point Numbers Accurately", 1990: a mantissa below
  /// 2^53 and a power of ten up to 22 are both exact, so one division rounds once); the rest goes through `strtod`.
  package static func number(_ bytes: UnsafeBufferPointer<UInt8>, _ offset: inout Int) -> Double? {
    let start = offset
    let negative = offset < bytes.count && bytes[offset] == 0x2D
    if negative { offset += 1 }
    let integerStart = offset
    var mantissa: UInt64 = 0
    var digits = 0
    while offset < bytes.count, isDigit(bytes[offset]) {
      mantissa = mantissa &* 10 &+ UInt64(bytes[offset] - 0x30)
      digits += 1
      offset += 1
    }
    guard digits == 1 || (digits > 1 && bytes[integerStart] != 0x30) else { return nil }
    var fraction = 0
    if offset < bytes.count, bytes[offset] == 0x2E {
      offset += 1
      while offset < bytes.count, isDigit(bytes[offset]) {
        mantissa = mantissa &* 10 &+ UInt64(bytes[offset] - 0x30)
        fraction += 1
        offset += 1
      }
      guard fraction > 0 else { return nil }
    }
    var hasExponent = false
    if offset < bytes.count, bytes[offset] | 0x20 == 0x65 {
      hasExponent = true
      offset += 1
      if offset < bytes.count, bytes[offset] == 0x2B || bytes[offset] == 0x2D { offset += 1 }
      let exponentStart = offset
      while offset < bytes.count, isDigit(bytes[offset]) { offset += 1 }
      guard offset > exponentStart else { return nil }
    }
    // 2^53 has 16 digits; 15 are always below it.
    if !hasExponent, digits + fraction <= 15 {
      let magnitude = Double(mantissa) / powersOfTen[fraction]
      return negative ? -magnitude : magnitude
    }
    return slowNumber(UnsafeBufferPointer(rebasing: bytes[start..<offset]))
  }

  private static let powersOfTen: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
  ]

  /// Numbers too large for a double are left to the other decoder to judge.
  private static func slowNumber(_ digits: UnsafeBufferPointer<UInt8>) -> Double? {
    guard let value = Double(String(decoding: digits, as: UTF8.self)),
      value.isFinite
    else { return nil }
    return value
  }

  @inline(__always)
  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}
