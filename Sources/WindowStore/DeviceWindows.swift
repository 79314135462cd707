import Telemetry

/// The windows of one device in a cut, in columns, with the aggregates that somebody asked for: a job reads millions of
/// windows and needs a few numbers of each.
package struct DeviceWindows: Sendable {
  /// One window, without its values.
  package struct Row: Hashable, Sendable {
    /// The position of its sensor in ``DeviceWindows/sensors``.
    package var sensor: Int
    package var start: Timestamp
    package var end: Timestamp
    package var revision: Int
    /// See ``WindowRow/visibleFrom``.
    package var visibleFrom: Timestamp

    package init(sensor: Int, start: Timestamp, end: Timestamp, revision: Int, visibleFrom: Timestamp) {
      self.sensor = sensor
      self.start = start
      self.end = end
      self.revision = revision
      self.visibleFrom = visibleFrom
    }
  }

  package let device: DeviceID
  /// In byte order; all that the store knows, of any device.
  package let sensors: [SensorID]
  /// What ``values`` holds of each window.
  package let columns: [AggregateColumn]
  /// By start. Those of one start are of different sensors, in no particular order.
  package let rows: [Row]
  /// For each of ``rows`` as many values as there are ``columns``; NaN where the store has none.
  package let values: [Double]

  /// - Parameters:
  ///   - sensors: In byte order.
  ///   - rows: By start.
  ///   - values: For each of `rows` as many as there are `columns`; NaN where there is none.
  package init(
    device: DeviceID, sensors: [SensorID], columns: [AggregateColumn], rows: [Row], values: [Double]
  ) {
    precondition(values.count == rows.count * columns.count, "a value for each column of each window")
    self.device = device
    self.sensors = sensors
    self.columns = columns
    self.rows = rows
    self.values = values
  }

  /// Takes `windows`, each once, of `device` alone.
  package init(of device: DeviceID, _ windows: some Sequence<WindowRow>, columns: [AggregateColumn]) {
    let windows = windows.sorted { $0.start < $1.start }
    let sensors = Set(windows.map(\.sensor)).sorted()
    let positions = Dictionary(uniqueKeysWithValues: sensors.enumerated().map { ($1, $0) })
    self.init(
      device: device, sensors: sensors, columns: columns,
      rows: windows.map { window in
        Row(
          sensor: positions[window.sensor] ?? 0, start: window.start, end: window.end,
          revision: window.revision, visibleFrom: window.visibleFrom)
      }, values: windows.flatMap { window in columns.map { window.aggregates[$0] } })
  }

  /// Where `sensor` stands in ``sensors``; nil where the store does not know it.
  package func position(of sensor: SensorID) -> Int? {
    var range = sensors.indices
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      if sensors[middle] == sensor { return middle }
      range = sensors[middle] < sensor ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return nil
  }

  /// The windows at `indices`, which ascend.
  package func selecting(_ indices: some Collection<Int>) -> DeviceWindows {
    DeviceWindows(
      device: device, sensors: sensors, columns: columns, rows: indices.map { rows[$0] },
      values: indices.flatMap { values[$0 * columns.count..<($0 + 1) * columns.count] })
  }
}
