/// Reads decimal numbers out of bytes, correctly rounded, without making a string of each: model files are mostly
/// numbers of seventeen digits.
package enum DecimalText {
  /// Reads `[+-]digits[.digits][e[+-]digits]` that begins at `offset`, and moves `offset` behind it. The value is the
  /// double nearest to the number, ties to even.
  ///
  /// Nil where no such number begins there or it is too large for a double; `offset` then stays.
  package static func double(in bytes: UnsafeBufferPointer<UInt8>, at offset: inout Int) -> Double? {
    var position = offset
    var negative = false
    if position < bytes.count, bytes[position] == 0x2D || bytes[position] == 0x2B {
      negative = bytes[position] == 0x2D
      position += 1
    }
    var digits = DigitRun()
    digits.read(bytes, &position)
    let whole = digits.count
    if position < bytes.count, bytes[position] == 0x2E {
      position += 1
      digits.read(bytes, &position)
    }
    var exponent = whole - digits.count
    guard digits.count > 0 else { return nil }
    if position < bytes.count, bytes[position] | 0x20 == 0x65 {
      position += 1
      var isNegative = false
      if position < bytes.count, bytes[position] == 0x2D || bytes[position] == 0x2B {
        isNegative = bytes[position] == 0x2D
        position += 1
      }
      let start = position
      var value = 0
      while position < bytes.count, isDigit(bytes[position]) {
        // What is beyond this is zero or infinite anyway.
        value = min(value * 10 + Int(bytes[position] - 0x30), 1_000_000)
        position += 1
      }
      guard position > start else { return nil }
      exponent += isNegative ? -value : value
    }
    let magnitude: Double
    if digits.significant == 0 {
      magnitude = 0
    } else if digits.significant <= 19, let exact = exact(digits.mantissa, exponent) {
      magnitude = exact
    } else {
      let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[offset..<position]), as: UTF8.self)
      guard let value = Double(text), value.isFinite else { return nil }
      offset = position
      return value
    }
    offset = position
    return negative ? -magnitude : magnitude
  }

  /// The number that the whole of `text` is, blanks around it aside; nil where it is anything else, or too large for a
  /// double. Swift's own parser also takes `0x1p3` and `inf`, and stops at a NUL.
  package static func double(_ text: String) -> Double? {
    var text = text
    return text.withUTF8 { bytes in
      var number = bytes[...]
      while let first = number.first, isBlank(first) { number = number.dropFirst() }
      while let last = number.last, isBlank(last) { number = number.dropLast() }
      var offset = 0
      guard let value = double(in: UnsafeBufferPointer(rebasing: number), at: &offset), offset == number.count
      else { return nil }
      return value
    }
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  /// Digits as a whole number.
  private struct DigitRun {
    /// Modulo 2^64; nineteen significant digits fit.
    var mantissa: UInt64 = 0
    /// Digits from the first that is not zero.
    var significant = 0
    var count = 0

    /// Adds the digits from `position` on, and moves it behind them.
    @inline(__always)
    mutating func read(_ bytes: UnsafeBufferPointer<UInt8>, _ position: inout Int) {
      let start = position
      while position < bytes.count, isDigit(bytes[position]) {
        if significant > 0, bytes.count - position >= 8 {
          let text = UnsafeRawPointer(bytes.baseAddress! + position).loadUnaligned(as: UInt64.self)
          if let eight = eightDigits(UInt64(littleEndian: text)) {
            mantissa = mantissa &* 100_000_000 &+ eight
            significant += 8
            position += 8
            continue
          }
        }
        mantissa = mantissa &* 10 &+ UInt64(bytes[position] &- 0x30)
        if significant > 0 || bytes[position] != 0x30 { significant += 1 }
        position += 1
      }
      count += position - start
    }
  }

  /// Reads digits from `position` on into `mantissa`, behind those that it has already, modulo 2^64; returns how many.
  package static func digits(
    _ bytes: UnsafeBufferPointer<UInt8>, _ position: inout Int, into mantissa: inout UInt64
  ) -> Int {
    let start = position
    while bytes.count - position >= 8 {
      let text = UnsafeRawPointer(bytes.baseAddress! + position).loadUnaligned(as: UInt64.self)
      guard let eight = eightDigits(UInt64(littleEndian: text)) else { break }
      mantissa = mantissa &* 100_000_000 &+ eight
      position += 8
    }
    if bytes.count - position >= 4 {
      let text = UnsafeRawPointer(bytes.baseAddress! + position).loadUnaligned(as: UInt32.self)
      if let four = fourDigits(UInt32(littleEndian: text)) {
        mantissa = mantissa &* 10_000 &+ UInt64(four)
        position += 4
      }
    }
    while position < bytes.count, isDigit(bytes[position]) {
      mantissa = mantissa &* 10 &+ UInt64(bytes[position] &- 0x30)
      position += 1
    }
    return position - start
  }

  /// As ``eightDigits(_:)``.
  private static func fourDigits(_ text: UInt32) -> UInt32? {
    let high: UInt32 = 0xF0F0_F0F0
    guard text & high | ((text &+ 0x0606_0606) & high) >> 4 == 0x3333_3333 else { return nil }
    let digits = text &- 0x3030_3030
    let pairs = digits &* 10 &+ digits >> 8
    return (pairs & 0xFF) &* 100 &+ (pairs >> 16 & 0xFF)
  }

  /// The number that eight ASCII digits are, the first in the lowest byte; nil where one is none. Neighbours are put
  /// together three times: to two digits, to four, to eight (Lemire, "Number parsing at a gigabyte per second", 2021).
  private static func eightDigits(_ text: UInt64) -> UInt64? {
    let high: UInt64 = 0xF0F0_F0F0_F0F0_F0F0
    guard text & high | ((text &+ 0x0606_0606_0606_0606) & high) >> 4 == 0x3333_3333_3333_3333 else {
      return nil
    }
    let digits = text &- 0x3030_3030_3030_3030
    let pairs = digits &* 10 &+ digits >> 8
    let mask: UInt64 = 0x0000_00FF_0000_00FF
    return ((pairs & mask) &* 0x000F_4240_0000_0064 &+ (pairs >> 16 & mask) &* 0x0000_2710_0000_0001) >> 32
  }

  /// The double nearest to `mantissa`·10^`exponent`, mantissa > 0, for the exponents that numbers of a few digits have;
  /// nil for others.
  ///
  /// With both exact as doubles, one operation rounds correctly (Clinger, "How to read floating point numbers
  /// accurately", 1990). Otherwise the mantissa, moved to the left, is multiplied by the first 64 or 128 bits of the power
  /// of five, rounded up: that is enough for every exponent from -27 to 0, and ties are seen by the product being exact
  /// (Lemire, as above; Mushtak and Lemire, "Fast number parsing without fallback", 2023).
  package static func exact(_ mantissa: UInt64, _ exponent: Int) -> Double? {
    if mantissa <= 1 << 53, -22...22 ~= exponent {
      return exponent < 0
        ? Double(mantissa) / powersOfTen[-exponent] : Double(mantissa) * powersOfTen[exponent]
    }
    if exponent == 0 { return Double(mantissa) }
    guard -27..<0 ~= exponent else { return nil }
    let shift = mantissa.leadingZeroBitCount
    let power = reciprocals[-exponent]
    var product = (mantissa << UInt64(shift)).multipliedFullWidth(by: power.high)
    // Of the bits below the 55 that matter, all are set only where the rest of the power may carry into them.
    if product.high & 0x1FF == 0x1FF {
      let second = (mantissa << UInt64(shift)).multipliedFullWidth(by: power.low)
      let (low, carry) = product.low.addingReportingOverflow(second.high)
      product = (carry ? product.high + 1 : product.high, low)
    }
    let upper = Int(product.high >> 63)
    let excess = UInt64(upper + 9)
    var significand = product.high >> excess
    // Exactly between two doubles: to the even one.
    if product.low <= 1, exponent >= -4, significand & 3 == 1, significand << excess == product.high {
      significand &= ~1
    }
    significand = (significand + significand & 1) >> 1
    // 5^-k = reciprocal · 2^-(127 + bits of 5^k), and 10^-k is that · 2^-k.
    let binaryExponent = upper + 63 - shift + power.exponent + exponent
    let bits = UInt64(binaryExponent - 52 + 1075) << 52
    // A significand of 2^53 carries into the exponent.
    return Double(bitPattern: bits &+ (significand &- 1 << 52))
  }

  /// 10^0 to 10^22: those that are doubles.
  private static let powersOfTen: [Double] = (0...22).map { (0..<$0).reduce(1) { power, _ in power * 10 } }

  /// 5^-k as (high·2^64 + low) · 2^(exponent - 127), rounded up, with the highest bit set.
  private struct Reciprocal {
    var high: UInt64
    var low: UInt64
    var exponent: Int
  }

  /// 5^0 to 5^-27.
  private static let reciprocals: [Reciprocal] = (0...27).map { power in
    let divisor = (0..<power).reduce(UInt128(1)) { product, _ in product * 5 }
    // The least z with 2^z ≥ 5^k; then 2^(z+127) / 5^k has 128 bits.
    let bits = divisor == 1 ? 0 : 128 - (divisor - 1).leadingZeroBitCount
    let (quotient, remainder) = (UInt128(1) << 127).quotientAndRemainder(dividingBy: divisor)
    let value = (quotient << UInt128(bits)) + (remainder << UInt128(bits)) / divisor + 1
    return Reciprocal(
      high: UInt64(truncatingIfNeeded: value >> 64), low: UInt64(truncatingIfNeeded: value), exponent: -bits)
  }
}
