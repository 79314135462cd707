import WindowStore

/// What of a window of one sensor is a feature of a model.
public enum Aggregate: String, CaseIterable, Hashable, Sendable, Codable {
  case count, mean, stddev, min, max
  /// The largest value minus the smallest.
  case range
  /// The value of the first, and of the last reading.
  case first, last
  /// The slope of the least-squares line, a second.
  case slope
  /// Quantiles.
  case p05, p25, median, p75, p95

  /// Its value in a window.
  public func value(of aggregates: Aggregates) -> Double {
    switch self {
    case .count: Double(aggregates.count)
    case .mean: aggregates.mean
    case .stddev: aggregates.stddev
    case .min: aggregates.min
    case .max: aggregates.max
    case .range: aggregates.max - aggregates.min
    case .first: aggregates.first
    case .last: aggregates.last
    case .slope: aggregates.slope
    case .p05: aggregates.p05
    case .p25: aggregates.p25
    case .median: aggregates.median
    case .p75: aggregates.p75
    case .p95: aggregates.p95
    }
  }
}
