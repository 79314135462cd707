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

    package init(cut: JobCut, deployment: Deployment, isBegun: Bool) {
      self.cut = cut
      self.deployment = deployment
      self.isBegun = isBegun
    }
  }

  /// That no window has come that is to be scored, in a sentence.
  package struct NothingNew: Hashable, ExitingError {
    package let description: String

    package var exitStatus: ExitStatus { .usage }

    fileprivate init(_ description: String) { self.description = description }
  }

  package let folder: RunFolder
  package let jobs: JobStore

  /// Holds `folder`. Throws ``ScoringError``, also where another coordinator does.
  package init(_ folder: RunFolder) throws {
    self.folder = folder
    jobs = try JobStore(path: folder.jobs)
  }

  /// As ``init(_:)`` where a job has been run already; nil where another coordinator holds `folder`. Throws ``ScoringError``.
  package init?(ifFree folder: RunFolder) throws {
    self.folder = folder
    _ = try JobStore(reading: folder.jobs)
    guard let jobs = try JobStore.ifFree(path: folder.jobs) else { return nil }
    self.jobs = jobs
  }

  /// As ``init(_:)``; nil where another coordinator holds `folder`, whether or not a job has been run in it. Throws ``ScoringError``.
  package static func ifFree(_ folder: RunFolder) throws -> Coordinator? {
    try JobStore.ifFree(path: folder.jobs).map { Coordinator(folder: folder, jobs: $0) }
  }

  private init(folder: RunFolder, jobs: JobStore) {
    self.folder = folder
    self.jobs = jobs
  }

  // MARK: - New cuts

  /// The job of what has become visible since the last one of `deployment`, or the one that is unfinished, with the deployment that
  /// it began with. Throws ``NothingNew`` where all is scored, and ``ScoringError``.
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
      throw NothingNew("\(folder.store) holds no reading yet")
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
    throw NothingNew(
      "everything visible through \(through) is scored already, by the jobs in \(folder.jobs)")
  }

  private func ending(of job: JobRecord) -> String {
    guard job.state != .completed else { return "it has scored \(job.predictions) windows" }
    return "job \(job.cut.id) \(job.state == .canceled ? "was canceled" : "failed"); "
      + "“sonde jobs rerun \(folder.path) \(job.cut.id)” goes on with it"
  }

  // MARK: - Reruns

  /// The job that does what the one called `id` has left undone; see ``Reruns/work(_:change:)``.
  package func rerun(_ id: String, change: (inout Deployment) throws -> Void) throws -> Work {
    let work = try Reruns(folder: folder, jobs: jobs).work(id, change: change)
    // Where a scheduler was asked for it, it is done now.
    try jobs.forgetRerun(of: id)
    return work
  }

  /// Asks the scheduler of `folder` to do what the job called `id` has left undone. Throws ``ScoringError`` where nothing is, or
  /// where it is no scheduler that holds the folder.
  package static func queueRerun(_ id: String, in folder: RunFolder) throws {
    let store = try JobStore(asking: folder.jobs)
    try Reruns(folder: folder, jobs: store).checkIsLeft(id)
    guard try store.requestRerun(of: id) else {
      throw ScoringError(
        "a job that somebody has begun by hand is running in \(folder.path); “sonde jobs watch \(folder.path)” shows when "
          + "it ends, and then “sonde jobs rerun \(folder.path) \(id)” can run this one")
    }
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
  ///
  /// A rerun that is queued and has not begun is taken back, and nothing else is done; then it returns false.
  @discardableResult
  package static func cancel(
    _ id: String, in folder: RunFolder, now: @Sendable () -> Timestamp
  ) async throws -> Bool {
    if try hasTakenBackRerun(of: id, in: folder) { return false }
    while try await !hasOtherCanceled(id, in: folder) {
      // Nobody runs it, unless somebody has begun to just now.
      guard let own = try JobStore.ifFree(path: folder.jobs) else { continue }
      try refuseFinal(try own.named(id))
      try own.cancel(id, in: folder, at: now())
      return true
    }
    return true
  }

  private static func hasTakenBackRerun(of id: String, in folder: RunFolder) throws -> Bool {
    let store = try JobStore(asking: folder.jobs)
    let job = try store.named(id)
    guard job.isRerunQueued, job.state.isFinal else { return false }
    // Of a completed job, another one does it.
    guard try store.job(JobCut(failedRowsOf: job.cut).id)?.state.isFinal ?? true else { return false }
    return try store.forgetRerun(of: id)
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
