/// The sums behind ``Moments`` of ordinary values, in numbers of a fixed width, which take a tenth of the time. The
/// bounds below are such that nothing overflows.
struct OrdinarySums {
  /// How many binades lie between the smallest value and the largest, at most: a value then has 53 + 40 bits, and above the
  /// lowest one more.
  private static let binades = 40
  /// How many values there are, at most: sums of products have 20 bits more than these.
  private static let values = 1 << 20
  /// Times are below 2^48: nine thousand years in milliseconds.
  private static let timeBits = 48
  /// How far a value is above the lowest one is `upper` · 2^54 + `lower`: sums of 2^20 products have 128 bits.
  private static let lowerBits = 54

  /// Values are multiples of 2^(`place` + `Double.lowestExponent`).
  private let place: Int
  private let lowest: Int128
  private var count: UInt64 = 0
  private var sum: UInt128 = 0
  private var lowerSquares: UInt128 = 0
  private var products: UInt128 = 0
  private var upperSquares: UInt128 = 0
  private var times: UInt128 = 0
  private var timeSquares: UInt128 = 0
  private var lowerByTime: UInt128 = 0
  private var upperByTime: UInt128 = 0

  /// Nil where the values have to be summed up by ``LargeSums``.
  init?(_ range: ValueRange, count: Int, longestTime: UInt64) {
    guard range.largest.wholeParts.place - range.smallest.wholeParts.place <= Self.binades,
      count <= Self.values, longestTime >> UInt64(Self.timeBits) == 0
    else { return nil }
    place = range.smallest.wholeParts.place
    lowest = Self.whole(range.lowest, place)
  }

  /// `value` in units of 2^(`place` + `Double.lowestExponent`).
  @inline(__always)
  private static func whole(_ value: Double, _ place: Int) -> Int128 {
    let parts = value.wholeParts
    // A zero may lie below.
    let size =
      Int128(truncatingIfNeeded: parts.significand)
      &<< Int128(truncatingIfNeeded: max(0, parts.place &- place))
    return value.sign == .minus ? 0 &- size : size
  }

  @inline(__always)
  mutating func add(_ value: Double, at time: UInt64) {
    // Spread and slope do not depend on where values are counted from; from the lowest, none is negative.
    let above = UInt128(truncatingIfNeeded: Self.whole(value, place) &- lowest)
    let lower = UInt64(truncatingIfNeeded: above) & (1 << UInt64(Self.lowerBits) - 1)
    let upper = UInt64(truncatingIfNeeded: above &>> UInt128(Self.lowerBits))
    count &+= 1
    sum &+= above
    lowerSquares &+= product(lower, lower)
    times &+= UInt128(time)
    timeSquares &+= product(time, time)
    lowerByTime &+= product(lower, time)
    // Where the values of a window are close together, none has an upper part.
    guard upper != 0 else { return }
    products &+= product(lower, upper)
    upperSquares &+= product(upper, upper)
    upperByTime &+= product(upper, time)
  }

  @inline(__always)
  private func product(_ a: UInt64, _ b: UInt64) -> UInt128 {
    let product = a.multipliedFullWidth(by: b)
    return UInt128(product.high) &<< 64 | UInt128(product.low)
  }

  var mean: Double {
    let total = Int128(sum) &+ Int128(count) &* lowest
    let mean = LeadingBits(of: Fixed256(total.magnitude), over: count).nearest(
      exponent: place + Double.lowestExponent)
    return total < 0 ? 0 - mean : mean
  }

  var stddev: Double {
    let squares =
      Fixed256(lowerSquares) + Fixed256(products, times: 1 << UInt128(Self.lowerBits + 1))
      + Fixed256(upperSquares, times: 1 << UInt128(2 * Self.lowerBits))
    let variance = squares * count - Fixed256(sum, times: sum)
    return LeadingBits(of: variance, over: count * count, isExponentEven: true).root
      .nearest(exponent: place + Double.lowestExponent)
  }

  /// Nil where it has to be found by ``LargeSums``.
  func slope(scale: Int) -> Double? {
    let spread = Fixed256(timeSquares) * count - Fixed256(times, times: times)
    guard spread.bitWidth <= 64 else { return nil }
    let denominator = UInt64(truncatingIfNeeded: spread.low)
    guard denominator != 0 else { return 0 }
    let byTime = (Fixed256(lowerByTime) + Fixed256(upperByTime, times: 1 << UInt128(Self.lowerBits))) * count
    let bySums = Fixed256(times, times: sum)
    let isNegative = byTime < bySums
    let size = (isNegative ? bySums - byTime : byTime - bySums) * UInt64(scale)
    let slope = LeadingBits(of: size, over: denominator).nearest(exponent: place + Double.lowestExponent)
    return isNegative ? 0 - slope : slope
  }
}
