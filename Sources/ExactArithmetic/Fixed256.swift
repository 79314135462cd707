/// A whole number below 2^256. Unlike a ``Natural`` it takes no memory of its own, which counts for what is computed of
/// every window.
struct Fixed256 {
  var high: UInt128
  var low: UInt128

  init(_ low: UInt128) { (self.high, self.low) = (0, low) }

  /// `a` · `b`.
  init(_ a: UInt128, times b: UInt128) { (high, low) = a.multipliedFullWidth(by: b) }

  private init(high: UInt128, low: UInt128) { (self.high, self.low) = (high, low) }

  var bitWidth: Int {
    high == 0 ? 128 - low.leadingZeroBitCount : 256 - high.leadingZeroBitCount
  }

  static func + (a: Fixed256, b: Fixed256) -> Fixed256 {
    let (low, carry) = a.low.addingReportingOverflow(b.low)
    return Fixed256(high: a.high &+ b.high &+ (carry ? 1 : 0), low: low)
  }

  /// `b` is not larger than `a`.
  static func - (a: Fixed256, b: Fixed256) -> Fixed256 {
    let (low, borrow) = a.low.subtractingReportingOverflow(b.low)
    return Fixed256(high: a.high &- b.high &- (borrow ? 1 : 0), low: low)
  }

  static func * (a: Fixed256, b: UInt64) -> Fixed256 {
    let product = a.low.multipliedFullWidth(by: UInt128(b))
    return Fixed256(high: product.high &+ a.high &* UInt128(b), low: product.low)
  }

  static func < (a: Fixed256, b: Fixed256) -> Bool {
    a.high == b.high ? a.low < b.low : a.high < b.high
  }

  /// The number times 2^`shift`, without its fraction, and whether there was one.
  func shifted(by shift: Int) -> (value: Fixed256, lostBits: Bool) {
    if shift >= 0 { return (shiftedUp(UInt128(truncatingIfNeeded: shift)), false) }
    let right = UInt128(truncatingIfNeeded: -shift)
    let value: Fixed256
    if right < 128 {
      // In two steps, because a shift by 128 places is one by none.
      value = Fixed256(high: high &>> right, low: low &>> right | (high &<< 1) &<< (127 &- right))
    } else {
      value = Fixed256(high &>> (right &- 128))
    }
    let back = value.shiftedUp(right)
    return (value, back.low != low || back.high != high)
  }

  private func shiftedUp(_ left: UInt128) -> Fixed256 {
    left < 128
      ? Fixed256(high: high &<< left | (low &>> 1) &>> (127 &- left), low: low &<< left)
      : Fixed256(high: low &<< (left &- 128), low: 0)
  }

  /// The whole part of this number over `divisor`, and whether something is left. The number is below 2^192, and the
  /// whole part below 2^128.
  func divided(by divisor: UInt64) -> (quotient: UInt128, hasRemainder: Bool) {
    var remainder = UInt64(truncatingIfNeeded: high) % divisor
    let first = divisor.dividingFullWidth((remainder, UInt64(truncatingIfNeeded: low >> 64)))
    remainder = first.remainder
    let second = divisor.dividingFullWidth((remainder, UInt64(truncatingIfNeeded: low)))
    return (UInt128(first.quotient) &<< 64 | UInt128(second.quotient), second.remainder != 0)
  }
}
