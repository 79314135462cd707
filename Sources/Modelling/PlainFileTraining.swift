import Files
import Foundation
import OneClassSVM
import Telemetry
import Wording

/// Trains models on a CSV file whose rows are aggregated already, several at a time.
package struct PlainFileTraining: Sendable {
  package struct Failure: Error, Hashable, Sendable {
    /// The model's files without their endings.
    package let stem: String
    package let reason: String
  }

  package struct Trained: Sendable {
    package let stem: String
    package let rows: Int
    package let supportVectors: Int
    package let warnings: [String]
  }

  package let input: String
  package let columns: WindowTable.Columns
  /// The folder that the models go to.
  package let models: String
  package let per: ModelScope
  /// The columns that are features; nil for ``defaultFeatures(of:)``.
  package let features: [String]?
  package let settings: ModelSettings
  /// Only rows whose time is in it; nil for all.
  package let range: TrainingRange?
  /// How many models are trained at a time.
  package let threads: Int
  /// What separates the fields of a row.
  package let delimiter: Character
  /// What times that are numbers count; nil to tell it from the numbers.
  package let timeUnit: EpochUnit?

  package init(
    input: String, columns: WindowTable.Columns, models: String, per: ModelScope, features: [String]?,
    settings: ModelSettings, range: TrainingRange?, threads: Int, delimiter: Character = ",",
    timeUnit: EpochUnit? = nil
  ) {
    self.delimiter = delimiter
    self.timeUnit = timeUnit
    self.input = input
    self.columns = columns
    self.models = models
    self.per = per
    self.features = features
    self.settings = settings
    self.range = range
    self.threads = max(1, threads)
  }

  /// One model to be: whose, and its rows.
  private struct Job: Sendable {
    let key: ModelKey
    let featureNames: [String]
  }

  /// Writes a model for each device, or each (device, sensor), and gives what came of each in the order of their names.
  /// A model that cannot be trained does not keep the others from being trained; one of before stays in the folder, and
  /// the failure says so. `finished` hears how many are done, `notice` what else the user should know.
  ///
  /// Throws ``ScoringError`` where the settings are unsound or there is nothing to train on, `ModelError` or `CSVError`
  /// where the file lacks a column or is broken, `FileError`.
  package func run(
    finished: (_ done: Int, _ total: Int) -> Void = { _, _ in }, notice: (String) -> Void = { _ in }
  ) async throws -> [Result<Trained, Failure>] {
    let options = try settings.options()
    let table = try WindowTable(path: input, columns: columns, delimiter: delimiter)
    if range != nil { try table.requireTime() }
    let times = try WindowTimes(table, unit: timeUnit)
    if let text = times.notice { notice(text) }
    if range == nil, let unread = table.times.first(where: { times.instant($0.text) == nil }) {
      notice(
        "\(input):\(unread.line): \(times.fault(of: unread.text)). Training goes on, but when the rows were is not known"
      )
    }
    let jobs = try jobs(of: table)
    guard !jobs.isEmpty else { throw ScoringError("\(input) has no row; nothing can be trained") }
    try Folder.make(models)
    AtomicFile.removeTemporaryFiles(in: models)

    var done = 0
    let outcomes = await FleetTraining.train(count: jobs.count, workers: threads) { index in
      try job(jobs[index], table, times, options)
    } finished: { _, _ in
      done += 1
      finished(done, jobs.count)
    }
    return try zip(jobs, outcomes).map { job, outcome in
      let stem = job.key.stem
      switch outcome {
      case .failure(let error):
        let isKept = ModelCatalog.exists(stem, in: models)
        return .failure(
          Failure(
            stem: stem, reason: "\(error)" + (isKept ? "; the model of before is still in \(models)" : "")))
      case .success(let trained):
        try ModelFile.write(trained.model, folder: models, stem: stem)
        return .success(
          Trained(
            stem: stem, rows: trained.model.metadata.trainedRows ?? 0,
            supportVectors: trained.model.coefficients.count, warnings: trained.warnings.map(\.description)))
      }
    }
  }

  /// The features of a file for which none are named: the aggregates that models of a run take by default, or the
  /// column of single values where the file has none of these.
  package func defaultFeatures(of table: WindowTable) -> [String] {
    let aggregates = ModellingDefaults.features.map(\.rawValue).filter(table.hasColumn)
    return aggregates.isEmpty ? [WindowTable.Columns().value] : aggregates
  }

  private func jobs(of table: WindowTable) throws -> [Job] {
    let features = features ?? defaultFeatures(of: table)
    guard Set(features).count == features.count else { throw ScoringError("a feature is named twice") }
    return try table.devices.flatMap { device in
      let sensors = table.sensors(of: device)
      switch per {
      case .device:
        let names = sensors.flatMap { sensor in features.map { "\(sensor).\($0)" } }
        return [Job(key: try key(device, nil), featureNames: names)]
      case .sensor:
        return try sensors.map { Job(key: try key(device, $0), featureNames: features) }
      }
    }
  }

  private func key(_ device: String, _ sensor: String?) throws -> ModelKey {
    guard let id = DeviceID(device) else {
      throw ScoringError("\(input): \(device.quoted) is not the id of a device")
    }
    guard let sensor else { return ModelKey(device: id, sensor: nil) }
    guard let sensorID = SensorID(sensor) else {
      throw ScoringError("\(input): \(sensor.quoted) is not the id of a sensor")
    }
    return ModelKey(device: id, sensor: sensorID)
  }

  private func job(
    _ job: Job, _ table: WindowTable, _ times: WindowTimes, _ options: TrainingOptions
  ) throws -> TrainingJob {
    guard
      let found = try table.rows(
        device: job.key.device.name, sensor: job.key.sensor?.name, featureNames: job.featureNames)
    else { throw ScoringError("the file has no row of it") }
    var rows = FeatureMatrix(columns: job.featureNames.count, reservingRows: found.features.rowCount)
    var instants: [Int64] = []
    for (index, origin) in found.origins.enumerated() {
      let time = times.instant(origin.time)
      if let range {
        guard let time else {
          throw ScoringError("line \(origin.line): \(times.fault(of: origin.time))")
        }
        guard range.from <= time, time < range.to else { continue }
      }
      if let time { instants.append(time.milliseconds) }
      rows.append(found.features[row: index])
    }
    var provenance = ModelMetadata(
      device: job.key.device.name, sensor: job.key.sensor?.name, seed: settings.seed)
    if let first = instants.min(), let last = instants.max() { provenance.trainingRange = first...last }
    return TrainingJob(
      rows: rows, featureNames: job.featureNames, options: options, provenance: provenance)
  }
}
