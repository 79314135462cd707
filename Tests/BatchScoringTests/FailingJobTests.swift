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

/// Jobs in which something cannot be done: rows, tasks, whole jobs, and what becomes of the rest.
@Suite(.timeLimit(.minutes(30))) struct FailingJobTests {
  private let hour = ScoringFixture.hour

  @Test func whatCannotBeScoredFailsWithAReasonAndTheRestGoesOn() async throws {
    try await ScoringFixture.with { run in
      var windows = ScoringFixture.windows(devices: 3, hours: 13)
      // A device that was not there in training, and a window without one of its sensors.
      let stranger = try #require(DeviceID("stranger"))
      windows += windows.filter { $0.device.name == "pump-0" && $0.start >= hour(12) }.map {
        var row = $0
        row.device = stranger
        return row
      }
      windows.removeAll {
        $0.device.name == "pump-1" && $0.start == hour(12.5) && $0.sensor.name == "temperature"
      }
      try run.store(windows, watermark: hour(13))
      let trainer = Trainer(
        folder: run.folder, layout: ModelLayout(), settings: ModelSettings(), threads: 2)
      _ = try await trainer.train(TrainingRange(from: ScoringFixture.start, to: hour(12)))
      try AtomicFile.write("nonsense", to: "\(run.folder.models)/device_pump-2.model", existing: .replace)
      try await run.schedule(run.configuration())

      let failed = try TextFile.text(of: run.folder.job("2026-01-01T13-00-00Z").failed).split(separator: "\n")
      #expect(failed[0] == "device,sensor,window_start,window_end,revision,reason")
      #expect(failed.count { $0.hasPrefix("stranger,") && $0.contains("no model device_stranger") } == 12)
      #expect(failed.count { $0.hasPrefix("pump-2,") && $0.contains("device_pump-2") } == 12)
      #expect(
        failed.filter { $0.hasPrefix("pump-1,") }.map(String.init) == [
          "pump-1,*,2026-01-01T12:30:00.000Z,2026-01-01T12:35:00.000Z,1,the window has no reading of temperature"
        ])
      let job = try #require(try run.jobs().first)
      #expect(job.predictions == 23 && job.failedRows == 25 && job.state == .completed)
    }
  }

  @Test func aJobThatCouldScoreNothingHasFailedAndARerunGoesOn() async throws {
    try await ScoringFixture.with { run in
      try run.store(ScoringFixture.windows(devices: 3, hours: 13), watermark: hour(13))
      let trainer = Trainer(
        folder: run.folder, layout: ModelLayout(), settings: ModelSettings(), threads: 2)
      _ = try await trainer.train(TrainingRange(from: ScoringFixture.start, to: hour(12)))
      let models = "\(run.folder.path)/away"
      try FileManager.default.moveItem(atPath: run.folder.models, toPath: models)
      let jobs = try JobStore(path: run.folder.jobs)
      let cut = JobCut(after: hour(12), fire: hour(13))
      let job = try await run.runner(Deployment(), InProcessTarget(), jobs).run(cut)
      #expect(job.state == .failed && job.predictions == 0 && job.failedRows == 36)
      #expect(job.reason?.hasPrefix("none of its 36 rows could be scored") == true)
      let files = run.folder.job(cut.id)
      #expect(!FileManager.default.fileExists(atPath: files.success))
      #expect(!FileManager.default.fileExists(atPath: files.predictions))
      #expect(try TextFile.text(of: files.failed).split(separator: "\n").count == 37)

      try FileManager.default.moveItem(atPath: models, toPath: run.folder.models)
      JobRunner.forgetFailedRows(of: job, in: run.folder)
      try jobs.requeue(cut.id)
      let again = try await run.runner(Deployment(), InProcessTarget(), jobs).run(cut)
      #expect(again.state == .completed && again.predictions == 36 && again.failedRows == 0)
      // Without any window there is nothing that could fail.
      let empty = try await run.runner(Deployment(), InProcessTarget(), jobs).run(
        JobCut(after: hour(13), fire: hour(14)))
      #expect(empty.state == .completed && empty.failedRows == 0)
    }
  }

  @Test func aTaskThatFailsForGoodFailsItsRows() async throws {
    try await ScoringFixture.with { run in
      try run.store(ScoringFixture.windows(), watermark: hour(13))
      try await run.schedule(run.configuration(), on: InProcessTarget { $0 == 2 ? "the disk is full" : nil })
      let job = try #require(try run.jobs().first)
      #expect(
        job.state == .completed && job.failedTasks == 1 && job.failedRows == 12 && job.predictions == 36)
      let failed = try TextFile.text(of: run.folder.job(job.cut.id).failed)
      #expect(failed.contains("task 2 failed: the disk is full"))
    }
  }

  @Test func tooManyFailedRowsFailTheJobAndARerunGoesOn() async throws {
    try await ScoringFixture.with { run in
      try run.store(ScoringFixture.windows(), watermark: hour(13))
      let ending = try await run.schedule(
        run.configuration(errorThreshold: 11), on: InProcessTarget { $0 == 2 ? "no" : nil })
      #expect(ending == .finished(failedJobs: 2), "the closing one too")
      let job = try #require(try run.jobs().first)
      #expect(job.state == .failed && job.failedRows == 12)
      #expect(job.reason?.hasPrefix("12 rows failed, more than the error threshold of 11") == true)
      let files = run.folder.job(job.cut.id)
      #expect(!FileManager.default.fileExists(atPath: files.predictions))
      #expect(FileManager.default.fileExists(atPath: files.tasks), "what was done is kept")
      let reasons = try FailedReasons(of: files)
      #expect(reasons.most.map(\.reason) == ["task 2 failed: no"] && reasons.most.map(\.rows) == [12])

      let target = InProcessTarget()
      let jobs = try JobStore(path: run.folder.jobs)
      try jobs.requeue(job.cut.id)
      let runner = run.runner(try #require(try jobs.deployment(of: job.cut.id)), target, jobs)
      #expect(try await runner.run(job.cut).state == .completed)
      #expect(target.tasksRun.withLock { $0.contains(2) && !$0.contains(0) })
      #expect(try TextFile.text(of: files.success).hasPrefix("{\"rows\":48,"))
      #expect(!FileManager.default.fileExists(atPath: files.failed), "no row has failed in the end")
    }
  }

  @Test func exactlyAsManyFailedRowsAsAllowedAreAllowed() async throws {
    try await ScoringFixture.with { run in
      try run.store(ScoringFixture.windows(), watermark: hour(13))
      try await run.schedule(
        run.configuration(errorThreshold: 12), on: InProcessTarget { $0 == 2 ? "no" : nil })
      #expect(try run.jobs().first?.state == .completed)
    }
  }

  @Test func aCanceledJobLeavesNoPredictionFileAndTheScheduleGoesOn() async throws {
    try await ScoringFixture.with { run in
      try run.store(ScoringFixture.windows(), watermark: hour(14.2))
      let target = InProcessTarget(cancelAfter: 2)
      try await run.schedule(run.configuration(), on: target) { event in
        guard event.event == .progress, event.tasksDone == 2, let job = event.job else { return }
        // From a connection of its own, as another process would.
        do {
          try JobStore(asking: run.folder.jobs).requestCancel(of: job)
        } catch {
          Issue.record(error)
        }
      }
      let jobs = try run.jobs()
      #expect(jobs.map(\.state) == [.canceled, .canceled, .canceled])
      #expect(try run.outputs().isEmpty)
      let store = try JobStore(reading: run.folder.jobs)
      #expect(
        try store.tasks(of: jobs[0].cut.id).map(\.state) == [
          "completed", "completed", "canceled", "canceled",
        ])
    }
  }

  @Test func whatFailedIsScoredByAJobOfItsOwn() async throws {
    try await ScoringFixture.with { run in
      try run.store(ScoringFixture.windows(), watermark: hour(13))
      try await run.schedule(run.configuration(), on: InProcessTarget { $0 == 2 ? "the disk is full" : nil })
      let first = try #require(try run.jobs().first)
      #expect(first.state == .completed && first.failedRows == 12)
      let jobs = try JobStore(path: run.folder.jobs)
      let cut = JobCut(failedRowsOf: first.cut)
      #expect(JobCut(failedRowsOf: cut).id == "\(first.cut.id)-again-2")
      #expect(JobCut(failedRowsOf: JobCut(failedRowsOf: cut)).id == "\(first.cut.id)-again-3")
      let runner = run.runner(try #require(try jobs.deployment(of: first.cut.id)), InProcessTarget(), jobs)
      let again = try await runner.run(cut)
      #expect(again.state == .completed && again.predictions == 12 && again.failedRows == 0)
      let lines = try TextFile.text(of: run.folder.job(cut.id).predictions).split(separator: "\n").dropFirst()
      #expect(lines.count == 12 && lines.allSatisfy { $0.hasPrefix("pump-2,*,") })
      #expect(try run.jobs().first { $0.cut.id == cut.id }?.cut == cut, "as it was written")
    }
  }

  @Test func oneCoordinatorAFolder() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sonde-lock-\(UUID().uuidString)")
      .path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    do {
      let first = try JobStore(path: "\(folder)/jobs.sqlite")
      let error = #expect(throws: ScoringError.self) { try JobStore(path: first.path) }
      #expect(error?.description.contains("running in this folder already") == true)
      #expect(try JobStore(reading: first.path).jobs().isEmpty, "anybody may read")
    }
    _ = try JobStore(path: "\(folder)/jobs.sqlite")
  }

  @Test func failedAttemptsAreKept() async throws {
    try await ScoringFixture.with { run in
      try run.store(ScoringFixture.windows(), watermark: hour(13))
      try await run.schedule(run.configuration(), on: InProcessTarget { $0 == 2 ? "the disk is full" : nil })
      let store = try JobStore(reading: run.folder.jobs)
      let job = try #require(try run.jobs().first)
      let attempts = try store.failedAttempts(of: job.cut.id)
      #expect(
        attempts.map(\.task) == [2] && attempts[0].reason == "the disk is full" && attempts[0].node == 1)
      let progress = JobProgress(tasks: try store.tasks(of: job.cut.id))
      #expect(progress.completed == 3 && progress.failed == 1 && progress.rows == 36)
    }
  }

  @Test func anOutputThatExistsIsNeverOverwritten() async throws {
    try await ScoringFixture.with { run in
      try run.store(ScoringFixture.windows(), watermark: hour(13))
      let files = run.folder.job("2026-01-01T13-00-00Z")
      try FileManager.default.createDirectory(atPath: files.path, withIntermediateDirectories: true)
      try AtomicFile.write("mine\n", to: files.predictions)
      let error = await #expect(throws: ScoringError.self) { try await run.schedule(run.configuration()) }
      #expect(error?.description.contains(files.predictions) == true)
      #expect(try TextFile.text(of: files.predictions) == "mine\n")
    }
  }
}
