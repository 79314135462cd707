import WindowStore

/// What of a window of one sensor is a feature of a model.
package enum Aggregate: String, CaseIterable, Hashable, Sendable, Codable {
  case count, mean, stddev, min, max
  /// The largest value minus the smallest.
  case range
  /// The value of the first, and of the last reading.
  case first, last
  /// The slope of the least-squares line, a second.
  case slope
  /// Quantiles.
  case p05, p25, median, p75, p95

  /// The column of the store that it is; of a range the one that ``subtrahend`` is taken from.
  package var column: AggregateColumn {
    switch self {
    case .count: .count
    case .mean: .mean
    case .stddev: .stddev
    case .min: .min
    case .max, .range: .max
    case .first: .first
    case .last: .last
    case .slope: .slope
    case .p05: .p05
    case .p25: .p25
    case .median: .median
    case .p75: .p75
    case .p95: .p95
    }
  }

  /// The column that is taken away from ``column``; nil where none is.
  var subtrahend: AggregateColumn? { self == .range ? .min : nil }
}
