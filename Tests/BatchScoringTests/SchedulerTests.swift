import BatchScoring
import Compute
import Files
import Foundation
import Modelling
import OneClassSVM
import Synchronization
import Telemetry
import Testing
import WindowStore

@Suite(.timeLimit(.minutes(30))) struct SchedulerTests {
  private let hour = ScoringFixture.hour

  @Test func trainsThenScoresEveryWindowOnce() async throws {
    try await ScoringFixture.with { run in
      let windows = ScoringFixture.windows()
      try run.store(windows, watermark: hour(15.9))
      #expect(try await run.schedule(run.configuration()) == .finished(failedJobs: 0))

      let jobs = try run.jobs()
      #expect(
        jobs.map(\.cut.id) == [
          "2026-01-01T13-00-00Z", "2026-01-01T14-00-00Z", "2026-01-01T15-00-00Z", "closing",
        ])
      #expect(jobs.allSatisfy { $0.state == .completed && $0.tasks == 4 && $0.failedRows == 0 })
      let rows = try run.predictions()
      let keys = rows.map { "\($0[0]),\($0[1]),\($0[2])" }
      let expected = Set(windows.filter { $0.end > hour(12) }.map { "\($0.device),*,\($0.start)" })
      #expect(Set(keys) == expected)
      #expect(keys.count == expected.count, "none is scored twice")
      // The shifted window is found, and it is the clearest of all.
      let worst = try #require(rows.min { (Double($0[4]) ?? 0) < (Double($1[4]) ?? 0) })
      #expect(worst[0] == "pump-3" && worst[2] == "\(hour(14))" && worst[5] == "1")
      // What does not change is not flagged; nu allows one in a hundred.
      #expect(rows.count { $0[5] == "1" } <= rows.count / 5)
      #expect(!FileManager.default.fileExists(atPath: run.folder.job("closing").tasks), "parts are gone")
    }
  }

  /// An endpoint file that is damaged after its default has changed.
  @Test func whereTheSourceFailsTheNewestDeploymentStays() async throws {
    try await ScoringFixture.with { run in
      try run.store(ScoringFixture.windows(), watermark: hour(15.9))
      var configuration = run.configuration()
      configuration.deployment.endpoint = "pumps"
      configuration.deployment.name = "blue"
      var green = configuration.deployment
      green.name = "green"
      let given = Atomic(false)
      let source = DeploymentSource(
        current: { [green] in
          guard !given.exchange(true, ordering: .relaxed) else { throw ScoringError("the file is damaged") }
          return green
        }, worker: { _ in WorkerCommand(executable: "in process") })
      #expect(try await run.schedule(configuration, source: source) == .finished(failedJobs: 0))
      #expect(try run.jobs().map(\.deployment) == Array(repeating: "green", count: 4))
    }
  }

  @Test func predictionFilesAreAsPromised() async throws {
    try await ScoringFixture.with { run in
      try run.store(ScoringFixture.windows(), watermark: hour(13.5))
      try await run.schedule(run.configuration())
      let files = run.folder.job("2026-01-01T13-00-00Z")
      let text = try TextFile.text(of: files.predictions)
      let lines = text.split(separator: "\n")
      #expect(lines[0] == "device,sensor,window_start,window_end,score,prediction,model_version,revision")
      let model = try ModelFile.read(folder: run.folder.models, stem: "device_pump-0")
      #expect(lines[1].hasPrefix("pump-0,*,2026-01-01T12:00:00.000Z,2026-01-01T12:05:00.000Z,"))
      #expect(lines[1].hasSuffix(",\(model.version),1"))
      let keys = lines.dropFirst().map { $0.split(separator: ",").prefix(3).joined(separator: ",") }
      #expect(keys == keys.sorted())
      for line in lines.dropFirst() {
        let score = String(line.split(separator: ",")[4])
        #expect(Double(score).map { "\($0)" } == score, "shortest round trip")
      }
      let digest = try Digest.sha256(file: files.predictions)
      #expect(try TextFile.text(of: files.success) == "{\"rows\":48,\"sha256\":\"\(digest)\"}\n")
      #expect(!FileManager.default.fileExists(atPath: files.failed))
    }
  }

  @Test func theBytesDoNotDependOnMiniBatchesOrSlots() async throws {
    var outputs: [[String: String]] = []
    for (size, slots) in [(MiniBatchSize.auto, 1), (.devices(1), 2), (.devices(3), 4), (.devices(100), 1)] {
      try await ScoringFixture.with { run in
        try run.store(ScoringFixture.windows(), watermark: hour(15.9))
        try await run.schedule(run.configuration(miniBatchSize: size), on: InProcessTarget(slots: slots))
        outputs.append(try run.outputs())
      }
    }
    #expect(outputs[0].count == 8)
    for other in outputs.dropFirst() { #expect(other == outputs[0]) }
  }

  @Test func oneModelASensor() async throws {
    try await ScoringFixture.with { run in
      try run.store(ScoringFixture.windows(devices: 2), watermark: hour(13))
      let layout = ModelLayout(per: .sensor, features: [.mean, .range])
      try await run.schedule(run.configuration(layout: layout))
      let rows = try run.predictions()
      #expect(
        Set(rows.map { "\($0[0])/\($0[1])" }).sorted() == [
          "pump-0/pressure", "pump-0/temperature", "pump-1/pressure", "pump-1/temperature",
        ])
      let model = try ModelFile.read(folder: run.folder.models, stem: "device_pump-0_sensor_pressure")
      #expect(model.featureNames == ["mean", "range"])
    }
  }

  /// Stopped after every number of tasks in turn and started again: as if it had run through.
  @Test func stoppedAnywhereAndStartedAgainItWritesTheSame() async throws {
    var expected: [String: String] = [:]
    try await ScoringFixture.with { run in
      try run.store(ScoringFixture.windows(), watermark: hour(14.2))
      try await run.schedule(run.configuration())
      expected = try run.outputs()
    }
    for tasks in 0..<4 {
      try await ScoringFixture.with { run in
        try run.store(ScoringFixture.windows(), watermark: hour(14.2))
        let control = SchedulerControl()
        control.streamHasEnded()
        let first = InProcessTarget(stopAfter: tasks)
        let ending = try await run.schedule(run.configuration(), on: first, control: control) { event in
          if event.event == .jobStarted { control.stop() }
        }
        #expect(ending == .stopped)
        let interrupted = try run.jobs()
        #expect(interrupted.map(\.state) == [.running])
        #expect(!FileManager.default.fileExists(atPath: run.folder.job(interrupted[0].cut.id).predictions))
        let second = InProcessTarget()
        try await run.schedule(run.configuration(miniBatchSize: .auto), on: second)
        #expect(try run.outputs() == expected)
        let done = first.tasksRun.withLock { $0 }
        #expect(
          second.tasksRun.withLock { $0.prefix(4 - done.count) }.allSatisfy { !done.contains($0) },
          "parts are kept")
      }
    }
  }

  /// Killed after any of the last steps: the parts are there, and of the outputs the first few.
  @Test(arguments: 0...2) func resumesWithinFinalizing(outputsThere: Int) async throws {
    let id = "2026-01-01T13-00-00Z"
    var expected: [String: String] = [:]
    try await ScoringFixture.with { run in
      try run.store(ScoringFixture.windows(), watermark: hour(13.5))
      try await run.schedule(run.configuration())
      expected = try run.outputs()
    }
    try await ScoringFixture.with { run in
      try run.store(ScoringFixture.windows(), watermark: hour(13.5))
      let control = SchedulerControl()
      control.streamHasEnded()
      try await run.schedule(run.configuration(), on: InProcessTarget(stopAfter: 4), control: control) {
        event in
        if event.tasksDone == 4 { control.stop() }
      }
      #expect(try run.jobs().map(\.state) == [.running])
      for name in ["predictions.csv", "_SUCCESS"].prefix(outputsThere) {
        try AtomicFile.write(
          try #require(expected["\(id)/\(name)"]), to: "\(run.folder.job(id).path)/\(name)")
      }
      try AtomicFile.write("half", to: "\(run.folder.job(id).path)/predictions.csv.1.tmp")
      try await run.schedule(run.configuration())
      #expect(try run.outputs() == expected)
      #expect(try run.jobs().allSatisfy { $0.state == .completed })
      let names = try FileManager.default.contentsOfDirectory(atPath: run.folder.job(id).path)
      #expect(names.sorted() == ["_SUCCESS", "predictions.csv"])
    }
  }

  @Test func aRevisedWindowIsScoredAgainInTheJobThatSeesIt() async throws {
    try await ScoringFixture.with { run in
      var windows = ScoringFixture.windows(devices: 1, hours: 15)
      // A late reading changed one sensor's window after the job of 13:00 had seen it.
      var late = try #require(windows.first { $0.start == hour(12.75) && $0.sensor.name == "pressure" })
      late.revision = 2
      late.aggregates.mean += 0.25
      late.visibleFrom = hour(13) + .milliseconds(1)
      windows.append(late)
      try run.store(windows, watermark: hour(14.5))
      try await run.schedule(run.configuration())
      let rows = try run.predictions().filter { $0[2] == "\(hour(12.75))" }
      #expect(rows.map { $0[7] } == ["1", "2"], "whole, though only one of its sensors was revised")
      #expect(rows[0][4] != rows[1][4])
      #expect(try run.jobs().allSatisfy { $0.failedRows == 0 })
    }
  }

  @Test func waitsForTheWatermark() async throws {
    try await ScoringFixture.with { run in
      try run.store(ScoringFixture.windows(hours: 13), watermark: hour(12.9))
      let control = SchedulerControl()
      let trained = Mutex(false)
      async let ending = run.schedule(run.configuration(), control: control) { event in
        if event.event == .trained {
          trained.withLock { $0 = true }
          control.stop()
        }
      }
      #expect(try await ending == .stopped)
      #expect(trained.withLock { $0 })
      #expect(try run.jobs().isEmpty)
    }
  }

  @Test func trainingTwiceGivesTheSameModels() async throws {
    var versions: [[String]] = []
    for threads in [1, 2] {
      try await ScoringFixture.with { run in
        try run.store(ScoringFixture.windows(devices: 6), watermark: hour(16))
        let trainer = Trainer(
          folder: run.folder, layout: ModelLayout(), settings: ModelSettings(), threads: threads)
        let record = try await trainer.train(TrainingRange(from: ScoringFixture.start, to: hour(12)))
        #expect(record.models.map(\.rows) == Array(repeating: 144, count: 6))
        versions.append(record.models.map(\.version))
        #expect(try trainer.isDone(TrainingRange(from: ScoringFixture.start, to: hour(12))))
        #expect(try !trainer.isDone(TrainingRange(from: ScoringFixture.start, to: hour(11))))
      }
    }
    #expect(versions[0] == versions[1])
  }

  @Test func nothingToTrainOnSaysSo() async throws {
    try await ScoringFixture.with { run in
      try run.store(ScoringFixture.windows(hours: 1), watermark: hour(1))
      let trainer = Trainer(folder: run.folder, layout: ModelLayout(), settings: ModelSettings(), threads: 1)
      let record = try await trainer.train(TrainingRange(from: hour(5), to: hour(6)))
      #expect(
        record.models.isEmpty && record.nothingTrained.description.hasPrefix("no window of the store lies"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: run.folder.models) == ["trained.csv"])
    }
  }
}
