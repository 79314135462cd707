import OneClassSVM
import Telemetry
import WindowStore

/// Scores the devices of one task: windows from the store, models from their files, lines out.
struct TaskScorer: Sendable {
  let job: JobDescription
  let reader: WindowStoreReader
  private let selection: RowSelection?
  /// What only somebody who looks for a fault wants to read.
  private let log: @Sendable (() -> String) -> Void

  init(
    job: JobDescription, reader: WindowStoreReader, log: @escaping @Sendable (() -> String) -> Void = { _ in }
  )
    throws
  {
    self.job = job
    self.reader = reader
    self.log = log
    selection = try job.onlyRowsOf.map { try RowSelection(failedFile: $0) }
  }

  /// Scores `devices`. A fault of a model or a window fails its rows; only a store that cannot be read is thrown.
  func score(_ devices: [DeviceID]) throws -> TaskPart {
    var part = TaskPart()
    try forEachDevice(devices) { device, windows in
      switch job.layout.per {
      case .device: try scoreDevice(device, windows, &part)
      case .sensor:
        for table in FeatureVectorBuilder(layout: job.layout).tables(of: device, windows: windows) {
          score(selected(table), with: model(of: table.key), &part)
        }
      }
    }
    return part
  }

  /// Fails every window of `devices` with `reason`: what is left of a task whose attempts have all failed.
  func fail(_ devices: [DeviceID], reason: String) throws -> TaskPart {
    var part = TaskPart()
    try forEachDevice(devices) { device, windows in
      for table in FeatureVectorBuilder(layout: job.layout).tables(of: device, windows: windows) {
        score(selected(table), with: .failure(ScoringError(reason)), &part)
      }
    }
    return part
  }

  private func forEachDevice(
    _ devices: [DeviceID], _ body: (DeviceID, ArraySlice<WindowRow>) throws -> Void
  ) throws {
    let windows = try reader.windows(
      visibleAfter: job.visibleAfter, through: job.visibleThrough, devices: devices)
    var start = windows.startIndex
    while start < windows.endIndex {
      let device = windows[start].device
      let end = windows[start...].firstIndex { $0.device != device } ?? windows.endIndex
      try body(device, windows[start..<end])
      start = end
    }
  }

  private func model(of key: ModelKey) -> Result<OneClassModel, ScoringError> {
    guard ModelCatalog.exists(key.stem, in: job.models) else {
      return .failure(
        ScoringError("there is no model \(key.stem).model in \(job.models); was it in the training data?"))
    }
    do {
      return .success(try ModelFile.read(folder: job.models, stem: key.stem))
    } catch {
      return .failure(ScoringError("\(error)"))
    }
  }

  private func scoreDevice(_ device: DeviceID, _ windows: ArraySlice<WindowRow>, _ part: inout TaskPart)
    throws
  {
    let builder = FeatureVectorBuilder(layout: job.layout)
    let model = model(of: ModelKey(device: device, sensor: nil))
    let sensors = (try? model.get()).map { Self.sensors(of: $0.featureNames) }
    var windows = Array(windows)
    if let sensors { windows = try completed(windows, of: device, sensors: sensors) }
    for table in builder.tables(of: device, windows: windows, sensors: sensors) {
      score(selected(table), with: model, &part)
    }
  }

  /// A late reading of one sensor revises the window of that sensor alone. A model of the whole device then needs the
  /// others of that window too, as they were visible at this cut.
  private func completed(_ windows: [WindowRow], of device: DeviceID, sensors: [SensorID]) throws
    -> [WindowRow]
  {
    let present = Dictionary(grouping: windows, by: \.start).mapValues { Set($0.map(\.sensor)) }
    let incomplete = Set(present.filter { !$0.value.isSuperset(of: sensors) }.keys)
    guard !incomplete.isEmpty else { return windows }
    let all = try reader.windows(visibleAfter: nil, through: job.visibleThrough, devices: [device])
    return windows.filter { !incomplete.contains($0.start) } + all.filter { incomplete.contains($0.start) }
  }

  /// The sensors in `temperature.mean`, `temperature.max`, `vibration.mean`, …
  static func sensors(of featureNames: [String]) -> [SensorID] {
    let names = featureNames.compactMap { name in name.lastIndex(of: ".").map { name[..<$0] } }
    return Set(names.compactMap { SensorID($0) }).sorted()
  }

  /// The rows of `table` that the job is about.
  private func selected(_ table: FeatureTable) -> FeatureTable {
    guard let selection else { return table }
    var result = table
    result.rows = []
    result.features = FeatureMatrix(columns: table.features.columns, reservingRows: 0)
    for (index, row) in table.rows.enumerated() where selection.contains(table.key, row.start) {
      result.rows.append(row)
      result.features.append(table.features[row: index])
    }
    result.failures = table.failures.filter { selection.contains(table.key, $0.start) }
    return result
  }

  private func score(
    _ table: FeatureTable, with model: Result<OneClassModel, ScoringError>, _ part: inout TaskPart
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
      var scored: [Double] = []
      for (index, row) in table.rows.enumerated() {
        if decisions[index].isNaN {
          let fault = model.fault(of: table.features[row: index])
          failures.append(
            FailedRow(of: table, row, reason: fault?.reason ?? "the decision value is not a number"))
        } else if job.outputAction == .appendRow {
          part.predictions += 1
          part.predictionLines += PredictionFile.line(
            table.key, row, score: decisions[index], modelVersion: model.version)
        } else {
          part.predictions += 1
          scored.append(decisions[index])
        }
      }
      if !scored.isEmpty {
        part.predictionLines += PredictionFile.summaryLine(
          table.key, decisions: scored, modelVersion: model.version)
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
