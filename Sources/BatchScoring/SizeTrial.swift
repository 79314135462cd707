import ClusterModel
import Compute
import Files
import Foundation
import Modelling
import Telemetry

/// Runs the job of a finished run on clusters of other sizes, beside the run and without touching its files.
package struct SizeTrial: Sendable {
  /// What came of one job.
  package struct Outcome: Sendable {
    package var job: MeasuredJob
    /// The digest of its prediction file.
    package var digest: String
    package var predictions: Int
  }

  /// The run.
  package let folder: RunFolder
  package let deployment: Deployment
  /// What is scored, on every size.
  package let cut: JobCut
  /// What a worker is.
  package let worker: WorkerCommand
  /// What there is to score, device by device.
  package let loads: [MiniBatchPlan.Load]

  /// Everything that became visible after `after`. Throws where the store or the models cannot be read, and ``ScoringError`` where
  /// there is nothing to score.
  package init(_ folder: RunFolder, _ deployment: Deployment, after: Timestamp, worker: WorkerCommand)
    async throws
  {
    var deployment = deployment
    self.folder = folder.with(modelsOf: deployment)
    deployment.models = self.folder.models
    self.deployment = deployment
    cut = JobCut(closingAfter: after)
    self.worker = worker
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
  /// - Parameter pace: The times that tasks wait, where they are not worked at.
  package func run(_ cell: ClusterCell, scratch path: String, pace: PacedJob? = nil) async throws -> Outcome {
    let scratch = RunFolder(path, models: folder.models, store: folder.store)
    try Folder.make(path)
    defer { try? FileManager.default.removeItem(atPath: path) }
    var deployment = deployment
    deployment.miniBatchSize = MiniBatchSize(cell.miniBatchSize) ?? .auto
    let compute = ComputeSettings(
      kind: ComputeSettings.Kind(rawValue: cell.target) ?? .local, nodes: cell.nodes,
      coresPerNode: cell.coresPerNode)
    let target = TimedTarget(try compute.target(logFolder: scratch.workerLogs))
    var worker = worker
    if let pace {
      let file = "\(path)/pace.json"
      try JSONFile.write(pace, to: file)
      worker.arguments += ["--pace", file]
    }
    let jobs = try JobStore(path: scratch.jobs)
    let runner = JobRunner(
      folder: scratch, deployment: deployment, target: target, worker: worker, jobs: jobs,
      now: { Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded())) }, isLast: true)
    let begin = target.now
    let record = try await runner.run(cut)
    let end = target.now
    guard record.state == .completed else {
      throw ScoringError(
        "the job on \(cell.nodes) nodes did not complete: \(record.reason ?? record.state.rawValue)")
    }
    let spans = target.spans
    let works = self.tasks(for: cell)
    var workers: Set<Int> = []
    let firsts = Set(
      spans.sorted { $0.begin < $1.begin }.filter { workers.insert($0.worker).inserted }.map(\.task))
    let tasks = spans.sorted { $0.task < $1.task }.map { span in
      MeasuredJob.Task(
        work: works.indices.contains(span.task) ? works[span.task] : TaskWork(rows: span.counts.items),
        busySeconds: span.counts.busyMicroseconds.map { Double($0) * 1e-6 } ?? span.duration.seconds,
        seconds: span.duration.seconds, isFirstOfWorker: firsts.contains(span.task))
    }
    let output = scratch.job(cut.id, output: deployment.outputFileName).predictions
    return Outcome(
      job: MeasuredJob(
        cell: cell, makespanSeconds: (end - begin).seconds,
        beforeSeconds: ((target.firstBegin ?? begin) - begin).seconds,
        afterSeconds: (end - (spans.last?.end ?? begin)).seconds,
        nodeSeconds: Double(cell.nodes) * (end - begin).seconds, tasks: tasks),
      digest: try Digest.sha256(file: output), predictions: record.predictions)
  }
}
