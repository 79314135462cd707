import Detection
import Modelling
import OneClassSVM
import Telemetry
import WindowStore

/// Scores the devices of one task: windows from the store, models from their files, lines out.
struct TaskScorer {
  let job: JobDescription
  let reader: WindowStoreReader
  private let builder: FeatureVectorBuilder
  private let selection: RowSelection?
  private let models: ModelCache
  private let featureNames = FeatureNames()
  /// What only somebody who looks for a fault wants to read.
  private let log: (() -> String) -> Void

  init(
    job: JobDescription, reader: WindowStoreReader, models: ModelCache = ModelCache(limit: 0),
    log: @escaping (() -> String) -> Void = { _ in }
  ) throws {
    self.job = job
    self.reader = reader
    self.log = log
    self.models = models
    models.begin(folder: job.models)
    builder = FeatureVectorBuilder(layout: job.layout)
    selection = try job.onlyRowsOf.map { try RowSelection(failedFile: $0) }
  }

  /// Does a task of the job. A fault of a model or a window fails its rows; only a store that cannot be read is thrown.
  ///
  /// - Parameter flush: Is called every few devices, and may take the lines so far.
  func score(task: Int, flush: (inout TaskPart) throws -> Void) throws -> TaskPart {
    var part = TaskPart()
    try forEachFewDevices(of: task, into: &part) { devices, part in
      for windows in devices {
        switch job.layout.per {
        case .device: try scoreDevice(windows, &part)
        case .sensor:
          for table in builder.tables(of: windows) {
            score(selected(table), with: model(of: table.key), &part)
          }
        }
        part.countAlarms()
      }
      try flush(&part)
    }
    return part
  }

  /// Fails every window of a task with `reason`: what is left of one whose attempts have all failed.
  func fail(task: Int, reason: String) throws -> TaskPart {
    var part = TaskPart()
    try forEachFewDevices(of: task, into: &part) { devices, part in
      for table in devices.flatMap({ builder.tables(of: $0) }) {
        score(selected(table), with: .failure(ScoringError(reason)), &part)
      }
    }
    return part
  }

  /// Reads a few devices at a time: what was read is still in the processor's cache when it is looked at. What the job is about and
  /// was not met among them has failed.
  private func forEachFewDevices(
    of task: Int, into part: inout TaskPart, _ body: ([DeviceWindows], inout TaskPart) throws -> Void
  ) throws {
    let devices = job.tasks[task]
    for start in stride(from: 0, to: devices.count, by: ScoringDefaults.devicesPerRead) {
      let next = devices[start..<min(start + ScoringDefaults.devicesPerRead, devices.count)]
      try body(
        try reader.windows(
          visibleAfter: job.visibleAfter, through: job.visibleThrough, devices: Array(next),
          columns: builder.columns, from: job.firstStarts?[task]), &part)
      for row in selection?.unmet(of: next) ?? [] { part.add(row) }
    }
  }

  private func model(of key: ModelKey) -> Result<DecisionFunction, ScoringError> {
    do {
      return .success(try models.decisionFunction(folder: job.models, stem: key.stem))
    } catch {
      guard ModelCatalog.exists(key.stem, in: job.models) else {
        return .failure(
          ScoringError("there is no model \(key.stem).model in \(job.models); was it in the training data?"))
      }
      return .failure(ScoringError("\(error)"))
    }
  }

  private func scoreDevice(_ windows: DeviceWindows, _ part: inout TaskPart) throws {
    let model = model(of: ModelKey(device: windows.device, sensor: nil))
    let sensors = (try? model.get()).flatMap { featureNames.sensors(of: $0.featureNames) }
    var tables = builder.tables(of: windows, sensors: sensors)
    if let sensors, tables.contains(where: { !$0.failures.isEmpty }) {
      tables = builder.tables(of: try completed(windows), sensors: sensors)
    }
    for table in tables { score(selected(table), with: model, &part) }
  }

  /// A late reading of one sensor revises the window of that sensor alone. A model of the whole device then needs the
  /// others of that window too, as they were visible at this cut.
  private func completed(_ windows: DeviceWindows) throws -> DeviceWindows {
    let starts = Set(windows.rows.map(\.start))
    let all = try reader.windows(
      visibleAfter: nil, through: job.visibleThrough, devices: [windows.device], columns: builder.columns,
      from: starts.min())
    return all.first.map { all in
      all.selecting(all.rows.indices.filter { starts.contains(all.rows[$0].start) })
    }
      ?? windows
  }

  /// The rows of `table` that the job is about.
  private func selected(_ table: FeatureTable) -> FeatureTable {
    guard let selection else { return table }
    var result = table
    result.rows = []
    result.features = FeatureMatrix(columns: table.features.columns, reservingRows: 0)
    for (index, row) in table.rows.enumerated() where selection.meets(table.key, row.start) {
      result.rows.append(row)
      result.features.append(table.features[row: index])
    }
    result.failures = table.failures.filter { selection.meets(table.key, $0.start) }
    return result
  }

  private func score(
    _ table: FeatureTable, with model: Result<DecisionFunction, ScoringError>, _ part: inout TaskPart
  ) {
    switch model {
    case .failure(let error):
      fail(table.rows.map { FailedRow(of: table, $0, reason: error.description) } + table.failures, &part)
    case .success(let model) where model.featureNames != table.featureNames && !table.rows.isEmpty:
      let reason =
        "the model \(table.key.stem) was trained on \(model.featureNames.joined(separator: " ")), but the "
        + "deployment's features are \(table.featureNames.joined(separator: " ")); train it again"
      fail(table.rows.map { FailedRow(of: table, $0, reason: reason) } + table.failures, &part)
    case .success(let model):
      var failures = table.failures
      var decisions: [Double] = []
      if !table.rows.isEmpty {
        do {
          try model.decide(table.features, into: &decisions)
        } catch {
          fail(table.rows.map { FailedRow(of: table, $0, reason: "\(error)") } + failures, &part)
          return
        }
      }
      let sound = decisions.contains(where: \.isNaN) ? decisions.filter { !$0.isNaN } : decisions
      for (index, row) in table.rows.enumerated() where decisions[index].isNaN {
        let fault = model.fault(of: table.features[row: index])
        failures.append(
          FailedRow(of: table, row, reason: fault?.reason ?? "the decision value is not a number"))
      }
      part.predictions += sound.count
      // Most windows are normal, and their rows are not looked at here.
      for index in decisions.indices where OneClassModel.isAnomaly(decisions[index]) {
        part.anomalous.append(AnomalousSpan(start: table.rows[index].start, end: table.rows[index].end))
      }
      switch job.outputAction {
      case .appendRow:
        part.lines.begin(table.key, modelVersion: model.version)
        for (index, row) in table.rows.enumerated() where !decisions[index].isNaN {
          part.lines.add(row, score: decisions[index])
        }
      case .summaryOnly:
        if !sound.isEmpty { part.lines.addSummary(table.key, decisions: sound, modelVersion: model.version) }
      }
      log { "\(table.key.stem) \(model.version): \(table.rows.count) windows, \(failures.count) failed" }
      fail(failures, &part)
    }
  }

  private func fail(_ failures: [FailedRow], _ part: inout TaskPart) {
    for failure in failures.sorted(by: { $0.start < $1.start }) { part.add(failure) }
  }
}

extension FailedRow {
  init(of table: FeatureTable, _ row: FeatureTable.Row, reason: String) {
    self.init(key: table.key, start: row.start, end: row.end, revision: row.revision, reason: reason)
  }
}

/// Knows which sensors the features of a model are of. The models of a fleet mostly have the same, so those of the last
/// one are kept.
private final class FeatureNames {
  private var last: (names: [String], sensors: [SensorID])?

  /// The sensors in `temperature.mean`, `temperature.max`, `vibration.mean`, …; nil where there is none.
  func sensors(of names: [String]) -> [SensorID]? {
    if let last, last.names == names { return last.sensors }
    guard let sensors = ModelLayout.sensors(ofFeatures: names) else { return nil }
    last = (names, sensors)
    return sensors
  }
}
