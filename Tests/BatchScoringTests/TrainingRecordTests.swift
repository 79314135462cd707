import BatchScoring
import Files
import Foundation
import Telemetry
import Testing

/// What is kept of training.
@Suite struct TrainingRecordTests {
  private let hour = ScoringFixture.hour
  private var range: TrainingRange { TrainingRange(from: ScoringFixture.start, to: hour(12)) }

  private func trainer(_ run: ScoringFixture) -> Trainer {
    Trainer(folder: run.folder, layout: ModelLayout(), settings: ModelSettings(), threads: 2)
  }

  @Test func everyModelAndEveryFailureIsARow() async throws {
    try await ScoringFixture.with { run in
      var windows = ScoringFixture.windows(devices: 3, hours: 13)
      // One window is too few to train on.
      windows.removeAll { $0.device.name == "pump-1" && $0.start > ScoringFixture.start }
      try run.store(windows, watermark: hour(13))
      let record = try await trainer(run).train(range)
      #expect(record.models.map(\.device.name) == ["pump-0", "pump-2"])
      #expect(record.failures.map(\.device.name) == ["pump-1"])
      var rows = try CSVReader(path: run.folder.trainedModels)
      #expect(
        rows.header == ["device", "sensor", "version", "rows", "support_vectors", "warnings", "failure"])
      var found: [[String]] = []
      while let row = try rows.nextRow() { found.append(row.fields) }
      let expected = record.models.map {
        [
          $0.device.name, "*", $0.version, "\($0.rows)", "\($0.supportVectors)",
          $0.warnings.joined(separator: "; "), "",
        ]
      }
      #expect(found.prefix(2) == expected[...])
      #expect(found.last == ["pump-1", "*", "", "", "", "", record.failures[0].reason])
      #expect(try TrainingSetup.read(run.folder) == record.setup)
      #expect(try trainer(run).isDone(range))
    }
  }

  /// A run of before has its models in the same file.
  @Test func whatIsMoreInTheFileIsNotLookedAt() async throws {
    try await ScoringFixture.with { run in
      try run.store(ScoringFixture.windows(hours: 13), watermark: hour(13))
      let record = try await trainer(run).train(range)
      let text = try TextFile.text(of: run.folder.trainingSetup)
      try AtomicFile.write(
        "{\"failures\":[],\"models\":[{\"device\":\"pump-0\"}]," + text.dropFirst(),
        to: run.folder.trainingSetup, existing: .replace)
      #expect(try TrainingSetup.read(run.folder) == record.setup)
    }
  }

  @Test func tasksAreWeighedByTheListWhereModelsAreNotPacked() async throws {
    try await ScoringFixture.with { run in
      try run.store(ScoringFixture.windows(), watermark: hour(14))
      let record = try await trainer(run).train(range)
      let vectors = record.models.reduce(0) { $0 + $1.supportVectors }
      try FileManager.default.removeItem(atPath: "\(run.folder.models).sqlite")
      let jobs = try JobStore(path: run.folder.jobs)
      func weight(_ cut: JobCut) async throws -> Int {
        let job = try await run.runner(Deployment(), InProcessTarget(), jobs).run(cut)
        return try #require(job.weight)
      }
      let listed = try await weight(JobCut(after: hour(12), fire: hour(13)))
      try FileManager.default.removeItem(atPath: run.folder.trainedModels)
      let unknown = try await weight(JobCut(after: hour(13), fire: hour(14)))
      // Twelve windows of two sensors each.
      #expect(listed == unknown + 24 * vectors)
    }
  }
}
