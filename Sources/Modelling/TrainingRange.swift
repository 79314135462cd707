import Telemetry
import WindowStore

/// The windows that models are trained on: those that begin at or after `from` and end at or before `to`, as they were
/// visible at `to`.
package struct TrainingRange: Hashable, Sendable, Codable {
  package var from: Timestamp
  package var to: Timestamp

  package init(from: Timestamp, to: Timestamp) {
    self.from = from
    self.to = to
  }
}

extension DeviceWindows {
  /// The windows that lie in `range`.
  package func inside(_ range: TrainingRange) -> DeviceWindows {
    selecting(rows.indices.filter { rows[$0].start >= range.from && rows[$0].end <= range.to })
  }
}
