import BatchScoring
import Compute
import Files
import Foundation
import Modelling
import Telemetry
import TestSupport
import Testing

/// Jobs on real worker processes that are starved or slow.
@Suite(.timeLimit(.minutes(30))) struct RealWorkerTests {
  private let hour = ScoringFixture.hour

  private func runner(
    _ run: ScoringFixture, _ jobs: JobStore, _ target: LocalTarget, _ deployment: Deployment,
    before: String = ""
  ) -> JobRunner {
    JobRunner(
      folder: run.folder, deployment: deployment, target: target,
      worker: WorkerCommand(
        executable: "/bin/sh", arguments: ["-c", "\(before)exec '\(SondeProgram.path)' score-worker"]),
      jobs: jobs, now: { Timestamp(milliseconds: 0) })
  }

  private func trained(_ run: ScoringFixture, devices: Int = 4) async throws -> Deployment {
    try run.store(ScoringFixture.windows(devices: devices), watermark: hour(14))
    let trainer = Trainer(folder: run.folder, layout: ModelLayout(), settings: ModelSettings(), threads: 2)
    _ = try await trainer.train(TrainingRange(from: ScoringFixture.start, to: hour(12)))
    return Deployment(miniBatchSize: .devices(1), maxRetries: 1, taskTimeoutSeconds: 60, errorThreshold: 0)
  }

  private var cut: JobCut { JobCut(after: hour(12), fire: hour(14)) }

  /// As on a full disk: a worker may write files of 64 KiB, and a part is longer.
  @Test func workersWithoutDiskSaySoAndARerunWritesTheSame() async throws {
    var expected: [String: String] = [:]
    try await ScoringFixture.with { run in
      var deployment = try await trained(run, devices: 40)
      deployment.miniBatchSize = .devices(40)
      let jobs = try JobStore(path: run.folder.jobs)
      _ = try await run.runner(deployment, InProcessTarget(), jobs).run(cut)
      expected = try run.outputs()
    }
    try await ScoringFixture.with { run in
      var deployment = try await trained(run, devices: 40)
      deployment.miniBatchSize = .devices(40)
      let jobs = try JobStore(path: run.folder.jobs)
      let target = try LocalTarget(nodes: 2, coresPerNode: 1, logFolder: run.folder.workerLogs)
      let full = "trap '' XFSZ; ulimit -f 128; "
      let job = try await runner(run, jobs, target, deployment, before: full).run(cut)
      #expect(job.state == .failed)
      #expect(try run.outputs().keys.allSatisfy { $0.hasSuffix("failed.csv") }, "nothing is half written")
      let attempts = try jobs.failedAttempts(of: cut.id)
      #expect(
        !attempts.isEmpty && attempts.allSatisfy { $0.reason.contains("File too large") }, "\(attempts)")
      try jobs.requeue(cut.id)
      #expect(try await runner(run, jobs, target, deployment).run(cut).state == .completed)
      #expect(try run.outputs() == expected)
      await target.shutDown()
    }
  }

  /// A worker that is stopped in its first task: its node hangs, and the task is done by another.
  @Test func aHungWorkersTaskIsDoneElsewhere() async throws {
    try await ScoringFixture.with { run in
      var deployment = try await trained(run)
      // A task that is not hung has it done in one of many attempts, however busy the machine is.
      deployment.taskTimeoutSeconds = 10
      deployment.maxRetries = 50
      let jobs = try JobStore(path: run.folder.jobs)
      let target = try LocalTarget(nodes: 2, coresPerNode: 1, logFolder: run.folder.workerLogs)
      // The first of the workers says that it is ready, and nothing after that.
      let hang =
        "mkdir '\(run.folder.path)/first' 2>/dev/null && { echo '{\"status\":\"ready\"}'; exec sleep 600; }; "
      let job = try await runner(run, jobs, target, deployment, before: hang).run(cut)
      #expect(job.state == .completed && job.failedRows == 0)
      let hung = try jobs.failedAttempts(of: cut.id).filter { $0.reason.contains("no answer within 10 s") }
      let first = try #require(hung.first)
      let task = try #require(try jobs.tasks(of: cut.id).first { $0.task == first.task })
      #expect(task.state == "completed" && task.worker != first.worker)
      await target.shutDown()
    }
  }

  /// A slow worker takes fewer tasks, and changes nothing else.
  @Test func aSlowWorkerChangesNothing() async throws {
    var expected: [String: String] = [:]
    try await ScoringFixture.with { run in
      let deployment = try await trained(run)
      _ = try await run.runner(deployment, InProcessTarget(), try JobStore(path: run.folder.jobs)).run(cut)
      expected = try run.outputs()
    }
    try await ScoringFixture.with { run in
      let deployment = try await trained(run)
      let jobs = try JobStore(path: run.folder.jobs)
      let target = try LocalTarget(nodes: 2, coresPerNode: 1, logFolder: run.folder.workerLogs)
      // One of the two starts late, and so is late for everything.
      let slow = "mkdir '\(run.folder.path)/first' 2>/dev/null && sleep 1; "
      #expect(try await runner(run, jobs, target, deployment, before: slow).run(cut).state == .completed)
      #expect(try run.outputs() == expected)
      await target.shutDown()
    }
  }

  @Test func brokenAndMissingModelsFailTheirOwnRowsAlone() async throws {
    try await ScoringFixture.with { run in
      var deployment = try await trained(run)
      deployment.errorThreshold = -1
      try AtomicFile.write(
        "svm_type one_class\n", to: "\(run.folder.models)/device_pump-1.model", existing: .replace)
      try FileManager.default.removeItem(atPath: "\(run.folder.models)/device_pump-2.model")
      let jobs = try JobStore(path: run.folder.jobs)
      let target = try LocalTarget(nodes: 2, coresPerNode: 1, logFolder: run.folder.workerLogs)
      let job = try await runner(run, jobs, target, deployment).run(cut)
      #expect(job.state == .completed && job.predictions == 48 && job.failedRows == 48 && job.retries == 0)
      let failed = try TextFile.text(of: run.folder.job(cut.id).failed).split(separator: "\n").dropFirst()
      #expect(Set(failed.map { $0.split(separator: ",")[0] }) == ["pump-1", "pump-2"])
      #expect(failed.contains { $0.contains("there is no model") })
      await target.shutDown()
    }
  }
}
