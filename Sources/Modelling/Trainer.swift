import Files
import Foundation
import OneClassSVM
import Supervision
import Synchronization
import Telemetry
import WindowStore

/// Trains the models of a run's folder from the windows of its store, several devices at a time.
package struct Trainer: Sendable {
  package let folder: RunFolder
  package let layout: ModelLayout
  package let settings: ModelSettings
  /// How many devices are trained at a time.
  package let threads: Int

  package init(folder: RunFolder, layout: ModelLayout, settings: ModelSettings, threads: Int) {
    self.folder = folder
    self.layout = layout
    self.settings = settings
    self.threads = max(1, threads)
  }

  /// Whether the models of `range` are there already: their record alone does not score.
  package func isDone(_ range: TrainingRange) throws -> Bool {
    guard !folder.hasUnfinishedTraining, try TrainingSetup.read(folder) == setup(range) else { return false }
    return try TrainingRecord.hasModels(in: folder)
  }

  private func setup(_ range: TrainingRange) -> TrainingSetup {
    TrainingSetup(range: range, layout: layout, settings: settings)
  }

  /// Trains a model of every device (or device and sensor) that has windows in `range`, writes its files, and then the
  /// record. A model that cannot be trained is in the record with the reason. Models that the training before has made
  /// and this one has not are removed, so that those in the folder are of one training; models from elsewhere stay.
  ///
  /// Where no model can be trained, the models of a training before stay with their record. Without such models, `trained.csv`
  /// says why there are none; `training.json`, which says that a training is complete, is not written, and one of a training
  /// whose models are all gone is removed.
  ///
  /// Throws ``ScoringError`` where the settings are unsound, `StoreError`, `FileError`.
  package func train(_ range: TrainingRange) async throws -> TrainingRecord {
    let marker = TrainingMarker(folder)
    let before = (try? TrainingRecord.versions(in: folder)) ?? [:]
    let pack = TrainedPack(models: folder.models)
    var record = try await models(of: range, pack) { try marker.begin() }
    guard !record.models.isEmpty else {
      if try !TrainingRecord.hasModels(in: folder) {
        try? FileManager.default.removeItem(atPath: folder.trainingSetup)
        try record.writeList(to: folder)
      }
      return record
    }
    record.removed = try removeModels(of: before, but: record)
    record.packFailure = pack.finish()
    try record.write(to: folder)
    marker.end()
    return record
  }

  /// Trains the models of `range` that are in `selection`, nil for all. Each is written when it is there.
  ///
  /// - Parameter willWrite: Is called before each model is written, from any thread.
  func models(
    of range: TrainingRange, in selection: ModelSelection? = nil, _ pack: TrainedPack?,
    willWrite: @escaping @Sendable () throws -> Void = {}
  ) async throws -> TrainingRecord {
    let options = try settings.options()
    guard !layout.features.isEmpty else { throw ScoringError("a model needs at least one feature") }
    try Folder.make(folder.models)
    AtomicFile.removeTemporaryFiles(in: folder.models)
    let chunks = try chunks(of: range, in: selection)
    let queue = ChunkQueue(chunks)
    let work = Work(
      range: range, selection: selection, options: options, pack: pack, willWrite: willWrite)
    var record = TrainingRecord(setup: setup(range))
    try await withThrowingTaskGroup(of: Results.self) { group in
      for _ in 0..<min(threads, chunks.count) {
        group.addTask {
          var results = Results()
          let reader = try WindowStoreReader(path: folder.store)
          while let chunk = queue.next() { try train(chunk, work, reader, &results) }
          return results
        }
      }
      for try await results in group {
        record.models += results.models
        record.failures += results.failures
      }
    }
    record.models.sort { $0.key < $1.key }
    record.failures.sort { $0.key < $1.key }
    return record
  }

  /// Removes the models `before`, given by stem and version, that are not in `record` and still are what they were. Returns
  /// their stems. Throws `FileError`.
  private func removeModels(of before: [String: String], but record: TrainingRecord) throws -> [String] {
    let made = Set(record.models.map(\.key.stem))
    var removed: [String] = []
    for (stem, version) in before.sorted(by: { $0.key < $1.key }) where !made.contains(stem) {
      // One that was replaced by hand since is not of that training.
      guard let model = try? ModelFile.read(folder: folder.models, stem: stem), model.version == version
      else {
        continue
      }
      try ModelFile.remove(folder: folder.models, stem: stem)
      removed.append(stem)
    }
    return removed
  }

  /// What is to be done, for every thread.
  private struct Work: Sendable {
    let range: TrainingRange
    let selection: ModelSelection?
    let options: TrainingOptions
    let pack: TrainedPack?
    let willWrite: @Sendable () throws -> Void
  }

  private struct Results: Sendable {
    var models: [TrainingRecord.Model] = []
    var failures: [TrainingRecord.Failure] = []
  }

  /// Hands each piece of work to one thread.
  private final class ChunkQueue: Sendable {
    private let chunks: [[DeviceID]]
    private let taken = Mutex(0)

    init(_ chunks: [[DeviceID]]) { self.chunks = chunks }

    func next() -> [DeviceID]? {
      taken.withLock { index in
        guard index < chunks.count else { return nil }
        index += 1
        return chunks[index - 1]
      }
    }
  }

  /// Devices in byte order, cut so that each piece fits into memory and every thread gets several.
  private func chunks(of range: TrainingRange, in selection: ModelSelection?) throws -> [[DeviceID]] {
    let counts = try WindowStoreReader(path: folder.store).windowCounts(visibleAfter: nil, through: range.to)
      .filter { selection?.devices.contains($0.device) ?? true }
    let total = counts.reduce(0) { $0 + $1.count }
    let limit = min(
      ModellingDefaults.windowsPerChunk, max(1, total / (threads * ModellingDefaults.chunksPerThread)))
    var chunks: [[DeviceID]] = []
    var room = 0
    for windows in counts {
      if chunks.isEmpty || room < windows.count {
        chunks.append([])
        room = limit
      }
      chunks[chunks.count - 1].append(windows.device)
      room -= windows.count
    }
    return chunks
  }

  private func train(
    _ devices: [DeviceID], _ work: Work, _ reader: WindowStoreReader, _ results: inout Results
  ) throws {
    let range = work.range
    let builder = FeatureVectorBuilder(layout: layout)
    let found = try reader.windows(
      visibleAfter: nil, through: range.to, devices: devices, columns: builder.columns, from: range.from)
    for windows in found.map({ $0.inside(range) }) where !windows.rows.isEmpty {
      for table in builder.tables(of: windows) where work.selection?.contains(table.key) ?? true {
        let key = table.key
        let leftOut = table.failures.first.map {
          "\(table.failures.count) of \(table.failures.count + table.rows.count) windows were left out; "
            + "the first, at \($0.start): \($0.reason)"
        }
        do {
          let trained = try OneClassModel.train(
            rows: table.features, featureNames: table.featureNames, options: work.options,
            provenance: ModelMetadata(
              device: key.device.name, sensor: key.sensor?.name,
              trainingRange: range.from.milliseconds...max(range.from, range.to).milliseconds,
              seed: settings.seed))
          try work.willWrite()
          try ModelFile.write(trained.model, folder: folder.models, stem: key.stem)
          CrashPoint.modelWritten.pass()
          work.pack?.add(trained.model, stem: key.stem)
          results.models.append(
            TrainingRecord.Model(
              device: key.device, sensor: key.sensor, version: trained.model.version, rows: table.rows.count,
              supportVectors: trained.model.coefficients.count,
              warnings: trained.warnings.map(\.description) + (leftOut.map { [$0] } ?? [])))
        } catch  where error is TrainingError || error is ModelError {
          results.failures.append(
            TrainingRecord.Failure(
              device: key.device, sensor: key.sensor,
              reason: "\(error)" + (leftOut.map { "; \($0)" } ?? "")))
        }
      }
    }
  }
}

/// Says, from the first model of a training to its last, that the models of a folder are of two trainings.
private final class TrainingMarker: Sendable {
  private let folder: RunFolder
  private let hasBegun = Mutex(false)

  init(_ folder: RunFolder) { self.folder = folder }

  /// Before a model is written. Takes back the word of an earlier training as well. Throws `FileError`.
  func begin() throws {
    try hasBegun.withLock { hasBegun in
      guard !hasBegun else { return }
      try AtomicFile.write(
        "A training has begun and was not completed: the models beside this file are of two. Train again.\n",
        to: folder.unfinishedTraining, existing: .replace)
      for path in [folder.trainingSetup, folder.trainedModels] {
        try? FileManager.default.removeItem(atPath: path)
      }
      hasBegun = true
    }
  }

  /// After the record.
  func end() { try? FileManager.default.removeItem(atPath: folder.unfinishedTraining) }
}
