import ClusterModel
import Compute
import Files
import Foundation
import Modelling
import Supervision
import Synchronization
import Telemetry

/// Runs the job of a finished run on clusters of other sizes, beside the run and without touching its files.
package struct SizeTrial: Sendable {
  /// What came of one job.
  package struct Outcome: Sendable, Codable {
    package var job: TimedJob
    /// The digest of its prediction file.
    package var digest: String
  }

  /// The run.
  package let folder: RunFolder
  package let deployment: Deployment
  /// What is scored, on every size.
  package let cut: JobCut
  private let worker: WorkerCommand
  /// What there is to score, device by device.
  package let loads: [MiniBatchPlan.Load]

  /// Everything that became visible after `after`. Throws where the store or the models cannot be read, and ``ScoringError`` where
  /// there is nothing to score.
  ///
  /// - Parameter executable: This program, which is the workers' too.
  package init(_ folder: RunFolder, _ deployment: Deployment, after: Timestamp, executable: String)
    async throws
  {
    var deployment = deployment
    self.folder = folder.with(modelsOf: deployment)
    deployment.models = self.folder.models
    self.deployment = deployment
    cut = JobCut(closingAfter: after)
    worker = WorkerCommand(
      executable: executable, arguments: ["score-worker", "--logging-level", "warning", "--single-job"])
    loads = try await JobRunner.loads(of: self.folder, cut).loads
    if loads.isEmpty { throw ScoringError("\(folder.store) has no window to score on other cluster sizes") }
  }

  /// How many windows there are to score.
  package var windows: Int { loads.reduce(0) { $0 + $1.rows } }

  /// The tasks that the planner cuts for `cell`, in its words `auto` anew for each size, as the work that they are.
  package func tasks(for cell: ClusterCell) -> [TaskWork] {
    let plan = MiniBatchPlan.tasks(
      for: loads, size: MiniBatchSize(cell.miniBatchSize) ?? .auto, slots: cell.nodes * cell.coresPerNode)
    var rest = loads[...]
    return plan.map { devices in
      let own = rest.prefix(devices.count)
      rest = rest.dropFirst(devices.count)
      return TaskWork(rows: own.reduce(0) { $0 + $1.rows }, kernels: own.reduce(0) { $0 + $1.kernels })
    }
  }

  /// Runs the job on the size of `cell`, in `scratch`, which must not exist and is removed afterwards.
  ///
  /// - Parameters:
  ///   - pace: The times that tasks wait, where they are not worked at.
  ///   - begin: Is waited for when everything is ready.
  package func run(
    _ cell: ClusterCell, scratch path: String, pace: PacedJob? = nil, when begin: () async throws -> Void = {}
  ) async throws -> Outcome {
    let scratch = RunFolder(path, models: folder.models, store: folder.store)
    try Folder.make(path)
    defer { try? FileManager.default.removeItem(atPath: path) }
    var deployment = deployment
    deployment.miniBatchSize = MiniBatchSize(cell.miniBatchSize) ?? .auto
    let compute = ComputeSettings(
      kind: ComputeSettings.Kind(rawValue: cell.target) ?? .local, nodes: cell.nodes,
      coresPerNode: cell.coresPerNode)
    var worker = worker
    if let pace {
      let file = "\(path)/pace.json"
      try JSONFile.write(pace, to: file)
      worker.arguments += ["--pace", file]
    }
    let target = try await target(of: compute, scratch, worker)
    let jobs = try JobStore(path: scratch.jobs)
    let runner = JobRunner(
      folder: scratch, deployment: deployment, target: target, worker: worker, jobs: jobs,
      now: { Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded())) }, isLast: true)
    do { try await begin() } catch {
      await target.shutDown()
      throw error
    }
    let begun = MachineClock.now
    let record = try await runner.run(cut)
    let end = MachineClock.now
    guard record.state == .completed else {
      throw ScoringError(
        "the job on \(cell.nodes) nodes did not complete: \(record.reason ?? record.state.rawValue)")
    }
    let output = scratch.job(cut.id, output: deployment.outputFileName).predictions
    return Outcome(
      job: TimedJob(begin: begun, end: end, tasks: target.tasks), digest: try Digest.sha256(file: output))
  }

  /// The target with its nodes up, as those of the simulator are before a job: this machine cannot start as many processes at the same
  /// time as a cluster can. Slurm has its nodes already.
  private func target(of compute: ComputeSettings, _ scratch: RunFolder, _ worker: WorkerCommand) async throws
    -> TimedTarget
  {
    let idle = Mutex<Set<Int>>([])
    let isLocal = compute.kind == .local
    let target = TimedTarget(
      try compute.target(logFolder: scratch.workerLogs) { transition in
        if transition.state == .idle { idle.withLock { _ = $0.insert(transition.node) } }
      }, sharesClock: isLocal)
    let deadline = MachineClock.now + Self.longestStart
    while isLocal, idle.withLock({ $0.count }) < compute.scale.maxInstances {
      guard MachineClock.now < deadline else {
        await target.shutDown()
        throw ScoringError("not all workers came up within \(Self.longestStart.seconds) s")
      }
      // Each call takes note of what has come up since the last.
      await target.prepare(for: worker)
      try await Task.sleep(for: .milliseconds(5))
    }
    return target
  }

  private static let longestStart = Duration.seconds(60)
}
