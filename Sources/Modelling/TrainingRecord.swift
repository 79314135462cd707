import Files
import Foundation
import OneClassSVM
import Telemetry

/// What the models of a run's folder were trained on: `models/training.json`. It is written last, so where it is there,
/// training is complete.
package struct TrainingSetup: Hashable, Sendable, Codable {
  package var range: TrainingRange
  package var layout: ModelLayout
  package var settings: ModelSettings

  package init(range: TrainingRange, layout: ModelLayout, settings: ModelSettings) {
    self.range = range
    self.layout = layout
    self.settings = settings
  }

  /// The setup of the models of `folder`; nil where they were not trained, or not yet. Throws ``ScoringError`` and `FileError`.
  package static func read(_ folder: RunFolder) throws -> TrainingSetup? {
    guard FileManager.default.fileExists(atPath: folder.trainingSetup) else { return nil }
    return try JSONFile.read(TrainingSetup.self, folder.trainingSetup)
  }
}

/// What came of training: the models, of which there may be thousands, and those that could not be made. As a file it is
/// `models/trained.csv`, a row each.
package struct TrainingRecord: Hashable, Sendable {
  /// One trained model.
  package struct Model: Hashable, Sendable {
    package var device: DeviceID
    package var sensor: SensorID?
    package var version: String
    package var rows: Int
    package var supportVectors: Int
    package var warnings: [String]

    package init(
      device: DeviceID, sensor: SensorID?, version: String, rows: Int, supportVectors: Int,
      warnings: [String] = []
    ) {
      self.device = device
      self.sensor = sensor
      self.version = version
      self.rows = rows
      self.supportVectors = supportVectors
      self.warnings = warnings
    }

    package var key: ModelKey { ModelKey(device: device, sensor: sensor) }
  }

  /// One that could not be trained.
  package struct Failure: Hashable, Sendable {
    package var device: DeviceID
    package var sensor: SensorID?
    package var reason: String

    package init(device: DeviceID, sensor: SensorID?, reason: String) {
      self.device = device
      self.sensor = sensor
      self.reason = reason
    }

    package var key: ModelKey { ModelKey(device: device, sensor: sensor) }
  }

  package var setup: TrainingSetup
  package var models: [Model]
  package var failures: [Failure]
  /// The stems of models of the training before that were removed, because this one has not made them anew. They are in no
  /// file.
  package var removed: [String] = []
  /// Why the models could not be packed, so that jobs read their text; nil where they are. It is in no file.
  package var packFailure: String?

  package init(setup: TrainingSetup, models: [Model] = [], failures: [Failure] = []) {
    self.setup = setup
    self.models = models
    self.failures = failures
  }

  /// Why nothing was trained: the first failure, and how many there are; or that there was nothing to train on.
  package var nothingTrained: ScoringError {
    guard let first = failures.first else {
      return ScoringError(
        "no window of the store lies between \(setup.range.from) and \(setup.range.to); nothing can be trained"
      )
    }
    return ScoringError(
      "none of \(failures.count) models could be trained; \(first.key.stem): \(first.reason)")
  }

  /// Whether `folder` has a model of its last complete training. The record may have outlived them: somebody has removed
  /// them, or an earlier version has written it where nothing was trained. Throws `CSVError` and `FileError`.
  package static func hasModels(in folder: RunFolder) throws -> Bool {
    guard FileManager.default.fileExists(atPath: folder.trainingSetup) else { return false }
    guard FileManager.default.fileExists(atPath: folder.trainedModels) else {
      return try !ModelFile.stems(in: folder.models).isEmpty
    }
    return try versions(in: folder).keys.contains { ModelCatalog.exists($0, in: folder.models) }
  }

  /// Writes both files, in place of older ones. Throws `FileError`.
  package func write(to folder: RunFolder) throws {
    try writeList(to: folder)
    try JSONFile.write(setup, to: folder.trainingSetup)
  }

  /// Writes `trained.csv` alone, in place of an older one. Throws `FileError`.
  package func writeList(to folder: RunFolder) throws {
    var csv = "device,sensor,version,rows,support_vectors,warnings,failure\n"
    for model in models {
      csv += CSVWriter.line([
        model.device.name, model.key.sensorLabel, model.version, "\(model.rows)", "\(model.supportVectors)",
        model.warnings.joined(separator: "; "), "",
      ])
    }
    for failure in failures {
      csv += CSVWriter.line([
        failure.device.name, failure.key.sensorLabel, "", "", "", "", failure.reason,
      ])
    }
    try AtomicFile.write(csv, to: folder.trainedModels, existing: .replace)
  }

  /// The versions of the models of the last complete training in `folder`, by stem. Throws `CSVError` and `FileError`.
  package static func versions(in folder: RunFolder) throws -> [String: String] {
    guard FileManager.default.fileExists(atPath: folder.trainedModels) else { return [:] }
    var rows = try CSVReader(path: folder.trainedModels)
    let (device, sensor, version) = (
      try rows.column("device"), try rows.column("sensor"), try rows.column("version")
    )
    var found: [String: String] = [:]
    while let row = try rows.nextRow() {
      let name = row.fields[sensor]
      let stem = ModelFile.stem(device: row.fields[device], sensor: name == ModelKey.wholeDevice ? nil : name)
      if !row.fields[version].isEmpty { found[stem] = row.fields[version] }
    }
    return found
  }

  /// Support vectors of all models of each device in `folder`; none where that is not known. Throws `CSVError` and `FileError`.
  package static func supportVectors(of folder: RunFolder) throws -> [DeviceID: Int] {
    guard FileManager.default.fileExists(atPath: folder.trainedModels) else { return [:] }
    var rows = try CSVReader(path: folder.trainedModels)
    let device = try rows.column("device")
    let vectors = try rows.column("support_vectors")
    var found: [DeviceID: Int] = [:]
    while let row = try rows.nextRow() {
      guard let id = DeviceID(row.fields[device]), let count = Int32(row.fields[vectors]) else { continue }
      found[id, default: 0] += Int(count)
    }
    return found
  }
}
