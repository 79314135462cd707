import WindowStore

/// What of a window of one sensor is a feature of a model.
public enum Aggregate: String, CaseIterable, Hashable, Sendable, Codable {
  case count, mean, stddev, min, max
  /// The largest value minus the smallest.
  case range

  /// Its value in a window.
  public func value(of aggregates: Aggregates) -> Double {
    switch self {
    case .count: Double(aggregates.count)
    case .mean: aggregates.mean
    case .stddev: aggregates.stddev
    case .min: aggregates.min
    case .max: aggregates.max
    case .range: aggregates.max - aggregates.min
    }
  }
}
