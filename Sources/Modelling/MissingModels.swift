import Files
import OneClassSVM
import Telemetry
import WindowStore

/// The models that a run should have and has not: of a device, or a sensor, that training could not do, of whose model the files are
/// gone, or that came later.
package enum MissingModels {
  /// A finding a model, by device and sensor. Throws `StoreError`, `CSVError`, `FileError`, ``ScoringError``.
  package static func findings(in folder: RunFolder) throws -> [LintFinding] {
    let setup = try TrainingSetup.read(folder)
    var reasons = try seen(in: folder).reduce(into: [ModelKey: String]()) {
      $0[$1] = "the store has windows of it"
    }
    // Whose setup does not matter here.
    let record = try TrainingRecord.read(
      folder,
      setup: setup
        ?? TrainingSetup(
          range: TrainingRange(from: Timestamp(milliseconds: 0), to: Timestamp(milliseconds: 0)),
          layout: ModelLayout(), settings: ModelSettings()))
    for model in record.models { reasons[model.key] = "it was trained, and its files are gone" }
    for failure in record.failures { reasons[failure.key] = "its training failed: \(failure.reason)" }
    let hasTraining = try TrainingRecord.hasModels(in: folder)
    return reasons.filter { !ModelCatalog.exists($0.key.stem, in: folder.models) }.sorted { $0.key < $1.key }
      .map {
        ModelLint.missing($0.key.stem, why: $0.value, advice: advice(for: $0.key, in: folder, hasTraining))
      }
  }

  private static func advice(for key: ModelKey, in folder: RunFolder, _ hasTraining: Bool) -> String {
    guard hasTraining else { return "train: “sonde train \(folder.path) --from … --to …”" }
    let sensor = key.sensor.map { " --sensor \($0.name)" } ?? ""
    return
      "train it, on another time where it has too few windows: “sonde train \(folder.path) --device \(key.device.name)\(sensor) "
      + "[--from … --to …]”"
  }

  /// The models that the windows of the store need; none where it is not known what they see.
  private static func seen(in folder: RunFolder) throws -> [ModelKey] {
    guard FileStamp(folder.store) != nil, let layout = (try? ModelLayout.known(of: folder)) ?? nil else {
      return []
    }
    let reader = try WindowStoreReader(path: folder.store)
    switch layout.per {
    case .device:
      return try reader.windowCounts(visibleAfter: nil, through: nil).map {
        ModelKey(device: $0.device, sensor: nil)
      }
    case .sensor:
      return try reader.sensors().flatMap { device, sensors in
        sensors.map { ModelKey(device: device, sensor: $0) }
      }
    }
  }
}
