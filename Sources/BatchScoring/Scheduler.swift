import Compute
import Foundation
import Synchronization
import Telemetry
import WindowStore

/// What a scheduler is told while it runs, from any thread.
public final class SchedulerControl: Sendable {
  private struct State {
    var streamEnded = false
    var stopRequested = false
  }

  private let state = Mutex(State())

  public init() {}

  /// No more windows will come: run what is due, close with a last job, and finish.
  public func streamHasEnded() { state.withLock { $0.streamEnded = true } }

  /// Finish the running tasks, leave what can be resumed, and stop.
  public func stop() { state.withLock { $0.stopRequested = true } }

  var streamEnded: Bool { state.withLock { $0.streamEnded } }
  var stopRequested: Bool { state.withLock { $0.stopRequested } }
}

/// Runs jobs as the store's watermark passes their fire times; trains first where that is asked for. Started again
/// after whatever end, it goes on where it was.
public struct Scheduler: Sendable {
  public enum Ending: Hashable, Sendable {
    /// The stream ended and everything was scored. The count is of jobs that failed.
    case finished(failedJobs: Int)
    case stopped
  }

  private let configuration: ScheduleConfiguration
  private let schedule: Schedule
  private let folder: RunFolder
  private let runner: JobRunner
  private let control: SchedulerControl
  private let trainingThreads: Int

  /// - Parameters:
  ///   - target: Where tasks run; shut down by the caller.
  ///   - worker: The command of a worker.
  ///   - trainingThreads: How many devices are trained at a time.
  ///   - now: The wall clock, for the times in jobs.sqlite.
  public init(
    folder: RunFolder, configuration: ScheduleConfiguration, target: any ComputeTarget, worker: WorkerCommand,
    trainingThreads: Int, control: SchedulerControl, now: @escaping @Sendable () -> Timestamp,
    report: @escaping @Sendable (ScoringEvent) -> Void
  ) throws {
    self.configuration = configuration
    self.folder = folder
    self.control = control
    self.trainingThreads = trainingThreads
    schedule = try configuration.schedule()
    _ = try configuration.deployment.model.options()
    runner = JobRunner(
      folder: folder, deployment: configuration.deployment, target: target, worker: worker,
      jobs: try JobStore(path: folder.jobs), now: now, report: report)
  }

  /// Returns when the stream has ended and everything is scored, or when told to stop.
  public func run() async throws -> Ending {
    guard let reader = try await openStore() else { return .stopped }
    let trainer = Trainer(
      folder: folder, layout: configuration.deployment.layout, settings: configuration.deployment.model,
      threads: trainingThreads)
    let last = try runner.jobs.last(of: configuration.deployment.name)
    if let last { runner.removeParts(of: last) }
    var sequence = JobSequence(
      schedule: schedule, from: configuration.from, training: configuration.training,
      isTrained: try configuration.training.map(trainer.isDone) ?? true,
      last: last.map { ($0.cut, $0.state.isFinal) })
    while !control.stopRequested {
      // Asked for before the watermark is read: what was committed before the end is then seen.
      let streamEnded = control.streamEnded
      switch sequence.next(watermark: try reader.fleetWatermark(), streamEnded: streamEnded) {
      case .wait:
        try await Task.sleep(for: ScoringDefaults.pollInterval)
      case .train(let range):
        runner.report(ScoringEvent(.training))
        let record = try await trainer.train(range)
        runner.report(
          ScoringEvent(
            .trained, models: record.models.count, failedModels: record.failures.count,
            reason: record.failures.first.map { "\($0.key.stem): \($0.reason)" }))
        sequence.didTrain()
      case .job(let cut):
        guard try await run(cut).state.isFinal else { break }
        sequence.didRun(cut)
      case .finish:
        runner.report(ScoringEvent(.finished))
        return .finished(failedJobs: try runner.jobs.jobs().count { $0.state == .failed })
      }
    }
    runner.report(ScoringEvent(.stopped))
    return .stopped
  }

  /// Runs one job, and passes a stop on to the target meanwhile.
  private func run(_ cut: JobCut) async throws -> JobRecord {
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

  /// The store, as soon as ingestion has made it; nil where the scheduler was told to stop before.
  private func openStore() async throws -> WindowStoreReader? {
    let clock = ContinuousClock()
    let deadline = clock.now + ScoringDefaults.storeWait
    while !control.stopRequested {
      do {
        let reader = try WindowStoreReader(path: folder.store)
        _ = try reader.fleetWatermark()
        return reader
      } catch {
        // Not there yet, or without tables yet.
        guard clock.now < deadline, !control.streamEnded else { throw error }
        try await Task.sleep(for: ScoringDefaults.pollInterval)
      }
    }
    return nil
  }
}
