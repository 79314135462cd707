/// An aggregate that the store keeps of every window, under the name of its column.
package enum AggregateColumn: String, CaseIterable, Hashable, Sendable {
  case count, mean, stddev, min, max, first, last, slope, p05, p25, median, p75, p95
}

extension Aggregates {
  /// The value in `column`; NaN where there is none.
  package subscript(column: AggregateColumn) -> Double {
    switch column {
    case .count: Double(count)
    case .mean: mean
    case .stddev: stddev
    case .min: min
    case .max: max
    case .first: first
    case .last: last
    case .slope: slope ?? .nan
    case .p05: p05
    case .p25: p25
    case .median: median
    case .p75: p75
    case .p95: p95
    }
  }
}
