import BatchScoring
import Compute
import Files
import Foundation
import Modelling
import OneClassSVM
import Telemetry
import WindowStore

/// Works out from the windows and the models what the prediction files of a run should hold, and compares row by row.
///
/// Which rows there should be is found in the plainest way: for each model the starts of the windows that became visible in the
/// job's cut. Scores come from the decision function over the text of the model, and must be equal to the last bit.
struct PredictionOracle {
  let folder: RunFolder
  let windows: WindowStoreReader
  let jobs: JobStore

  /// What a row says after its key.
  private struct Row: Hashable {
    var end: Timestamp
    /// Nil where it is not known what it should be.
    var score: Double?
    var isFlagged: Bool
    var version: String
    var revision: Int
  }

  /// Which model, and which window.
  private struct Key: Hashable, Comparable {
    var model: ModelKey
    var start: Timestamp

    static func < (a: Key, b: Key) -> Bool { (a.model, a.start) < (b.model, b.start) }

    var text: String { "\(model.device) \(model.sensorLabel) at \(start)" }
  }

  /// What differs in the files of all completed jobs, at most `limit` findings. Throws `StoreError`, `FileError`, `CSVError` and
  /// `ScoringError` where something cannot be read at all.
  func findings(limit: Int) throws -> [String] {
    var findings: [String] = []
    for job in try jobs.jobs() where job.state == .completed {
      guard let deployment = try jobs.deployment(of: job.cut.id) else { continue }
      let files = folder.job(job.cut.id, output: deployment.outputFileName)
      findings += try successFindings(files)
      // A summary has no row a window.
      guard deployment.outputAction == .appendRow else { continue }
      findings += try rowFindings(job, deployment, files)
      if findings.count >= limit { return Array(findings.prefix(limit)) }
    }
    return findings
  }

  /// Whether `_SUCCESS` says what the file is.
  private func successFindings(_ files: JobFolder) throws -> [String] {
    struct Success: Decodable {
      let rows: Int
      let sha256: String
    }
    let name = shown(files.success)
    guard FileStamp(files.success) != nil else { return ["\(name) is missing, though its job has completed"] }
    guard FileStamp(files.predictions) != nil else {
      return ["\(shown(files.predictions)) is missing, though its job has completed"]
    }
    let success = try JSONFile.read(Success.self, files.success)
    let digest = try Digest.sha256(file: files.predictions)
    return success.sha256 == digest
      ? [] : ["\(name): sha256 \(success.sha256), but that of the prediction file is \(digest)"]
  }

  private func shown(_ path: String) -> String {
    path.hasPrefix(folder.path + "/") ? String(path.dropFirst(folder.path.count + 1)) : path
  }

  // MARK: - Rows

  private func rowFindings(_ job: JobRecord, _ deployment: Deployment, _ files: JobFolder) throws -> [String]
  {
    let name = shown(files.predictions)
    var findings: [String] = []
    var rows: [Key: Row] = [:]
    var last: Key?
    for (key, row) in try readRows(files.predictions) {
      if let last, !(last < key) {
        findings.append("\(name): \(key.text): \(last == key ? "twice" : "out of order")")
      }
      last = key
      rows[key] = row
    }
    let failed = try failedKeys(files.failed)
    let again = try job.cut.failedRowsOf.map { try failedKeys(folder.job($0).failed) }
    let models = folder.with(modelsOf: deployment).models
    for device in try windows.devices() {
      let expected =
        deployment.script == nil
        ? try expected(device, job.cut, deployment.layout, models: models)
        : try expectedOfScript(device, job.cut, deployment.layout.per)
      for (key, wanted) in expected.sorted(by: { $0.key < $1.key }) {
        let row = rows.removeValue(forKey: key)
        if let again, !again.contains(key) {
          if row != nil { findings.append("\(name): \(key.text): should not be there") }
          continue
        }
        switch (row, wanted) {
        case (nil, _) where failed.contains(key): break
        case (nil, nil):
          findings.append("\(shown(files.failed)): \(key.text): no row, and it could not be scored")
        case (nil, _?): findings.append("\(name): \(key.text): missing")
        case (_?, nil): findings.append("\(name): \(key.text): scored, though it could not be")
        case (let row?, let wanted?):
          if failed.contains(key) { findings.append("\(name): \(key.text): scored, and failed as well") }
          if let difference = difference(row, wanted) {
            findings.append("\(name): \(key.text): \(difference)")
          }
        }
      }
    }
    return findings + rows.keys.sorted().map { "\(name): \($0.text): should not be there" }
  }

  private func difference(_ row: Row, _ wanted: Row) -> String? {
    // Of a script, nobody else knows the score.
    if let score = wanted.score {
      if let difference = scoreDifference(row, score, wanted) { return difference }
    } else if !(row.score?.isFinite ?? false) {
      return "the score is no finite number"
    }
    if row.end != wanted.end { return "window_end \(row.end), expected \(wanted.end)" }
    if row.revision != wanted.revision { return "revision \(row.revision), expected \(wanted.revision)" }
    return nil
  }

  private func scoreDifference(_ row: Row, _ score: Double, _ wanted: Row) -> String? {
    if row.version != wanted.version { return "model_version \(row.version), expected \(wanted.version)" }
    guard let found = row.score, found.bitPattern == score.bitPattern else {
      return "score \(row.score.map { "\($0)" } ?? "none"), expected \(score)"
    }
    if row.isFlagged != wanted.isFlagged {
      return "prediction \(row.isFlagged ? 1 : 0), though its score is \(found)"
    }
    return nil
  }

  private func readRows(_ path: String) throws -> [(Key, Row)] {
    var reader = try CSVReader(path: path)
    let columns = try [
      "device", "sensor", "window_start", "window_end", "score", "prediction", "model_version", "revision",
    ].map(reader.column)
    var rows: [(Key, Row)] = []
    while let line = try reader.nextRow() {
      let fields = columns.map { line.fields[$0] }
      guard let key = key(fields[0], fields[1], fields[2]), let end = Timestamp(iso8601: fields[3]),
        let score = Double(fields[4]), let revision = Int(fields[7]), ["0", "1"].contains(fields[5])
      else { throw CSVError(path: path, line: line.line, reason: "not a row that a job has written") }
      rows.append(
        (
          key,
          Row(end: end, score: score, isFlagged: fields[5] == "1", version: fields[6], revision: revision)
        ))
    }
    return rows
  }

  private func failedKeys(_ path: String) throws -> Set<Key> {
    guard FileStamp(path) != nil else { return [] }
    var reader = try CSVReader(path: path)
    let columns = try ["device", "sensor", "window_start"].map(reader.column)
    var keys: Set<Key> = []
    while let line = try reader.nextRow() {
      let fields = columns.map { line.fields[$0] }
      guard let key = key(fields[0], fields[1], fields[2]) else {
        throw CSVError(path: path, line: line.line, reason: "not a row that a job has written")
      }
      keys.insert(key)
    }
    return keys
  }

  private func key(_ device: String, _ sensor: String, _ start: String) -> Key? {
    guard let device = DeviceID(device), let start = Timestamp(iso8601: start) else { return nil }
    let id = SensorID(sensor)
    guard id != nil || sensor == ModelKey.wholeDevice else { return nil }
    return Key(model: ModelKey(device: device, sensor: id), start: start)
  }

  // MARK: - What should be there

  /// The rows of a device in a cut; nil for a window that cannot be scored.
  private func expected(
    _ device: DeviceID, _ cut: JobCut, _ layout: ModelLayout, models: String
  ) throws -> [Key: Row?] {
    let inCut = try windows.windows(visibleAfter: cut.after, through: cut.through, devices: [device])
    guard !inCut.isEmpty else { return [:] }
    switch layout.per {
    case .sensor:
      var rows: [Key: Row?] = [:]
      for (sensor, windows) in Dictionary(grouping: inCut, by: \.sensor) {
        let key = ModelKey(device: device, sensor: sensor)
        let model = try? ModelFile.read(folder: models, stem: key.stem)
        for window in windows {
          rows[Key(model: key, start: window.start)] = row([window], layout.features, model)
        }
      }
      return rows
    case .device:
      // A late reading of one sensor revises its window alone; the model needs the others of that window too.
      let visible = try windows.windows(visibleAfter: nil, through: cut.through, devices: [device])
      let key = ModelKey(device: device, sensor: nil)
      let model = try? ModelFile.read(folder: models, stem: key.stem)
      let seen = model.map { sensors(of: $0) } ?? Set(visible.map(\.sensor))
      let byStart = Dictionary(grouping: visible.filter { seen.contains($0.sensor) }, by: \.start)
      var rows: [Key: Row?] = [:]
      for start in Set(inCut.filter { seen.contains($0.sensor) }.map(\.start)) {
        let ofStart = (byStart[start] ?? []).sorted { $0.sensor < $1.sensor }
        let isWhole = ofStart.count == seen.count
        rows[Key(model: key, start: start)] = isWhole ? row(ofStart, layout.features, model) : .some(nil)
      }
      return rows
    }
  }

  /// The rows of a device in a cut that a script scores: one a window, whatever sensors it has; what the script says is not known.
  private func expectedOfScript(_ device: DeviceID, _ cut: JobCut, _ scope: ModelScope) throws -> [Key: Row?]
  {
    let inCut = try windows.windows(visibleAfter: cut.after, through: cut.through, devices: [device])
    guard !inCut.isEmpty else { return [:] }
    let visible = try windows.windows(visibleAfter: nil, through: cut.through, devices: [device])
    let byStart = Dictionary(grouping: visible, by: \.start)
    var rows: [Key: Row?] = [:]
    for window in inCut {
      let sensor = scope == .sensor ? window.sensor : nil
      let key = Key(model: ModelKey(device: device, sensor: sensor), start: window.start)
      guard rows[key] == nil else { continue }
      let own = (byStart[window.start] ?? []).filter { sensor == nil || $0.sensor == sensor }
        .sorted { $0.sensor < $1.sensor }
      guard let first = own.first else { continue }
      let revision = own.map(\.revision).max() ?? 1
      rows[key] = Row(end: first.end, score: nil, isFlagged: false, version: "", revision: revision)
    }
    return rows
  }

  private func sensors(of model: OneClassModel) -> Set<SensorID> {
    Set(model.featureNames.compactMap { name in name.lastIndex(of: ".").flatMap { SensorID(name[..<$0]) } })
  }

  /// The row of a window, of which `windows` are those of its sensors in byte order.
  private func row(_ windows: [WindowRow], _ features: [Aggregate], _ model: OneClassModel?) -> Row? {
    guard let model, let last = windows.last else { return nil }
    let values = windows.flatMap { window in
      features.map { feature in
        feature == .range
          ? window.aggregates.max - window.aggregates.min
          : window.aggregates[feature.column]
      }
    }
    var matrix = FeatureMatrix(columns: values.count, reservingRows: 1)
    matrix.append(values[...])
    var decisions: [Double] = []
    guard (try? model.decisionFunction.decide(matrix, into: &decisions)) != nil, let score = decisions.first,
      !score.isNaN
    else { return nil }
    return Row(
      end: last.end, score: score, isFlagged: OneClassModel.isAnomaly(score), version: model.version,
      revision: windows.map(\.revision).max() ?? 1)
  }
}
