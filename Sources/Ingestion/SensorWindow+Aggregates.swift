import ExactArithmetic
import WindowStore

extension SensorWindow {
  /// The aggregates of the samples, of which there is at least one.
  ///
  /// Each is the double nearest to its true value. So it depends on the samples alone, and neither on the order in which they
  /// came nor on the processor. A zero is +0, because SQLite keeps no sign of a zero.
  func aggregates() -> Aggregates {
    var ordered = samples
    let isOrdered = zip(ordered, ordered.dropFirst()).allSatisfy {
      $0.timestamp < $1.timestamp || Sample.precedes($0, $1)
    }
    if !isOrdered { ordered.sort(by: Sample.precedes) }
    var values = ordered.map(\.value)
    let moments = Moments(of: values, at: ordered.map(\.timestamp))
    let (first, last) = (values[0], values[values.count - 1])
    values.sort()
    return Aggregates(
      count: values.count, mean: moments.mean, stddev: moments.stddev, min: values[0] + 0,
      max: values[values.count - 1] + 0, first: first + 0, last: last + 0,
      slope: moments.slope.isFinite ? moments.slope : nil,
      p05: Self.quantile(1, values), p25: Self.quantile(5, values), median: Self.quantile(10, values),
      p75: Self.quantile(15, values), p95: Self.quantile(19, values))
  }

  /// Type 7 of Hyndman and Fan: linear between the two readings at (n − 1) · share. The share comes in twentieths, since
  /// most shares are no doubles.
  private static func quantile(_ twentieths: Int, _ sorted: [Double]) -> Double {
    let (below, share) = ((sorted.count - 1) * twentieths).quotientAndRemainder(dividingBy: 20)
    return .interpolated(sorted[below], sorted[min(below + 1, sorted.count - 1)], share: share, of: 20)
  }
}
