import Files
import Telemetry
import WindowStore

/// Training some models of a training again, or those that it could not make.
extension Trainer {
  /// Trains the models of `selection` on the windows of `range`, and leaves all others, their records and their setup as they are.
  /// Returns what came of these alone. A model that cannot be trained leaves the one of before, where there is one.
  ///
  /// Throws ``ScoringError`` where `folder` has no training with this layout, or the store no such device, and as ``train(_:)`` does;
  /// nothing is changed then.
  package func train(_ selection: ModelSelection, on range: TrainingRange) async throws -> TrainingRecord {
    try folder.refuseUnfinishedTraining()
    guard let setup = try TrainingSetup.read(folder), try TrainingRecord.hasModels(in: folder) else {
      throw ScoringError(
        "\(folder.models) has no training whose models could be made anew one by one; train all of them first"
      )
    }
    guard setup.layout == layout else {
      throw ScoringError(
        "the models in \(folder.models) are one a \(setup.layout.per.rawValue), of "
          + "\(setup.layout.features.map(\.rawValue).joined(separator: ",")), and one alone cannot be of others; train all of "
          + "them anew")
    }
    guard selection.sensors.isEmpty || layout.per == .sensor else {
      throw ScoringError(
        "the models in \(folder.models) are of whole devices; a sensor has none of its own")
    }
    try refuseUnknownDevices(of: selection)
    let before = try TrainingRecord.read(folder, setup: setup)
    // Where models are not packed, one alone would hide what the others weigh.
    let pack =
      ModelPack(models: folder.models) == nil ? nil : TrainedPack(models: folder.models, keepsOthers: true)
    var record = try await models(of: range, in: selection, pack)
    let tried = record.models.map(\.key) + record.failures.map(\.key)
    for key in selection.keys(per: layout.per, found: tried) where !tried.contains(key) {
      record.failures.append(
        TrainingRecord.Failure(
          device: key.device, sensor: key.sensor,
          reason: "none of its windows lies between \(range.from) and \(range.to)"))
    }
    record.packFailure = record.models.isEmpty ? nil : pack?.finish()
    try before.merged(with: record) { ModelCatalog.exists($0.stem, in: folder.models) }.writeList(to: folder)
    return record
  }

  private func refuseUnknownDevices(of selection: ModelSelection) throws {
    let known = try WindowStoreReader(path: folder.store).devices()
    guard let unknown = selection.devices.subtracting(known).min() else { return }
    let meant = NearestName.of(unknown.name, among: known.map(\.name))
    throw ScoringError(
      "\(folder.store) knows no device \(unknown.name)" + (meant.map { "; did you mean \($0)?" } ?? ""))
  }
}

extension TrainingRecord {
  /// The record of the last complete training in `folder`. Throws `CSVError` and `FileError`.
  package static func read(_ folder: RunFolder, setup: TrainingSetup) throws -> TrainingRecord {
    var record = TrainingRecord(setup: setup)
    guard FileStamp(folder.trainedModels) != nil else { return record }
    var rows = try CSVReader(path: folder.trainedModels)
    let columns = try ["device", "sensor", "version", "rows", "support_vectors", "warnings", "failure"]
      .map { try rows.column($0) }
    while let row = try rows.nextRow() {
      let fields = columns.map { row.fields[$0] }
      guard let device = DeviceID(fields[0]) else { continue }
      let sensor = fields[1] == ModelKey.wholeDevice ? nil : SensorID(fields[1])
      if fields[2].isEmpty {
        record.failures.append(Failure(device: device, sensor: sensor, reason: fields[6]))
      } else {
        record.models.append(
          Model(
            device: device, sensor: sensor, version: fields[2], rows: Int(fields[3]) ?? 0,
            supportVectors: Int(fields[4]) ?? 0, warnings: fields[5].isEmpty ? [] : [fields[5]]))
      }
    }
    return record
  }

  /// This record with what came of `later`, of some of its models. A model that could not be trained again keeps its row where it
  /// `isThere`.
  func merged(with later: TrainingRecord, isThere: (ModelKey) -> Bool) -> TrainingRecord {
    let made = Set(later.models.map(\.key))
    let kept = Set(models.map(\.key).filter(isThere))
    let failed = Set(later.failures.map(\.key)).subtracting(kept)
    let settled = made.union(failed)
    var record = self
    record.models = (models.filter { !settled.contains($0.key) } + later.models).sorted { $0.key < $1.key }
    record.failures =
      (failures.filter { !settled.contains($0.key) } + later.failures.filter { failed.contains($0.key) })
      .sorted { $0.key < $1.key }
    return record
  }
}
