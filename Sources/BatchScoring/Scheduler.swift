import Compute
import Files
import Foundation
import Modelling
import Supervision
import Synchronization
import Telemetry
import WindowStore

/// What a scheduler is told while it runs, from any thread.
package final class SchedulerControl: Sendable {
  private struct State {
    var streamEnded = false
    var stopRequested = false
  }

  private let state = Mutex(State())

  package init() {}

  /// No more windows will come: run what is due, close with a last job, and finish.
  package func streamHasEnded() { state.withLock { $0.streamEnded = true } }

  /// Finish the running tasks, leave what can be resumed, and stop.
  package func stop() { state.withLock { $0.stopRequested = true } }

  var streamEnded: Bool { state.withLock { $0.streamEnded } }
  var stopRequested: Bool { state.withLock { $0.stopRequested } }
}

/// Where a scheduler takes the deployment of each new job from, so that a change of an endpoint's default shows in the
/// next job.
package struct DeploymentSource: Sendable {
  /// The deployment of a job that starts now.
  package var current: @Sendable () throws -> Deployment
  /// The command of its workers.
  package var worker: @Sendable (Deployment) throws -> WorkerCommand

  package init(
    current: @escaping @Sendable () throws -> Deployment,
    worker: @escaping @Sendable (Deployment) throws -> WorkerCommand
  ) {
    self.current = current
    self.worker = worker
  }
}

/// The deployment of a schedule's newest job.
private final class LastDeployment: Sendable {
  private let deployment: Mutex<Deployment>

  init(_ deployment: Deployment) { self.deployment = Mutex(deployment) }

  var value: Deployment { deployment.withLock { $0 } }

  func remember(_ next: Deployment) -> Deployment {
    deployment.withLock { $0 = next }
    return next
  }
}

/// Runs jobs as the store's watermark, or the wall clock, passes their fire times; trains first where that is asked for.
/// Started again after whatever end, it goes on where it was.
package struct Scheduler: Sendable {
  package enum Ending: Hashable, Sendable {
    /// The stream ended and everything was scored. The count is of jobs that failed.
    case finished(failedJobs: Int)
    case stopped
  }

  let configuration: ScheduleConfiguration
  let schedule: Schedule
  let folder: RunFolder
  let runner: JobRunner
  let control: SchedulerControl
  private let trainingThreads: Int
  private let source: DeploymentSource?
  /// What the source has given last.
  private let lastDeployment: LastDeployment
  let moreTargets: (@Sendable (Int) throws -> any ComputeTarget)?

  /// - Parameters:
  ///   - target: Where tasks run; shut down by the caller.
  ///   - worker: The command of a worker.
  ///   - trainingThreads: How many devices are trained at a time.
  ///   - jobs: The job database of `folder`; nil to open it here.
  ///   - source: Where deployments come from; nil for the configuration's.
  ///   - moreTargets: Makes the target of a second, third, … job at a time, by its number from 2; nil where jobs run one
  ///     by one.
  ///   - now: The wall clock.
  package init(
    folder: RunFolder, configuration: ScheduleConfiguration, target: any ComputeTarget, worker: WorkerCommand,
    trainingThreads: Int, control: SchedulerControl, jobs: JobStore? = nil, source: DeploymentSource? = nil,
    moreTargets: (@Sendable (Int) throws -> any ComputeTarget)? = nil,
    now: @escaping @Sendable () -> Timestamp, report: @escaping @Sendable (ScoringEvent) -> Void
  ) throws {
    self.configuration = configuration
    self.folder = folder
    self.control = control
    self.trainingThreads = trainingThreads
    self.source = source
    lastDeployment = LastDeployment(configuration.deployment)
    self.moreTargets = moreTargets
    schedule = try configuration.schedule()
    _ = try configuration.deployment.model.options()
    runner = JobRunner(
      folder: folder.with(modelsOf: configuration.deployment), deployment: configuration.deployment,
      target: target, worker: worker, jobs: try jobs ?? JobStore(path: folder.jobs), now: now, report: report)
  }

  /// Returns when the stream has ended and everything is scored, or when told to stop.
  package func run() async throws -> Ending {
    guard let reader = try await openStore() else { return .stopped }
    try runner.jobs.takeReruns()
    switch configuration.clock {
    case .watermark: return try await runByWatermark(reader)
    case .wall: return try await runByWallClock(reader)
    }
  }

  private func runByWatermark(_ reader: WindowStoreReader) async throws -> Ending {
    let last = try runner.jobs.chain(of: configuration.deployment).last
    if let last { runner.removeParts(of: last) }
    var sequence = JobSequence(
      schedule: schedule, from: configuration.from, training: configuration.training,
      isTrained: try await isTrained(), last: last.map { ($0.cut, $0.state.isFinal) })
    var retraining = Retraining()
    while !control.stopRequested {
      if let id = try runner.jobs.nextRerun() {
        if let range = retraining.due { retraining.didTrain(range, isDone: try await train(range)) }
        try await rerun(id)
        retraining.timePasses()
        continue
      }
      // Asked for before the watermark is read: what was committed before the end is then seen.
      let streamEnded = control.streamEnded
      switch sequence.next(watermark: try reader.fleetWatermark(), streamEnded: streamEnded) {
      case .wait:
        retraining.timePasses()
        try await Task.sleep(for: ScoringDefaults.pollInterval)
      case .train(let range):
        retraining.didTrain(range, isDone: try await train(range))
        sequence.didTrain()
      case .job(let cut):
        if let range = retraining.due { retraining.didTrain(range, isDone: try await train(range)) }
        guard try await run(cut).state.isFinal else { break }
        sequence.didRun(cut)
        retraining.timePasses()
      case .finish:
        guard try runner.jobs.takeNoMoreReruns() else { break }
        return try finished()
      }
    }
    return try stopped()
  }

  func stopped() throws -> Ending {
    try runner.jobs.takeNoMoreReruns(evenWaiting: true)

    runner.report(ScoringEvent(.stopped))
    return .stopped
  }

  func finished() throws -> Ending {
    let jobs = try runner.jobs.jobs()
    let failed = jobs.count { $0.state == .failed }
    let rows = UnscoredRows.count(in: jobs)
    runner.report(
      ScoringEvent(
        .finished,
        reason: failed == 0 && rows == 0
          ? nil : "\(failed) jobs failed, and \(rows) rows could not be scored; “sonde jobs list” says why"))
    return .finished(failedJobs: failed)
  }

  /// Whether the newest job that had something to score, and has ended by itself, has scored nothing. Throws ``ScoringError``.
  package func newestJobScoredNothing() throws -> Bool {
    try runner.jobs.chain(of: configuration.deployment).last {
      $0.state == .failed || $0.state == .completed && $0.tasks > 0
    }?.state == .failed
  }

  /// Rows that jobs of the folder could not score, and no later job has. Throws ``ScoringError``.
  package func unscoredRows() throws -> Int { UnscoredRows.count(in: try runner.jobs.jobs()) }

  // MARK: - Training

  private var trainer: any DetectorTrainer {
    configuration.deployment.trainer(
      in: runner.folder, threads: trainingThreads, isStopped: { [control] in control.stopRequested },
      report: { [report = runner.report] in report(ScoringEvent(.notice, reason: $0)) })
  }

  func isTrained() async throws -> Bool {
    guard let range = configuration.training else { return true }
    return try await trainer.hasTrained(range)
  }

  /// Whether there are models now. Throws ``ScoringError`` where those of another training are there.
  func train(_ range: TrainingRange) async throws -> Bool {
    runner.report(ScoringEvent(.training))
    let outcome = try await trainer.makeModels(range)
    for notice in outcome.notices { runner.report(ScoringEvent(.notice, reason: notice)) }
    if let reason = outcome.nothingTrained {
      // Jobs would score with models that were trained on something else.
      guard !outcome.hasOldModels else { throw reason }
      runner.report(
        ScoringEvent(
          .notice,
          reason: "\(reason)\nwithout models no window can be scored; the next job tries to train again"))
      return false
    }
    CrashPoint.trained.pass()
    runner.report(
      ScoringEvent(
        .trained, models: outcome.models, failedModels: outcome.failed, reason: outcome.firstFailure))
    return true
  }

  // MARK: - Jobs

  /// The runner of the job of `cut` on `target`: one of an earlier life keeps its deployment, a new one gets what is the
  /// default now.
  func runner(of cut: JobCut, on target: any ComputeTarget) throws -> JobRunner {
    // A job of another endpoint or deployment under this name is refused by the runner.
    let known = try runner.jobs.deployment(of: cut.id).flatMap { known in
      let own = runner.deployment
      return known.endpoint == own.endpoint && (own.endpoint != nil || known.name == own.name) ? known : nil
    }
    guard let source else {
      return runner.on(target, known ?? runner.deployment, runner.worker, folder: folder)
    }
    let deployment: Deployment
    do {
      deployment = try known ?? lastDeployment.remember(source.current())
    } catch {
      // What is wrong with the file must not stop the schedule, which has a deployment that works.
      deployment = lastDeployment.value
      runner.report(ScoringEvent(.notice, job: cut.id, reason: "\(error)\ngoing on with \(deployment.name)"))
    }
    return runner.on(target, deployment, try worker(of: deployment), folder: folder)
  }

  /// The command of the workers of `deployment`.
  func worker(of deployment: Deployment) throws -> WorkerCommand {
    try source?.worker(deployment) ?? runner.worker
  }

  /// Runs one job.
  private func run(_ cut: JobCut) async throws -> JobRecord {
    try await run(cut, by: runner(of: cut, on: runner.target))
  }

  /// Runs one job, and passes a stop on to the target meanwhile.
  func run(_ cut: JobCut, by runner: JobRunner) async throws -> JobRecord {
    let watch = Task { [control, target = runner.target] in
      while !Task.isCancelled {
        if control.stopRequested {
          await target.stop()
          return
        }
        try? await Task.sleep(for: ScoringDefaults.pollInterval)
      }
    }
    defer { watch.cancel() }
    return try await runner.run(cut)
  }

  /// What else in the folder of the run may be the store; empty where nothing is.
  private var otherStores: String {
    let own = [folder.store, folder.jobs].map { ($0 as NSString).lastPathComponent }
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let others = files.filter {
      ($0 as NSString).pathExtension == "sqlite" && !own.contains($0) && $0 != "models.sqlite"
    }
    return others.isEmpty
      ? "; “sonde ingest --run \(folder.path)” makes it"
      : "; \(folder.path) has \(others.sorted().joined(separator: ", ")), but the store of a run is called \(own[0])"
  }

  /// The store, as soon as ingestion has made it; nil where the scheduler was told to stop before.
  private func openStore() async throws -> WindowStoreReader? {
    let clock = ContinuousClock()
    let deadline = clock.now + ScoringDefaults.storeWait
    var hasTold = false
    while !control.stopRequested {
      do {
        let reader = try WindowStoreReader(path: folder.store)
        _ = try reader.fleetWatermark()
        return reader
      } catch {
        // Not there yet, or without tables yet.
        guard clock.now < deadline, !control.streamEnded else { throw error }
        if !hasTold {
          runner.report(ScoringEvent(.notice, reason: "waiting for the store: \(error)\(otherStores)"))
        }
        hasTold = true
        try await Task.sleep(for: ScoringDefaults.pollInterval)
      }
    }
    return nil
  }
}
