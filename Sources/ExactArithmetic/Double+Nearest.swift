extension Double {
  /// The bits of a finite value as a whole number: the value is ± `significand` · 2^(`place` + ``lowestExponent``).
  @inline(__always)
  package var wholeParts: (significand: UInt64, place: Int) {
    let exponent = Int(truncatingIfNeeded: bitPattern &>> 52 & 0x7FF)
    let fraction = bitPattern & (1 << 52 - 1)
    return exponent == 0 ? (fraction, 0) : (fraction | 1 << 52, exponent &- 1)
  }

  /// The exponent of the smallest double, of which all others are multiples.
  package static let lowestExponent = -1074

  /// The double nearest to `numerator` / `denominator` · 2^`exponent`, of two the even one; infinity where that is
  /// beyond the largest double. `denominator` is not zero.
  package static func nearestQuotient(_ numerator: Natural, _ denominator: Natural, exponent: Int) -> Double {
    LeadingBits(of: numerator, over: denominator).nearest(exponent: exponent)
  }

  /// The double nearest to √`number` / `divisor` · 2^`exponent`, of two the even one; infinity where that is beyond the
  /// largest double. `divisor` is not zero.
  package static func nearestRoot(_ number: Natural, over divisor: Natural, exponent: Int) -> Double {
    LeadingBits(of: number, over: divisor * divisor, isExponentEven: true).root.nearest(exponent: exponent)
  }

  /// The double nearest to `low` + (`high` − `low`) · `share` / `parts`. It lies between the two, which are finite; a
  /// zero is +0.
  ///
  /// - Parameters:
  ///   - share: 0 to `parts`.
  ///   - parts: 1 to 1,000.
  package static func interpolated(_ low: Double, _ high: Double, share: Int, of parts: Int) -> Double {
    if share == 0 || low == high { return low + 0 }
    let (a, b) = (low.wholeParts, high.wholeParts)
    let place = a.significand == 0 ? b.place : b.significand == 0 ? a.place : Swift.min(a.place, b.place)
    let (left, right) = (Swift.max(0, a.place - place), Swift.max(0, b.place - place))
    let exponent = place + lowestExponent
    // Neighbouring readings are mostly of about one size, and then 64 bits are enough.
    let width = 53 + Swift.max(left, right) + (Int.bitWidth - parts.leadingZeroBitCount)
    if width < 64 {
      let first = Int64(a.significand) &* Int64(parts - share) &<< Int64(left)
      let second = Int64(b.significand) &* Int64(share) &<< Int64(right)
      let total = (low.sign == .minus ? 0 &- first : first) &+ (high.sign == .minus ? 0 &- second : second)
      let result = LeadingBits(of: total.magnitude, over: UInt64(parts)).nearest(exponent: exponent)
      return total < 0 ? 0 - result : result
    }
    let (rest, share) = (UInt128(parts - share), UInt128(share))
    if width < 128 {
      let first = Int128(truncatingIfNeeded: UInt128(a.significand) &* rest &<< UInt128(left))
      let second = Int128(truncatingIfNeeded: UInt128(b.significand) &* share &<< UInt128(right))
      let total = (low.sign == .minus ? 0 &- first : first) &+ (high.sign == .minus ? 0 &- second : second)
      let result = LeadingBits(of: Fixed256(total.magnitude), over: UInt64(parts)).nearest(exponent: exponent)
      return total < 0 ? 0 - result : result
    }
    var (positive, negative) = (Natural(0), Natural(0))
    for (value, size, shift) in [
      (low, UInt128(a.significand) * rest, left), (high, UInt128(b.significand) * share, right),
    ] {
      if value.sign == .plus {
        positive.add(size, shiftedBy: shift)
      } else {
        negative.add(size, shiftedBy: shift)
      }
    }
    let total = Natural.difference(positive, negative)
    let result = nearestQuotient(total.size, Natural(parts), exponent: exponent)
    return total.isNegative ? 0 - result : result
  }
}
