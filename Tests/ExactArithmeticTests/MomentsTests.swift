import ExactArithmetic
import Testing

@Suite struct MomentsTests {
  /// Whether `value` is the double nearest to `numerator` / `denominator`, of two the even one. The quotient is in units of
  /// the smallest double, as ``PlainInteger/init(_:)`` gives them.
  private static func isNearest(
    _ value: Double, to numerator: PlainInteger, over denominator: PlainInteger
  ) -> Bool {
    // Midway to a neighbour is half the sum of the two. Beyond the largest double lies 2^1024, if it were one.
    func toMiddle(_ neighbour: Double) -> Int {
      let beyond = PlainInteger(0x1p1023) + PlainInteger(0x1p1023)
      let other =
        neighbour.isFinite ? PlainInteger(neighbour) : neighbour < 0 ? -beyond : beyond
      return (numerator + numerator - (PlainInteger(value) + other) * denominator).sign
    }
    if value.isInfinite {
      let edge = PlainInteger(0x1p1023) + PlainInteger(0x1p1023) + PlainInteger(.greatestFiniteMagnitude)
      return ((numerator + numerator).magnitude - edge * denominator).sign >= 0
        && (numerator.sign < 0) == (value < 0)
    }
    let (below, above) = (toMiddle(value.nextDown), toMiddle(value.nextUp))
    let isEven = value.bitPattern % 2 == 0
    return (below > 0 || below == 0 && isEven) && (above < 0 || above == 0 && isEven)
  }

  /// Whether `value` is the double nearest to √`number` / `divisor`, likewise.
  private static func isNearestRoot(_ value: Double, of number: PlainInteger, over divisor: PlainInteger)
    -> Bool
  {
    func toMiddle(_ neighbour: Double) -> Int {
      let middle = (PlainInteger(value) + PlainInteger(neighbour)) * divisor
      return (PlainInteger(4) * number - middle * middle).sign
    }
    let isEven = value.bitPattern % 2 == 0
    let below = value == 0 ? 1 : toMiddle(value.nextDown)
    let above = toMiddle(value.nextUp)
    return (below > 0 || below == 0 && isEven) && (above < 0 || above == 0 && isEven)
  }

  @Test("Mean, standard deviation and slope are the doubles nearest to the true ones", arguments: 0..<20)
  func nearest(hundred: UInt64) {
    for seed in 100 * hundred..<100 * (hundred + 1) {
      let drawn = HardValues(seed: seed)
      let moments = Moments(of: drawn.values, at: drawn.times)
      let count = PlainInteger(drawn.values.count)
      let values = drawn.values.map { PlainInteger($0) }
      let times = drawn.times.map { PlainInteger(Int($0 - drawn.times[0])) }
      func sum(_ numbers: [PlainInteger]) -> PlainInteger { numbers.reduce(PlainInteger(0), +) }
      func square(_ number: PlainInteger) -> PlainInteger { number * number }

      #expect(Self.isNearest(moments.mean, to: sum(values), over: count), "seed \(seed): \(drawn.values)")
      let variance = count * sum(values.map(square)) - square(sum(values))
      #expect(Self.isNearestRoot(moments.stddev, of: variance, over: count), "seed \(seed): \(drawn.values)")
      let spread = count * sum(times.map(square)) - square(sum(times))
      if spread.sign == 0 {
        #expect(moments.slope == 0, "seed \(seed)")
      } else {
        let products = count * sum(zip(times, values).map { $0 * $1 }) - sum(times) * sum(values)
        #expect(
          Self.isNearest(moments.slope, to: PlainInteger(1000) * products, over: spread),
          "seed \(seed): \(drawn.values) at \(drawn.times)")
      }
      // What follows from this, and would be seen first.
      #expect(drawn.values.min()! <= moments.mean && moments.mean <= drawn.values.max()!, "seed \(seed)")
      if Set(drawn.values).count == 1 {
        #expect(moments.mean == drawn.values[0] && moments.stddev == 0 && moments.slope == 0, "seed \(seed)")
      }
      for zero in [moments.mean, moments.stddev, moments.slope] where zero == 0 {
        #expect(zero.sign == .plus, "seed \(seed)")
      }
    }
  }

  @Test("They do not depend on the order", arguments: 0..<2)
  func order(hundred: UInt64) {
    for seed in 100 * hundred..<100 * (hundred + 1) {
      let drawn = HardValues(seed: seed)
      let turned = Moments(of: drawn.values.reversed(), at: drawn.times.reversed())
      #expect(turned == Moments(of: drawn.values, at: drawn.times), "seed \(seed)")
    }
  }

  @Test("What is between two values is the nearest double to the true one", arguments: 0..<10)
  func interpolation(hundred: UInt64) {
    for seed in 100 * hundred..<100 * (hundred + 1) {
      let values = HardValues(seed: seed).values.sorted()
      let (low, high) = (values[0], values[values.count - 1])
      for share in 0...20 {
        let between = Double.interpolated(low, high, share: share, of: 20)
        let numerator =
          PlainInteger(20 - share) * PlainInteger(low) + PlainInteger(share) * PlainInteger(high)
        #expect(
          Self.isNearest(between, to: numerator, over: PlainInteger(20)),
          "seed \(seed): \(share)/20 between \(low) and \(high)")
        #expect(low <= between && between <= high, "seed \(seed)")
        #expect(between != 0 || between.sign == .plus, "seed \(seed)")
      }
    }
  }

  @Test("Values known by heart")
  func examples() {
    let tenths = Moments(of: [0.1, 0.1, 0.1])
    #expect(tenths.mean == 0.1 && tenths.stddev == 0)
    let largest = Double.greatestFiniteMagnitude
    let extremes = Moments(of: [largest, -largest], at: [0, 1])
    #expect(extremes == Moments(of: [-largest, largest], at: [1, 0]))
    #expect(extremes.mean == 0 && extremes.stddev == largest && extremes.slope == -.infinity)
    let cancelled = Moments(of: [1e308, 1, -1e308])
    #expect(cancelled.mean == 1.0 / 3)
    let smallest = Double.leastNonzeroMagnitude
    // A tie goes to the even one, here twice the smallest and zero.
    #expect(Moments(of: [smallest, 2 * smallest]).mean == 2 * smallest)
    #expect(Moments(of: [0, smallest]).mean == 0)
    #expect(Moments(of: [-0.0, 0.0, -0.0]).mean.sign == .plus)
    #expect(Moments(of: [1e16, 1e16 + 2, 1e16 + 4], at: [0, 1000, 2000]).slope == 2)
  }

  @Test("A window of more than a million readings")
  func long() {
    // One more than the fixed numbers have room for, and as many as they have.
    for count in [1 << 20 + 2, 1 << 20] {
      let moments = Moments(
        of: (0..<count).map { $0 % 2 == 0 ? 0.25 : 0.75 }, at: (0..<count).map { Int64($0) * 1000 })
      #expect(moments.mean == 0.5 && moments.stddev == 0.25)
      // Σ(t − mean)(x − mean) is n / 8, and Σ(t − mean)² is n (n² − 1) / 12.
      let squared = Double(count) * Double(count)
      #expect(moments.slope == 1.5 / (squared - 1))
    }
  }
}
