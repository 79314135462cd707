import Telemetry

/// Every revision of some windows of one device.
package struct ClosedWindows: Sendable {
  package struct Row: Sendable {
    package var sensor: SensorID
    package var sensorNumber: Int64
    package var start: Timestamp
    package var end: Timestamp
    package var revision: Int
    package var visibleFrom: Timestamp
    package var isWithdrawn: Bool
    /// In the order of ``ClosedWindows/columns``; NaN where the store has none.
    package var values: [Double]
  }

  package let device: DeviceID
  package let number: Int64
  package let columns: [AggregateColumn]
  /// By start, sensor and revision.
  package internal(set) var rows: [Row] = []

  init(device: DeviceID, number: Int64, columns: [AggregateColumn]) {
    self.device = device
    self.number = number
    self.columns = columns
  }
}
