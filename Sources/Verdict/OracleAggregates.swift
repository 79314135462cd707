import ExactArithmetic
import WindowStore

/// The aggregates of readings by their definitions: readings become whole multiples of a power of two, everything is
/// computed in whole numbers, and each result is rounded once.
enum OracleAggregates {
  /// A whole number with a sign.
  private struct Whole {
    var size: Natural
    var isNegative: Bool

    init(_ size: Natural, isNegative: Bool = false) { (self.size, self.isNegative) = (size, isNegative) }

    init(_ value: Int64) { self.init(Natural(UInt128(value.magnitude)), isNegative: value < 0) }

    /// `value` in units of the double that is `place` places above the smallest.
    init(_ value: Double, place: Int) {
      let parts = value.wholeParts
      var size = Natural(0)
      if parts.significand != 0 { size.add(UInt128(parts.significand), shiftedBy: parts.place - place) }
      self.init(size, isNegative: value < 0)
    }

    static func + (a: Whole, b: Whole) -> Whole {
      if a.isNegative == b.isNegative { return Whole(a.size + b.size, isNegative: a.isNegative) }
      let (size, isNegative) = Natural.difference(a.size, b.size)
      return Whole(size, isNegative: a.isNegative != isNegative)
    }

    static func - (a: Whole, b: Whole) -> Whole { a + Whole(b.size, isNegative: !b.isNegative) }

    static func * (a: Whole, b: Whole) -> Whole {
      Whole(a.size * b.size, isNegative: a.isNegative != b.isNegative)
    }
  }

  /// Readings and their times, at least one, in canonical order.
  static func of(_ values: [Double], at times: [Int64]) -> Aggregates {
    let place = values.filter { $0 != 0 }.map(\.wholeParts.place).min() ?? 0
    func quotient(_ numerator: Whole, _ denominator: Natural) -> Double {
      let size = Double.nearestQuotient(
        numerator.size, denominator, exponent: place + Double.lowestExponent)
      return numerator.isNegative && size != 0 ? -size : size
    }
    let count = Natural(values.count)
    // n times the distances from the mean, which are whole numbers, as the distances themselves may not be.
    func distances(_ wholes: [Whole]) -> (sum: Whole, distances: [Whole]) {
      let sum = wholes.reduce(Whole(0), +)
      return (sum, wholes.map { Whole(count) * $0 - sum })
    }
    let (sum, deviations) = distances(values.map { Whole($0, place: place) })
    let squares = deviations.map { $0 * $0 }.reduce(Whole(0), +).size
    let offsets = distances(times.map { Whole($0 - times[0]) }).distances
    let spread = offsets.map { $0 * $0 }.reduce(Whole(0), +).size
    let products = zip(offsets, deviations).map { $0 * $1 }.reduce(Whole(0), +)
    let slope = spread.isZero ? 0 : quotient(products * Whole(1000), spread)

    let sorted = values.sorted()
    func quantile(percent: Int) -> Double {
      let rank = (sorted.count - 1) * percent
      let (low, part) = (rank / 100, rank % 100)
      let lower = Whole(sorted[low], place: place) * Whole(Int64(100 - part))
      let upper = Whole(sorted[min(low + 1, sorted.count - 1)], place: place) * Whole(Int64(part))
      return quotient(lower + upper, Natural(100))
    }
    return Aggregates(
      count: values.count, mean: quotient(sum, count),
      stddev: Double.nearestRoot(
        squares * count, over: count * count, exponent: place + Double.lowestExponent),
      min: quantile(percent: 0), max: quantile(percent: 100), first: values[0] + 0,
      last: values[values.count - 1] + 0, slope: slope.isFinite ? slope : nil, p05: quantile(percent: 5),
      p25: quantile(percent: 25), median: quantile(percent: 50), p75: quantile(percent: 75),
      p95: quantile(percent: 95))
  }
}
