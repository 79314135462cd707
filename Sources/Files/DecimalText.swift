/// Reads decimal numbers out of bytes, correctly rounded, without making a string of each: model files are mostly
/// numbers of seventeen digits.
public enum DecimalText {
  /// Reads `[+-]digits[.digits][e[+-]digits]` that begins at `offset`, and moves `offset` behind it. The value is the
  /// double nearest to the number, ties to even.
  ///
  /// Nil where no such number begins there or it is too large for a double; `offset` then stays.
  public static func double(in bytes: UnsafeBufferPointer<UInt8>, at offset: inout Int) -> Double? {
    var position = offset
    var negative = false
    if position < bytes.count, bytes[position] == 0x2D || bytes[position] == 0x2B {
      negative = bytes[position] == 0x2D
      position += 1
    }
    var mantissa: UInt64 = 0
    // Digits from the first that is not zero. Nineteen fit into the mantissa.
    var significant = 0
    var digits = 0
    var exponent = 0
    func take(_ byte: UInt8) {
      mantissa = mantissa &* 10 &+ UInt64(byte &- 0x30)
      if mantissa != 0 { significant += 1 }
      digits += 1
    }
    while position < bytes.count, isDigit(bytes[position]) {
      take(bytes[position])
      position += 1
    }
    if position < bytes.count, bytes[position] == 0x2E {
      position += 1
      while position < bytes.count, isDigit(bytes[position]) {
        take(bytes[position])
        exponent -= 1
        position += 1
      }
    }
    guard digits > 0 else { return nil }
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
    if significant == 0 {
      magnitude = 0
    } else if significant <= 19, let exact = exact(mantissa, exponent) {
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

  private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  /// The double nearest to `mantissa`·10^`exponent`, mantissa > 0, for the exponents that whole numbers of 64 bits can
  /// tell; nil for others.
  ///
  /// With both exact as doubles, one operation rounds correctly (Clinger, “How to read floating point numbers
  /// accurately”, 1990). Otherwise, for 10^-k = 5^-k·2^-k, the quotient by 5^k is taken to 63 bits or more, and what
  /// remains is kept in its last bit, so that the conversion to 53 bits rounds as the whole number would.
  private static func exact(_ mantissa: UInt64, _ exponent: Int) -> Double? {
    if mantissa <= 1 << 53, -22...22 ~= exponent {
      return exponent < 0
        ? Double(mantissa) / powersOfTen[-exponent] : Double(mantissa) * powersOfTen[exponent]
    }
    guard -27...0 ~= exponent else { return nil }
    let divisor = powersOfFive[-exponent]
    let shift = mantissa.leadingZeroBitCount
    let divisorShift = divisor.leadingZeroBitCount
    let high = mantissa << UInt64(shift)
    let (quotient, remainder) = (divisor << UInt64(divisorShift)).dividingFullWidth((high >> 1, high << 63))
    let rounded = Double(remainder == 0 ? quotient : quotient | 1)
    return rounded * Double(sign: .plus, exponent: divisorShift - shift - 63 + exponent, significand: 1)
  }

  /// 10^0 to 10^22: those that are doubles.
  private static let powersOfTen: [Double] = (0...22).map { (0..<$0).reduce(1) { power, _ in power * 10 } }

  /// 5^0 to 5^27: those below 2^63.
  private static let powersOfFive: [UInt64] = (0...27).map { (0..<$0).reduce(1) { power, _ in power * 5 } }
}
