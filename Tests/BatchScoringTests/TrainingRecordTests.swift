import BatchScoring
import Files
import Foundation
import Modelling
import OneClassSVM
import Telemetry
import Testing
import WindowStore

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

  /// Windows of which too few lie in the range of training.
  private func few(_ devices: Int) -> [WindowRow] {
    ScoringFixture.windows(devices: devices, hours: 13).filter {
      $0.start < ScoringFixture.start + .seconds(1200) || $0.start >= hour(12)
    }
  }

  @Test func aTrainingThatFailedLeavesNothingAndIsDoneAgain() async throws {
    try await ScoringFixture.with { run in
      try run.store(few(2), watermark: hour(13))
      let record = try await trainer(run).train(range)
      #expect(record.models.isEmpty && record.failures.count == 2)
      #expect(try FileManager.default.contentsOfDirectory(atPath: run.folder.models) == ["trained.csv"])
      #expect(!FileManager.default.fileExists(atPath: "\(run.folder.models).sqlite"))
      #expect(try !trainer(run).isDone(range))
      // Now there is something to train on: two other devices.
      try run.store(
        ScoringFixture.windows(devices: 4, hours: 13).filter {
          ["pump-2", "pump-3"].contains($0.device.name)
        },
        watermark: hour(13))
      #expect(try await run.schedule(run.configuration()) == .finished(failedJobs: 0))
      #expect(try TrainingSetup.read(run.folder)?.range == range)
      #expect(try ModelFile.stems(in: run.folder.models) == ["device_pump-2", "device_pump-3"])
    }
  }

  @Test func withoutModelsTheJobsOfAScheduleFail() async throws {
    try await ScoringFixture.with { run in
      try run.store(few(2), watermark: hour(13))
      // The job of the hour; nothing is left for the closing one.
      #expect(try await run.schedule(run.configuration()) == .finished(failedJobs: 1))
      #expect(try TrainingSetup.read(run.folder) == nil)
      #expect(try run.jobs().first?.reason?.hasPrefix("none of its 24 rows could be scored") == true)
    }
  }

  /// An earlier version has written it where nothing was trained, or somebody has removed the models.
  @Test func aRecordWithoutModelsIsNoTraining() async throws {
    try await ScoringFixture.with { run in
      try run.store(ScoringFixture.windows(devices: 2, hours: 13), watermark: hour(13))
      #expect(try await trainer(run).train(range).models.count == 2)
      try ModelFile.remove(folder: run.folder.models, stem: "device_pump-0")
      #expect(try trainer(run).isDone(range), "one is left")
      try ModelFile.remove(folder: run.folder.models, stem: "device_pump-1")
      #expect(try !trainer(run).isDone(range))
      // Another training that fails does not keep the record of models that are gone.
      #expect(try await trainer(run).train(TrainingRange(from: hour(11.9), to: hour(12))).models.isEmpty)
      #expect(try FileManager.default.contentsOfDirectory(atPath: run.folder.models) == ["trained.csv"])
      #expect(try await run.schedule(run.configuration()) == .finished(failedJobs: 0))
      #expect(try trainer(run).isDone(range))
    }
  }

  @Test func aScheduleDoesNotScoreWithModelsOfAnotherTraining() async throws {
    try await ScoringFixture.with { run in
      try run.store(ScoringFixture.windows(devices: 2, hours: 13), watermark: hour(13))
      #expect(try await trainer(run).train(range).models.count == 2)
      var configuration = run.configuration()
      configuration.training = TrainingRange(from: hour(11.9), to: hour(12))
      let error = await #expect(throws: ScoringError.self) { try await run.schedule(configuration) }
      #expect(
        error?.description.hasPrefix("none of 2 models could be trained; device_pump-0: 1 rows") == true)
      #expect(try run.jobs().isEmpty)
    }
  }

  @Test func aTrainingThatFailedChangesNothingOfTheOneBefore() async throws {
    try await ScoringFixture.with { run in
      try run.store(ScoringFixture.windows(devices: 2, hours: 13), watermark: hour(13))
      let first = try await trainer(run).train(range)
      func files() throws -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: run.folder.models) {
          found[name] = try TextFile.bytes(of: "\(run.folder.models)/\(name)")
        }
        return found
      }
      let before = try files()
      // One window is too few.
      let late = TrainingRange(from: hour(12), to: hour(12.1))
      #expect(try await trainer(run).train(late).models.isEmpty)
      #expect(try files() == before)
      #expect(try trainer(run).isDone(range) && !trainer(run).isDone(late))
      #expect(first.models.count == 2)
    }
  }

  @Test func modelsOfTwoTrainingsAreNotMixed() async throws {
    try await ScoringFixture.with { run in
      var windows = ScoringFixture.windows(devices: 4, hours: 13)
      // Trained first: all four. Then one has too few windows and another none.
      windows.removeAll { $0.device.name == "pump-1" && $0.start > hour(6) }
      windows.removeAll { $0.device.name == "pump-2" && $0.start >= hour(6) }
      try run.store(windows, watermark: hour(13))
      let first = try await trainer(run).train(TrainingRange(from: ScoringFixture.start, to: hour(6)))
      #expect(first.models.count == 4)
      // One that somebody has put there stays.
      let own = try ModelFile.read(folder: run.folder.models, stem: "device_pump-0")
      try ModelFile.write(try own.renamed(device: "other"), folder: run.folder.models, stem: "device_other")
      let second = try await trainer(run).train(TrainingRange(from: hour(6), to: hour(12)))
      #expect(second.models.map(\.device.name) == ["pump-0", "pump-3"])
      #expect(second.removed == ["device_pump-1", "device_pump-2"])
      #expect(
        try ModelFile.stems(in: run.folder.models) == ["device_other", "device_pump-0", "device_pump-3"])
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
