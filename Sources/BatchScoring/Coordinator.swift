import Compute
import Files
import Foundation
import Modelling
import Telemetry
import WindowStore
import Wording

/// What can be asked of the jobs of a run's folder by hand: to score what is new, to run again what was left undone, and to end a
/// job. A command and a service get the same answers.
///
/// One coordinator at a time holds a folder; a scheduler is another kind of it.
package struct Coordinator: Sendable {
  /// A job that is to be run, and with which settings; these may be changed before it is.
  package struct Work: Hashable, Sendable {
    package var cut: JobCut
    package var deployment: Deployment
    /// Whether an earlier life has begun it, and it goes on where that was.
    package var isBegun: Bool
  }

  package let folder: RunFolder
  package let jobs: JobStore

  /// Holds `folder`. Throws ``ScoringError``, also where another coordinator does.
  ///
  /// - Parameter mustHaveJobs: Whether a job must have been run there.
  package init(_ folder: RunFolder, mustHaveJobs: Bool = false) throws {
    self.folder = folder
    if mustHaveJobs { _ = try JobStore(reading: folder.jobs) }
    jobs = try JobStore(path: folder.jobs)
  }

  // MARK: - New cuts

  /// The job of what has become visible since the last one of `deployment`, or the one that is unfinished, with the deployment that
  /// it began with. Throws ``ScoringError`` where there is nothing to score.
  ///
  /// - Parameters:
  ///   - after: The beginning of the cut; nil for the end of the last job.
  ///   - through: The end of the cut; nil for the store's watermark.
  package func next(of deployment: Deployment, after: Timestamp? = nil, through: Timestamp? = nil) throws
    -> Work
  {
    let chain = try jobs.chain(of: deployment)
    if let unfinished = chain.first(where: { !$0.state.isFinal }) {
      let begunWith = try jobs.deployment(of: unfinished.cut.id)
      return Work(cut: unfinished.cut, deployment: begunWith ?? deployment, isBegun: true)
    }
    let cut = try newCut(behind: chain, after: after, through: through)
    return Work(cut: cut, deployment: deployment, isBegun: false)
  }

  /// The cut behind the jobs of `chain`, or the one that was asked for.
  private func newCut(behind chain: [JobRecord], after asked: Timestamp?, through: Timestamp?) throws
    -> JobCut
  {
    guard let watermark = try WindowStoreReader(path: folder.store).fleetWatermark() else {
      throw ScoringError("\(folder.store) holds no reading yet")
    }
    let through = through ?? watermark
    guard through <= watermark else {
      throw ScoringError(
        "--through \(through) is later than the store's watermark \(watermark); wait, or leave it out")
    }
    let lastCut = chain.map { $0.cut.through ?? through }.max()
    let after = asked ?? lastCut ?? Timestamp(milliseconds: 0)
    if asked != nil, after >= through {
      throw ScoringError("--after \(after) is not before \(through), the end of what is scored")
    }
    if after < through {
      let cut = JobCut(after: after, fire: through)
      guard let known = try jobs.job(cut.id), known.state.isFinal else { return cut }
      throw ScoringError("there is a job \(known.cut.id) already: \(ending(of: known))")
    }
    if let undone = chain.last(where: { $0.state != .completed }) {
      throw ScoringError("nothing is new, but \(ending(of: undone))")
    }
    if asked == nil, let closing = chain.last(where: { $0.cut.through == nil }) {
      throw ScoringError(
        "job \(closing.cut.id) was the last of its stream; what has come since is scored with --after alone")
    }
    throw ScoringError(
      "everything visible through \(through) is scored already, by the jobs in \(folder.jobs)")
  }

  private func ending(of job: JobRecord) -> String {
    guard job.state != .completed else { return "it has scored \(job.predictions) windows" }
    return "job \(job.cut.id) \(job.state == .canceled ? "was canceled" : "failed"); "
      + "“sonde jobs rerun \(folder.path) \(job.cut.id)” goes on with it"
  }

  // MARK: - Reruns

  /// The job that does what the one called `id` has left undone, with the settings it was queued with, which `change` may change. A
  /// failed or canceled job can be run again afterwards. Throws ``ScoringError`` where nothing is left undone, or cannot be done
  /// with these settings; nothing is changed then.
  package func rerun(_ id: String, change: (inout Deployment) throws -> Void) throws -> Work {
    // Looked at as a whole before anything is changed.
    let (cut, begun, source) = try undone(of: try jobs.named(id))
    guard let queued = try jobs.deployment(of: source) else {
      throw ScoringError("job \(source) was queued by a version that did not keep its settings")
    }
    var deployment = queued
    try change(&deployment)
    if let begun {
      try deployment.refuseToGoOn(with: cut.id, begunWith: queued)
      if begun.state.isFinal {
        JobRunner.forgetFailedRows(of: begun, in: folder)
        try jobs.requeue(cut.id)
      } else {
        try jobs.forgetCancel(of: cut.id)
      }
    } else if deployment.layout.per != queued.layout.per {
      // Rows of a whole device are none of its sensors'.
      throw ScoringError(
        "job \(source) has rows a \(queued.layout.per.rawValue), and models a \(deployment.layout.per.rawValue) cannot score them"
      )
    }
    return Work(cut: cut, deployment: deployment, isBegun: begun != nil)
  }

  /// The job that does what `job` has left undone: itself where it has not completed, else one that scores the rows that failed, and
  /// so on. With what is known of it, where it has begun, and the name of the job whose settings it has.
  private func undone(of job: JobRecord) throws -> (cut: JobCut, begun: JobRecord?, source: String) {
    guard job.state == .completed else {
      if let replacement = job.replacedBy {
        throw ScoringError(
          "job \(job.cut.id) was to be replaced by \(replacement); that job of the schedule, or its next one, scores its windows"
        )
      }
      return (job.cut, job, job.cut.id)
    }
    guard job.failedRows > 0 else {
      throw ScoringError("job \(job.cut.id) has completed, and none of its rows failed")
    }
    let again = JobCut(failedRowsOf: job.cut)
    guard let known = try jobs.job(again.id) else { return (again, nil, job.cut.id) }
    // What failed again is what that job has left undone.
    return try undone(of: known)
  }

  // MARK: - Running

  /// Runs the job of `work` on `target`, which is shut down afterwards, and returns it in its last state; see
  /// ``JobRunner/run(_:)``.
  package func run(
    _ work: Work, on target: any ComputeTarget, worker: WorkerCommand,
    now: @escaping @Sendable () -> Timestamp, report: @escaping @Sendable (ScoringEvent) -> Void
  ) async throws -> JobRecord {
    let runner = JobRunner(
      folder: folder.with(modelsOf: work.deployment), deployment: work.deployment, target: target,
      worker: worker, jobs: jobs, now: now, report: report, isLast: true)
    let job = try await runner.run(work.cut)
    await target.shutDown()
    return job
  }

  // MARK: - Canceling

  /// Ends the job called `id` of `folder`: the coordinator that runs it is asked to, and without one the job is marked as canceled.
  /// Returns when it has ended. Throws ``ScoringError`` where it had ended before, or does not end in time.
  package static func cancel(
    _ id: String, in folder: RunFolder, now: @Sendable () -> Timestamp
  ) async throws {
    while try await !hasOtherCanceled(id, in: folder) {
      // Nobody runs it, unless somebody has begun to just now.
      guard let own = try JobStore.ifFree(path: folder.jobs) else { continue }
      try refuseFinal(try own.named(id))
      try own.cancel(id, in: folder, at: now())
      return
    }
  }

  /// Asks the coordinator that runs the job to end it, and waits for that; false without a coordinator. The database is closed
  /// afterwards.
  private static func hasOtherCanceled(_ id: String, in folder: RunFolder) async throws -> Bool {
    let store = try JobStore(asking: folder.jobs)
    try refuseFinal(try store.named(id))
    try store.requestCancel(of: id)
    let deadline = ContinuousClock.now + ScoringDefaults.cancelWait
    while ContinuousClock.now < deadline {
      // Asked for before the job is looked at: what a coordinator did before its end is then seen.
      let hasCoordinator = store.hasCoordinator
      let job = try store.named(id)
      if job.state == .canceled { return true }
      try refuseFinal(job)
      guard hasCoordinator else { return false }
      try await Task.sleep(for: ScoringDefaults.cancelPollInterval)
    }
    throw ScoringError(
      "job \(id) has not ended yet; whoever runs this folder has been told, and ends it as soon as it can")
  }

  private static func refuseFinal(_ job: JobRecord) throws {
    guard job.state.isFinal else { return }
    throw ScoringError("job \(job.cut.id) cannot be canceled: it has ended as \(job.state.rawValue)")
  }
}
