import Modelling
import Telemetry
import WindowStore

/// Makes the rows that are to be scored of windows that have closed, as a batch job makes them.
package struct StreamRowBuilder {
  /// What scores the rows.
  package enum Scorer: Hashable, Sendable {
    /// The models of a folder: a row has the features that its model was trained on.
    case models(folder: String, layout: ModelLayout)
    /// A script: a row has all aggregates of the window.
    case script(ModelScope)
  }

  /// The rows of some windows of a device, and the windows that cannot have any.
  package struct Rows: Sendable {
    package var groups: [StreamRequestRows] = []
    package var failures: [StreamScoreStore.Outcome] = []

    package init() {}
  }

  private let builder: FeatureVectorBuilder
  private var models: ModelFeatures?

  package init(_ scorer: Scorer) {
    switch scorer {
    case .models(let folder, let layout):
      builder = FeatureVectorBuilder(layout: layout)
      models = ModelFeatures(folder: folder)
    case .script(let scope):
      let all = AggregateColumn.allCases.compactMap { Aggregate(rawValue: $0.rawValue) }
      builder = FeatureVectorBuilder(layout: ModelLayout(per: scope, features: all))
    }
  }

  /// What a score is of.
  package var scope: ModelScope { builder.layout.per }
  /// What it needs of every window.
  package var columns: [AggregateColumn] { builder.columns }

  /// The rows that `batch` has changed. Of one sensor, each revision is a row; of a whole device, a window is one, with the newest revision of
  /// each sensor.
  package mutating func rows(of windows: ClosedWindows, in batch: StreamScoreStore.ClosedBatch) -> Rows {
    let changed = windows.rows.filter { $0.visibleFrom == batch.visibleFrom }
    var rows = Rows()
    switch builder.layout.per {
    case .sensor:
      // A window may have come to several revisions at one time.
      var passes: [[ClosedWindows.Row]] = []
      var pass = 0
      for (index, row) in changed.enumerated() {
        let isSame =
          index > 0 && changed[index - 1].start == row.start && changed[index - 1].sensor == row.sensor
        pass = isSame ? pass + 1 : 0
        if passes.count <= pass { passes.append([]) }
        if !row.isWithdrawn { passes[pass].append(row) }
      }
      for pass in passes { add(pass, of: windows, batch, to: &rows) }
    case .device:
      let starts = Set(changed.map(\.start))
      var newest: [ClosedWindows.Row] = []
      for row in windows.rows where starts.contains(row.start) {
        if let last = newest.last, last.start == row.start, last.sensor == row.sensor { newest.removeLast() }
        newest.append(row)
      }
      newest.removeAll(where: \.isWithdrawn)
      if models != nil {
        add(newest, of: windows, batch, to: &rows)
      } else {
        // A script takes a window with the sensors that it has.
        for (_, ofStart) in Dictionary(grouping: newest, by: \.start).sorted(by: { $0.key < $1.key }) {
          add(ofStart, of: windows, batch, to: &rows)
        }
      }
    }
    return rows
  }

  /// - Parameter found: By start; each sensor once a start.
  private mutating func add(
    _ found: [ClosedWindows.Row], of windows: ClosedWindows, _ batch: StreamScoreStore.ClosedBatch,
    to rows: inout Rows
  ) {
    guard !found.isEmpty else { return }
    let sensors = Set(found.map(\.sensor)).sorted()
    let positions = Dictionary(uniqueKeysWithValues: sensors.enumerated().map { ($1, $0) })
    let numbers = Dictionary(
      found.map { ($0.sensor, $0.sensorNumber) }, uniquingKeysWith: { first, _ in first })
    let device = DeviceWindows(
      device: windows.device, sensors: sensors, columns: windows.columns,
      rows: found.map { row in
        DeviceWindows.Row(
          sensor: positions[row.sensor] ?? 0, start: row.start, end: row.end, revision: row.revision,
          visibleFrom: row.visibleFrom)
      }, values: found.flatMap(\.values))
    // A whole device has the sensors that its model was trained on.
    let wanted = builder.layout.per == .device ? wantedSensors(windows.device) : nil
    for table in builder.tables(of: device, sensors: wanted) {
      let number = table.key.sensor.flatMap { numbers[$0] } ?? 0
      func key(_ start: Timestamp, _ revision: Int) -> StreamScoreStore.Key {
        .init(device: windows.number, sensor: number, start: start, revision: revision)
      }
      let hasModel = models == nil || models?.features(of: table.key) != nil
      for failure in table.failures {
        rows.failures.append(
          .init(
            key: key(failure.start, failure.revision), batch: batch.id, end: failure.end,
            visibleFrom: batch.visibleFrom, result: .failed(reason: failure.reason)))
      }
      var group = StreamRequestRows(columns: table.featureNames, rows: [])
      for (index, row) in table.rows.enumerated() {
        let row = StreamRow(
          batch: batch.id, device: windows.device.name, sensor: table.key.sensor?.name,
          key: key(row.start, row.revision), end: row.end, visibleFrom: batch.visibleFrom,
          values: Array(table.features[row: index]))
        if hasModel {
          group.rows.append(row)
        } else {
          rows.failures.append(row.outcome(.failed(reason: "there is no model \(table.key.stem)")))
        }
      }
      if !group.rows.isEmpty { rows.groups.append(group) }
    }
  }

  private mutating func wantedSensors(_ device: DeviceID) -> [SensorID]? {
    models?.features(of: ModelKey(device: device, sensor: nil)).flatMap {
      ModelLayout.sensors(ofFeatures: $0)
    }
  }
}
