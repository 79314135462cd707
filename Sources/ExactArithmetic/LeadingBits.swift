/// The first bits of a quotient or a root, more than a double has, and whether there are others after them: what it takes
/// to round to the nearest double.
struct LeadingBits {
  /// Zero, or at least 2^53.
  var bits: UInt128
  /// The quotient is `bits` · 2^`exponent`, and less than 2^`exponent` more.
  var exponent: Int
  /// Whether it is more.
  var isInexact: Bool

  private init(bits: UInt128, exponent: Int, isInexact: Bool) {
    self.bits = bits
    self.exponent = exponent
    self.isInexact = isInexact
  }

  /// The first bits of `numerator` / `denominator`.
  ///
  /// - Parameter isExponentEven: Whether ``exponent`` has to be even, for a root.
  init(of numerator: Natural, over denominator: Natural, isExponentEven: Bool = false) {
    let shift = Self.shift(numerator.bitWidth, denominator.bitWidth, isExponentEven)
    let (shifted, lostBits) = numerator.shifted(by: shift)
    let (quotient, hasRemainder) = shifted.divided(by: denominator)
    self.init(bits: quotient, exponent: -shift, isInexact: lostBits || hasRemainder)
  }

  /// The same of numbers of a fixed width.
  init(of numerator: Fixed256, over denominator: UInt64, isExponentEven: Bool = false) {
    let width = 64 - denominator.leadingZeroBitCount
    let shift = Self.shift(numerator.bitWidth, width, isExponentEven)
    let (shifted, lostBits) = numerator.shifted(by: shift)
    let (quotient, hasRemainder) = shifted.divided(by: denominator)
    self.init(bits: quotient, exponent: -shift, isInexact: lostBits || hasRemainder)
  }

  /// The same of a numerator and a denominator of so few bits that those of the quotient are enough in 64.
  init(of numerator: UInt64, over denominator: UInt64) {
    // The quotient has 64 bits less those of the denominator, which are at most ten.
    let shift = numerator.leadingZeroBitCount
    let (quotient, remainder) = (numerator &<< UInt64(shift)).quotientAndRemainder(dividingBy: denominator)
    self.init(bits: UInt128(quotient), exponent: -shift, isInexact: remainder != 0)
  }

  /// How far to shift a numerator of `numerator` bits so that its quotient has 126 to 128.
  private static func shift(_ numerator: Int, _ denominator: Int, _ isEven: Bool) -> Int {
    let shift = denominator + 127 - numerator
    return isEven ? shift & ~1 : shift
  }

  /// The first bits of the root of this number, whose exponent is even.
  var root: LeadingBits {
    let root = UInt128(bits.wholeRoot)
    return LeadingBits(bits: root, exponent: exponent / 2, isInexact: isInexact || root &* root != bits)
  }

  /// The nearest double of this number times 2^`further`, of two the even one.
  func nearest(exponent further: Int) -> Double {
    guard bits != 0 else { return 0 }
    let exponent = exponent + further
    let width = 128 - bits.leadingZeroBitCount
    // What the last bit of a double of this size stands for.
    let last = max(exponent + width - 53, Double.lowestExponent)
    let dropped = last - exponent
    guard dropped <= 128 else { return 0 }
    var kept = dropped == 128 ? 0 : UInt64(truncatingIfNeeded: bits &>> UInt128(dropped))
    let rest = bits &<< UInt128(128 - dropped)
    let half: UInt128 = 1 << 127
    if rest > half || rest == half && (isInexact || kept % 2 == 1) { kept += 1 }
    // Anything of a larger exponent is beyond the largest double.
    guard last - Double.lowestExponent < 0x7FE else { return .infinity }
    // A carry out of the significand moves the exponent up, as it should; the largest carries to infinity.
    return Double(bitPattern: UInt64(last - Double.lowestExponent) << 52 + kept)
  }
}

extension UInt128 {
  /// The whole part of the root.
  fileprivate var wholeRoot: UInt64 {
    guard self != 0 else { return 0 }
    let high = Double(UInt64(truncatingIfNeeded: self &>> 64))
    let low = Double(UInt64(truncatingIfNeeded: self))
    let estimate = (high * 0x1p64 + low).squareRoot()
    var root = estimate < 0x1p64 ? UInt64(estimate) : .max
    // The first fifty bits are right. What is missing is the rest over twice the root, and at most one beside it.
    let rest = Int64(
      truncatingIfNeeded: Int128(truncatingIfNeeded: self &- UInt128(root) &* UInt128(root)) &>> 16)
    let step = Int64(Double(rest) * 0x1p15 / Double(root))
    root =
      step >= 0 ? (UInt64.max - root < step.magnitude ? .max : root + step.magnitude) : root - step.magnitude
    while UInt128(root) &* UInt128(root) > self { root -= 1 }
    while root < .max, UInt128(root + 1) &* UInt128(root + 1) <= self { root += 1 }
    return root
  }
}
