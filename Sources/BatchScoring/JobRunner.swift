import Compute
import Files
import Foundation
import Modelling
import Supervision
import Telemetry

/// Runs one batch job from its cut to its prediction file, or takes up one that was interrupted at any point.
///
/// The steps, each of which can be repeated: plan (`tasks/job.json`), run (a part file a task, which are put together as they
/// come), finalize (`failed.csv`, `predictions.csv`, `_SUCCESS`), record. What is in a part or put together is not scored again,
/// and every step gives the same bytes, however often it is repeated.
package struct JobRunner: Sendable {
  package let folder: RunFolder
  package let deployment: Deployment
  package let target: any ComputeTarget
  /// The command of a worker, which calls ``ScoringWorker/run()``.
  package let worker: WorkerCommand
  package let jobs: JobStore
  /// The wall clock, for the times in jobs.sqlite.
  package let now: @Sendable () -> Timestamp
  package let report: @Sendable (ScoringEvent) -> Void
  /// Whether no other job will come: the target is then shut down as soon as the tasks have come to an end.
  package let isLast: Bool

  package init(
    folder: RunFolder, deployment: Deployment, target: any ComputeTarget, worker: WorkerCommand,
    jobs: JobStore,
    now: @escaping @Sendable () -> Timestamp, report: @escaping @Sendable (ScoringEvent) -> Void = { _ in },
    isLast: Bool = false
  ) {
    self.isLast = isLast
    self.folder = folder
    self.deployment = deployment
    self.target = target
    self.worker = worker
    self.jobs = jobs
    self.now = now
    self.report = report
  }

  /// The same with another target, deployment and worker.
  func on(
    _ target: any ComputeTarget, _ deployment: Deployment, _ worker: WorkerCommand, folder: RunFolder
  ) -> JobRunner {
    JobRunner(
      folder: folder.with(modelsOf: deployment), deployment: deployment, target: target, worker: worker,
      jobs: jobs, now: now, report: report)
  }

  /// Runs the job of `cut`, or resumes it. Returns it in its last state, which is not final where the target was stopped:
  /// then running it again goes on from there.
  ///
  /// Throws ``ScoringError`` where the job's output exists already but no such job is known or unfinished, `StoreError`
  /// and `FileError`. A job that fails by itself is returned with its reason, not thrown.
  package func run(_ cut: JobCut) async throws -> JobRecord {
    let known = try jobs.job(cut.id)
    if let known { try refuseAnotherJob(known, cut) }
    if let known, known.state.isFinal { return known }
    try folder.refuseUnfinishedTraining()
    let files = folder.job(cut.id, output: deployment.outputFileName)
    var job: JobRecord
    if let known {
      if let begun = try jobs.deployment(of: cut.id) {
        try deployment.refuseToGoOn(with: cut.id, begunWith: begun)
      }
      job = known
    } else {
      try refuseExistingOutput(files)
      // Of a job that the database does not know any more.
      try? FileManager.default.removeItem(atPath: files.tasks)
      job = JobRecord(
        cut: cut, deployment: deployment.name, endpoint: deployment.endpoint, state: .queued, queuedAt: now())
      try jobs.save(job)
      CrashPoint.jobQueued.pass()
    }
    try jobs.save(deployment, of: cut.id)

    let description: JobDescription
    do {
      description = try await plan(&job, files)
    } catch let error as DetectorError {
      job.state = .failed
      job.reason = error.reason
      try recordEnd(&job)
      report(ended(job, .jobFailed))
      return job
    }
    let collector = try PredictionCollector(description, files)
    // Looked for before they are put together, which removes them. A part that a power cut has left half is made again.
    let taken = collector.takenBefore
    let done = description.tasks.indices.map { task in
      (task < taken.count ? taken[task] : StoredPart(path: files.part(task))?.summary)?.counts
    }
    report(
      ScoringEvent(
        .jobStarted, job: cut.id, tasks: done.count, tasksDone: done.count { $0 != nil },
        deployment: deployment.name))
    let collecting = Task {
      // What cannot be put together need not be scored.
      if await !collector.follow() { await target.stop() }
    }
    let ran = await Result { try await runTasks(description, &job, files, done) }
    // Workers leave while the rest is put together.
    async let shutDown: Void = shutDownAfterLast()
    // Waited for: it writes into the folder.
    collecting.cancel()
    await collecting.value
    let ended = await Result {
      try await collector.checkFailure()
      try await end(&job, try ran.get(), collector)
    }
    await shutDown
    try ended.get()
    return job
  }

  /// Does what is left when the tasks have come to an end, whichever.
  private func end(
    _ job: inout JobRecord, _ ran: (outcome: ComputeOutcome, failedRows: Int),
    _ collector: PredictionCollector
  ) async throws {
    let failedRows = ran.failedRows
    // Where there was something to score.
    let isFruitless = failedRows > 0 ? await !collector.hasPredictions : false
    switch ran.outcome.ending {
    case .stopped:
      try jobs.save(job)
      try jobs.endAttempt(of: job.cut.id, as: .stopped, at: now())
    case .gaveUp(let reason):
      try await fail(&job, reason, collector)
    case .canceled where !isTooMany(failedRows):
      job.state = .canceled
      try recordEnd(&job)
      try jobs.cancelTasks(of: job.cut.id)
      report(ended(job, .jobCanceled))
    case .finished where isFruitless && !isTooMany(failedRows):
      job.failedRows = failedRows
      try await fail(
        &job,
        "none of its \(failedRows) rows could be scored; when what is wrong has been put right, “sonde jobs rerun” scores "
          + "them.", collector)
    case .finished where !isTooMany(failedRows):
      CrashPoint.tasksDone.pass()
      job.state = .finalizing
      try jobs.save(job)
      CrashPoint.jobFinalizing.pass()
      try await finalize(collector, &job)
      job.state = .completed
      try recordEnd(&job)
      CrashPoint.jobCompleted.pass()
      // Only now: until the job is recorded as completed, this is what it is resumed from.
      removeParts(of: job)
      report(ended(job, .jobCompleted))
    case .finished, .canceled:
      job.failedRows = failedRows
      try await fail(
        &job,
        "\(failedRows) rows failed, more than the error threshold of \(deployment.errorThreshold) allows; "
          + "“sonde jobs rerun” goes on with what is missing.", collector)
      try jobs.cancelTasks(of: job.cut.id)
    }
  }

  private func fail(_ job: inout JobRecord, _ reason: String, _ collector: PredictionCollector) async throws {
    do {
      try await collector.finishFailedRows(reasons: try jobs.failureReasons(of: job.cut.id))
    } catch {
      // The job has failed without this.
      report(ScoringEvent(.notice, job: job.cut.id, reason: "the rows that failed are not listed: \(error)"))
    }
    job.state = .failed
    job.reason = [reason, mostFrequentReason(of: job)].compactMap { $0 }.joined(separator: " ")
    try recordEnd(&job)
    report(ended(job, .jobFailed))
  }

  /// A sentence about why rows of the job have failed; nil where none has, or it cannot be known. The job's end does not hang on it.
  private func mostFrequentReason(of job: JobRecord) -> String? {
    (try? FailedReasons(of: folder.job(job.cut.id)))?.sentence
  }

  /// Writes that the job has reached its last state.
  private func recordEnd(_ job: inout JobRecord) throws {
    let end = now()
    job.endedAt = end
    let usage = NodeUsage(try jobs.nodeStates())
    if !usage.lives.isEmpty {
      // Between its attempts, nodes were there for others.
      job.nodeSeconds = try jobs.attempts(of: job.cut.id).reduce(0) {
        $0 + usage.seconds(from: $1.startedAt, to: $1.endedAt ?? end)
      }
    }
    try jobs.save(job)
  }

  func isTooMany(_ failedRows: Int) -> Bool {
    deployment.errorThreshold >= 0 && failedRows > deployment.errorThreshold
  }

  /// Removes the parts of a completed job that was killed just before it could.
  func removeParts(of job: JobRecord) {
    guard job.state == .completed else { return }
    try? FileManager.default.removeItem(atPath: folder.job(job.cut.id).tasks)
  }

  /// Has the tasks of a failed or canceled job done again in which rows have failed: what was wrong may have been put right.
  package static func forgetFailedRows(of job: JobRecord, in folder: RunFolder) {
    let files = folder.job(job.cut.id)
    for task in 0..<job.tasks {
      let path = files.part(task)
      if let part = StoredPart(path: path), part.summary.failed > 0 { part.remove() }
    }
  }

  private func ended(_ job: JobRecord, _ kind: ScoringEvent.Kind) -> ScoringEvent {
    let seconds = job.endedAt.flatMap { end in job.startedAt.map { Double((end - $0).milliseconds) / 1000 } }
    var event = ScoringEvent(
      kind, job: job.cut.id, tasks: job.tasks, rows: job.predictions, failedRows: job.failedRows,
      retries: job.retries, seconds: seconds, reason: job.reason, deployment: job.deployment,
      nodeSeconds: job.nodeSeconds)
    event.alarms = job.alarms
    return event
  }

  /// Jobs are named by their cut's end, so two deployments may want the same name.
  private func refuseAnotherJob(_ known: JobRecord, _ cut: JobCut) throws {
    guard known.cut == cut, known.endpoint == deployment.endpoint,
      known.endpoint != nil || known.deployment == deployment.name
    else {
      let owner = known.endpoint.map { "endpoint \($0)" } ?? "deployment \(known.deployment)"
      throw ScoringError(
        "\(jobs.path) has a job \(cut.id) already, of \(owner), for what became visible after "
          + "\(known.cut.after); choose another --through, or give each endpoint a folder of its own")
    }
  }

  private func refuseExistingOutput(_ files: JobFolder) throws {
    for path in [files.predictions, files.success] where FileManager.default.fileExists(atPath: path) {
      throw ScoringError(
        "\(path) exists already, but \(jobs.path) knows no such job; move it away, or use another folder")
    }
  }

  private func shutDownAfterLast() async {
    if isLast { await target.shutDown() }
  }

  private func finalize(_ collector: PredictionCollector, _ job: inout JobRecord) async throws {
    let totals = try await collector.finish(reasons: try jobs.failureReasons(of: job.cut.id))
    job.predictions = totals.predictions
    job.failedRows = totals.failedRows
    job.failedTasks = totals.failedTasks
    // A row a model says nothing of windows, but they were looked at all the same.
    job.alarms = totals.alarms
    guard totals.failedRows > 0 else { return }
    job.reason =
      [
        "\(totals.failedRows) of \(totals.failedRows + totals.predictions) rows failed.",
        mostFrequentReason(of: job),
      ]
      .compactMap { $0 }.joined(separator: " ")
  }
}

extension Result where Failure == any Error {
  /// What `body` returns or throws.
  init(_ body: () async throws -> Success) async {
    do {
      self = .success(try await body())
    } catch {
      self = .failure(error)
    }
  }
}
