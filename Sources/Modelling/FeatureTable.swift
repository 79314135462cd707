import OneClassSVM
import Telemetry
import WindowStore

/// The rows that one model is trained on, or scores: a feature vector a window.
package struct FeatureTable: Sendable, Equatable {
  /// Which window a row stands for.
  package struct Row: Hashable, Sendable {
    package var start: Timestamp
    package var end: Timestamp
    /// The window's; of a whole device the newest among its sensors.
    package var revision: Int

    package init(start: Timestamp, end: Timestamp, revision: Int) {
      self.start = start
      self.end = end
      self.revision = revision
    }
  }

  package let key: ModelKey
  /// The columns of ``features``.
  package let featureNames: [String]
  /// By start.
  package var rows: [Row] = []
  /// A row for each of ``rows``.
  package var features: FeatureMatrix
  /// The windows that have no feature vector, by start.
  package var failures: [FailedRow] = []
}

/// A window that could not be scored, and why.
package struct FailedRow: Hashable, Sendable {
  package var key: ModelKey
  package var start: Timestamp
  package var end: Timestamp
  package var revision: Int
  package var reason: String

  package init(key: ModelKey, start: Timestamp, end: Timestamp, revision: Int, reason: String) {
    self.key = key
    self.start = start
    self.end = end
    self.revision = revision
    self.reason = reason
  }
}

/// Turns the windows of one device into feature vectors. Training and scoring share it, so that a model sees the same
/// numbers in both.
package struct FeatureVectorBuilder: Sendable {
  /// Where a feature comes from: positions in ``columns``.
  private struct Source {
    var column: Int
    var subtrahend: Int?
  }

  package let layout: ModelLayout
  /// What it needs of every window.
  package let columns: [AggregateColumn]
  private let sources: [Source]

  package init(layout: ModelLayout) {
    self.layout = layout
    var columns: [AggregateColumn] = []
    func position(of column: AggregateColumn) -> Int {
      if let position = columns.firstIndex(of: column) { return position }
      columns.append(column)
      return columns.count - 1
    }
    sources = layout.features.map {
      Source(column: position(of: $0.column), subtrahend: $0.subtrahend.map { position(of: $0) })
    }
    self.columns = columns
  }

  /// The tables of the models of one device: one for the whole device, or one a sensor.
  ///
  /// - Parameters:
  ///   - windows: With ``columns``.
  ///   - sensors: Whose features a whole-device model has; nil for all that occur. Windows of other sensors are not
  ///     looked at. A window in which one of them has no value becomes a failure.
  package func tables(of windows: DeviceWindows, sensors: [SensorID]? = nil) -> [FeatureTable] {
    switch layout.per {
    case .sensor: present(in: windows).map { table(of: windows, model: $0, sensors: [$0]) }
    case .device: [table(of: windows, model: nil, sensors: sensors?.sorted() ?? present(in: windows))]
    }
  }

  /// The sensors that have a window, in byte order.
  private func present(in windows: DeviceWindows) -> [SensorID] {
    Set(windows.rows.map(\.sensor)).sorted().map { windows.sensors[$0] }
  }

  /// - Parameters:
  ///   - model: The sensor that the model is of; nil for one of the whole device. Then windows without a sensor of `sensors`
  ///     count too.
  ///   - sensors: In byte order.
  private func table(of windows: DeviceWindows, model: SensorID?, sensors: [SensorID]) -> FeatureTable {
    let names = layout.featureNames(sensors: sensors)
    var table = FeatureTable(
      key: ModelKey(device: windows.device, sensor: model), featureNames: names,
      features: FeatureMatrix(
        columns: max(1, names.count), reservingRows: windows.rows.count / max(1, sensors.count)))
    var places = [Int](repeating: -1, count: windows.sensors.count)
    for (place, sensor) in sensors.enumerated() {
      if let position = windows.position(of: sensor) { places[position] = place }
    }
    var values = [Double](repeating: 0, count: sources.count * sensors.count)
    let rows = windows.rows
    var index = 0
    // The windows of one start follow each other, and are one row.
    while index < rows.count {
      let first = index
      var found = 0
      var window = FeatureTable.Row(start: rows[first].start, end: rows[first].end, revision: 0)
      var newest = 0
      var lowest = Int.max
      while index < rows.count, rows[index].start == window.start {
        let row = rows[index]
        let place = places[row.sensor]
        if place >= 0 {
          found += 1
          window.revision = max(window.revision, row.revision)
          fill(&values, from: place * sources.count, windows, index)
        }
        if place >= 0 || model == nil {
          newest = max(newest, row.revision)
          // Sessions of one start may end at different times; the first sensor's counts.
          if row.sensor < lowest { (lowest, window.end) = (row.sensor, row.end) }
        }
        index += 1
      }
      if found == sensors.count {
        add(window, values, to: &table)
      } else if model == nil {
        let present = Set(rows[first..<index].map { windows.sensors[$0.sensor] })
        let missing = sensors.filter { !present.contains($0) }.map(\.name).joined(separator: ", ")
        table.failures.append(
          FailedRow(
            key: table.key, start: window.start, end: window.end, revision: newest,
            reason: "the window has no reading of \(missing)"))
      }
    }
    return table
  }

  /// Writes the features of the window at `index` into `values`.
  private func fill(_ values: inout [Double], from place: Int, _ windows: DeviceWindows, _ index: Int) {
    let first = index * columns.count
    for (offset, source) in sources.enumerated() {
      var value = windows.values[first + source.column]
      if let subtrahend = source.subtrahend { value -= windows.values[first + subtrahend] }
      values[place + offset] = value
    }
  }

  private func add(_ window: FeatureTable.Row, _ values: [Double], to table: inout FeatureTable) {
    guard let bad = values.firstIndex(where: { !$0.isFinite }) else {
      table.rows.append(window)
      table.features.append(values)
      return
    }
    // The store has finite values only, or none.
    table.failures.append(
      FailedRow(
        key: table.key, start: window.start, end: window.end, revision: window.revision,
        reason: "\(table.featureNames[bad]) is beyond the largest number of double precision; "
          + "only finite values can be scored"))
  }
}
