import OneClassSVM
import Telemetry
import WindowStore

/// The rows that one model is trained on, or scores: a feature vector a window.
public struct FeatureTable: Sendable, Equatable {
  /// Which window a row stands for.
  public struct Row: Hashable, Sendable {
    public var start: Timestamp
    public var end: Timestamp
    /// The window's; of a whole device the newest among its sensors.
    public var revision: Int
  }

  public let key: ModelKey
  /// The columns of ``features``.
  public let featureNames: [String]
  /// By start.
  public var rows: [Row] = []
  /// A row for each of ``rows``.
  public var features: FeatureMatrix
  /// The windows that have no feature vector, by start.
  public var failures: [FailedRow] = []
}

/// A window that could not be scored, and why.
public struct FailedRow: Hashable, Sendable {
  public var key: ModelKey
  public var start: Timestamp
  public var end: Timestamp
  public var revision: Int
  public var reason: String
}

/// Turns the windows of one device into feature vectors. Training and scoring share it, so that a model sees the same
/// numbers in both.
public struct FeatureVectorBuilder: Sendable {
  public let layout: ModelLayout

  public init(layout: ModelLayout) { self.layout = layout }

  /// The tables of the models of `device`: one for the whole device, or one a sensor.
  ///
  /// - Parameters:
  ///   - windows: Of this device alone, each window once.
  ///   - sensors: Whose features a whole-device model has; nil for all that occur. Windows of other sensors are not
  ///     looked at. A window in which one of them has no value becomes a failure.
  public func tables(of device: DeviceID, windows: some Sequence<WindowRow>, sensors: [SensorID]? = nil)
    -> [FeatureTable]
  {
    switch layout.per {
    case .sensor: sensorTables(device, windows)
    case .device: [deviceTable(device, windows, sensors)]
    }
  }

  private func sensorTables(_ device: DeviceID, _ windows: some Sequence<WindowRow>) -> [FeatureTable] {
    var bySensor: [SensorID: [WindowRow]] = [:]
    for window in windows { bySensor[window.sensor, default: []].append(window) }
    return bySensor.keys.sorted().map { sensor in
      var table = emptyTable(ModelKey(device: device, sensor: sensor), sensors: [sensor])
      for window in (bySensor[sensor] ?? []).sorted(by: { $0.start < $1.start }) {
        add([window], end: window.end, to: &table)
      }
      return table
    }
  }

  private func deviceTable(_ device: DeviceID, _ windows: some Sequence<WindowRow>, _ sensors: [SensorID]?)
    -> FeatureTable
  {
    let windows = Array(windows)
    if let sensors, let table = alignedTable(device, windows, sensors.sorted()) { return table }
    var byStart: [Timestamp: [WindowRow]] = [:]
    for window in windows { byStart[window.start, default: []].append(window) }
    let sensors = sensors?.sorted() ?? Set(byStart.values.joined().map(\.sensor)).sorted()
    var table = emptyTable(ModelKey(device: device, sensor: nil), sensors: sensors)
    for start in byStart.keys.sorted() {
      guard let present = byStart[start], let first = present.first else { continue }
      let bySensor = Dictionary(
        present.map { ($0.sensor, $0) }, uniquingKeysWith: { $0.revision > $1.revision ? $0 : $1 })
      let missing = sensors.filter { bySensor[$0] == nil }
      if missing.isEmpty {
        add(sensors.compactMap { bySensor[$0] }, end: first.end, to: &table)
      } else {
        let names = missing.map(\.name).joined(separator: ", ")
        table.failures.append(
          FailedRow(
            key: table.key, start: start, end: first.end, revision: present.map(\.revision).max() ?? 1,
            reason: "the window has no reading of \(names)"))
      }
    }
    return table
  }

  /// The common case without any dictionary: `windows` are in the order of the store, and each of `sensors` has a window
  /// at the same times. Nil where that is not so.
  private func alignedTable(_ device: DeviceID, _ windows: [WindowRow], _ sensors: [SensorID])
    -> FeatureTable?
  {
    guard !sensors.isEmpty, windows.count % sensors.count == 0 else { return nil }
    let count = windows.count / sensors.count
    for (index, sensor) in sensors.enumerated() {
      for row in 0..<count {
        let window = windows[index * count + row]
        guard window.sensor == sensor, window.start == windows[row].start,
          row == 0 || windows[index * count + row - 1].start < window.start
        else { return nil }
      }
    }
    var table = emptyTable(ModelKey(device: device, sensor: nil), sensors: sensors)
    table.rows.reserveCapacity(count)
    for row in 0..<count {
      add(sensors.indices.map { windows[$0 * count + row] }, end: windows[row].end, to: &table)
    }
    return table
  }

  private func emptyTable(_ key: ModelKey, sensors: [SensorID]) -> FeatureTable {
    let names = layout.featureNames(sensors: sensors)
    return FeatureTable(key: key, featureNames: names, features: FeatureMatrix(columns: max(1, names.count)))
  }

  /// One row from the windows of all sensors of the table, in their order.
  private func add(_ windows: [WindowRow], end: Timestamp, to table: inout FeatureTable) {
    guard let first = windows.first else { return }
    let values = windows.flatMap { window in layout.features.map { $0.value(of: window.aggregates) } }
    let revision = windows.map(\.revision).max() ?? 1
    guard let bad = values.firstIndex(where: { !$0.isFinite }) else {
      table.rows.append(FeatureTable.Row(start: first.start, end: end, revision: revision))
      table.features.append(values)
      return
    }
    table.failures.append(
      FailedRow(
        key: table.key, start: first.start, end: end, revision: revision,
        reason: "\(table.featureNames[bad]) is \(values[bad]); only finite values can be scored"))
  }
}
