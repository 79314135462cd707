import Telemetry
import WindowStore

/// A row that is to be scored.
package struct StreamRow: Hashable, Sendable {
  /// Which batch of closed windows it came with.
  package var batch: Int64
  package var device: String
  /// Nil: the whole device.
  package var sensor: String?
  package var key: StreamScoreStore.Key
  package var end: Timestamp
  package var visibleFrom: Timestamp
  /// As many as the group has columns.
  package var values: [Double]

  package init(
    batch: Int64, device: String, sensor: String?, key: StreamScoreStore.Key, end: Timestamp,
    visibleFrom: Timestamp, values: [Double]
  ) {
    self.batch = batch
    self.device = device
    self.sensor = sensor
    self.key = key
    self.end = end
    self.visibleFrom = visibleFrom
    self.values = values
  }

  /// What becomes of it.
  package func outcome(_ result: StreamScoreStore.Outcome.Result) -> StreamScoreStore.Outcome {
    .init(key: key, batch: batch, end: end, visibleFrom: visibleFrom, result: result)
  }
}

/// Rows of one request: they have the same columns.
package struct StreamRequestRows: Hashable, Sendable {
  package var columns: [String]
  package var rows: [StreamRow]

  package init(columns: [String], rows: [StreamRow]) {
    self.columns = columns
    self.rows = rows
  }
}
