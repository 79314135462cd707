import Files
import Modelling
import OneClassSVM
import Telemetry
import WindowStore

/// Works out from the windows and the models what scoring inside the stream should have stored, and compares row by row.
///
/// A row's score is found as a job would find it whose cut ends when the row's revision became visible, and must be equal to the last bit.
/// Where everything was scored, each revision of a sensor's window, or the newest of a device's, must have its row. Of several revisions that
/// became visible at one time, the scores of all but the last are taken on trust: no cut ends between them.
struct StreamOracle {
  let windows: WindowStoreReader
  /// Where the models are, and what they see.
  let models: String
  let layout: ModelLayout
  /// Windows visible at this time are not scored; nil: all are.
  let from: Timestamp?

  private struct Key: Hashable, Comparable {
    var device: DeviceID
    var sensor: SensorID?
    var start: Timestamp
    var revision: Int

    static func < (a: Key, b: Key) -> Bool {
      (ModelKey(device: a.device, sensor: a.sensor), a.start, a.revision)
        < (ModelKey(device: b.device, sensor: b.sensor), b.start, b.revision)
    }

    var text: String { "\(device) \(sensor?.name ?? ModelKey.wholeDevice) at \(start) revision \(revision)" }
  }

  /// At most `limit` findings. Throws `StoreError`.
  func findings(limit: Int) throws -> [String] {
    var findings: [String] = []
    let builder = FeatureVectorBuilder(layout: layout)
    for device in try windows.devices() {
      var functions: [ModelKey: DecisionFunction?] = [:]
      func function(_ key: ModelKey) -> DecisionFunction? {
        if let known = functions[key] { return known }
        let function = try? ModelFile.read(folder: models, stem: key.stem).decisionFunction
        functions[key] = .some(function)
        return function
      }
      let predictions = try windows.streamPredictions(of: device)
      let revisions = try windows.windowRevisions(of: device)
      let byStart = Dictionary(grouping: revisions, by: \.start)
      var seen: Set<Key> = []
      for row in predictions {
        let key = Key(device: device, sensor: row.sensor, start: row.start, revision: row.revision)
        seen.insert(key)
        let model = ModelKey(device: device, sensor: row.sensor)
        guard let function = function(model) else {
          findings.append("\(key.text): scored, and there is no model")
          continue
        }
        guard Self.exists(row, among: byStart[row.start] ?? []) else {
          findings.append("\(key.text): scored, and there is no such revision")
          continue
        }
        let sensors =
          row.sensor.map { [$0] } ?? ModelLayout.sensors(ofFeatures: function.featureNames)
        let visible = try windows.windows(
          visibleAfter: nil, through: row.visibleFrom, devices: [device], columns: builder.columns,
          from: row.start)
        let tables = visible.flatMap { builder.tables(of: $0, sensors: sensors) }
        let table = tables.first { $0.key == model }
        if let failure = table?.failures.first(where: {
          $0.start == row.start && $0.revision == row.revision
        }) {
          findings.append("\(key.text): scored, though \(failure.reason)")
          continue
        }
        // A later revision that became visible at the same time hides this one, or took the window back.
        guard let table,
          let place = table.rows.firstIndex(where: { $0.start == row.start && $0.revision == row.revision })
        else { continue }
        var one = FeatureMatrix(columns: table.featureNames.count, reservingRows: 1)
        one.append(table.features[row: place])
        var scores: [Double] = []
        try function.decide(one, into: &scores)
        if scores.first?.bitPattern != row.score.bitPattern {
          findings.append("\(key.text): score \(row.score), expected \(scores.first ?? .nan)")
        } else if row.isAnomaly != OneClassModel.isAnomaly(row.score) {
          findings.append(
            "\(key.text): prediction \(row.isAnomaly ? 1 : 0), though its score is \(row.score)")
        } else if table.rows[place].end != row.end {
          findings.append("\(key.text): window_end \(row.end), expected \(table.rows[place].end)")
        }
      }
      findings += try missing(device, seen, revisions, builder, function).map { "\($0.text): missing" }
      if findings.count >= limit { return Array(findings.prefix(limit)) }
    }
    return findings
  }

  /// Whether there is a revision that `row` may be of.
  private static func exists(
    _ row: WindowStoreReader.StreamPrediction, among revisions: [WindowStoreReader.WindowRevision]
  ) -> Bool {
    let own = revisions.filter { row.sensor == nil || $0.sensor == row.sensor }
    // A whole device's row has the highest number among its sensors, and came with the last that changed.
    let hasNumber = own.contains {
      $0.revision == row.revision && !$0.isWithdrawn && $0.visibleFrom <= row.visibleFrom
    }
    return hasNumber
      && own.contains {
        $0.visibleFrom == row.visibleFrom && (row.sensor == nil || $0.revision == row.revision)
      }
  }

  /// The revisions that could have been scored and were not: of a whole device only the newest.
  private func missing(
    _ device: DeviceID, _ seen: Set<Key>, _ revisions: [WindowStoreReader.WindowRevision],
    _ builder: FeatureVectorBuilder, _ function: (ModelKey) -> DecisionFunction?
  ) throws -> [Key] {
    var missing: Set<Key> = []
    if layout.per == .sensor {
      let failures = try windows.streamFailures(of: device)
      for row in revisions where !row.isWithdrawn && (from.map { row.visibleFrom > $0 } ?? true) {
        let key = Key(device: device, sensor: row.sensor, start: row.start, revision: row.revision)
        let failure = WindowStoreReader.StreamFailure(
          sensor: row.sensor, start: row.start, revision: row.revision)
        if function(ModelKey(device: device, sensor: row.sensor)) != nil, !seen.contains(key),
          !failures.contains(failure)
        {
          missing.insert(key)
        }
      }
    }
    let whole = ModelKey(device: device, sensor: nil)
    let sensors =
      layout.per == .device
      ? function(whole).flatMap { ModelLayout.sensors(ofFeatures: $0.featureNames) } : nil
    for found in try windows.windows(
      visibleAfter: nil, through: nil, devices: [device], columns: builder.columns)
    {
      let late = Set(found.rows.filter { row in from.map { row.visibleFrom > $0 } ?? true }.map(\.start))
      for table in builder.tables(of: found, sensors: sensors) where function(table.key) != nil {
        for row in table.rows where late.contains(row.start) {
          let key = Key(
            device: device, sensor: table.key.sensor, start: row.start, revision: row.revision)
          if !seen.contains(key) { missing.insert(key) }
        }
      }
    }
    return missing.sorted()
  }
}
