import Compute
import Modelling
import Supervision
import WindowStore

/// The second step of a job: its tasks run on the compute target, and can be canceled meanwhile.
extension JobRunner {
  /// Runs the tasks that are not `done`, and returns how that ended and how many rows have failed in all.
  func runTasks(
    _ description: JobDescription, _ job: inout JobRecord, _ files: JobFolder, _ done: [TaskCounts?]
  ) async throws -> (outcome: ComputeOutcome, failedRows: Int) {
    let missing = done.indices.filter { done[$0] == nil }
    let failedBefore = done.reduce(0) { $0 + ($1?.failedItems ?? 0) }
    // What an earlier life has done, but was killed before it could write down.
    try jobs.complete(
      done.enumerated().compactMap { task, counts in counts.map { (task, $0) } }, of: job.cut.id)
    job.state = .running
    try jobs.save(job)
    CrashPoint.jobRunning.pass()
    guard !missing.isEmpty else {
      return (
        ComputeOutcome(ending: .finished, succeeded: 0, failed: 0, retries: 0, notRun: 0), failedBefore
      )
    }
    let log = TaskLog(
      job: job.cut.id, total: description.tasks.count, done: done.count - missing.count,
      failedRows: failedBefore, jobs: jobs,
      rows: { task in
        let reader = try WindowStoreReader(path: description.store)
        let detector = description.detector(of: DetectorSource(), path: files.description)
        return try TaskScorer(job: description, reader: reader, detector: detector).fail(
          task: task, reason: ""
        )
        .failed
      }, host: { [target] in target.host(ofWorker: $0) }, now: now, report: report)
    let computeJob = ComputeJob(
      name: job.cut.id, input: files.description, worker: worker, tasks: missing, retry: deployment.retry)
    let watch = watch(job.cut.id, log)
    let result = await Result {
      try await target.run(computeJob) { event in
        if isTooMany(log.add(event)) { Task { await target.cancel() } }
      }
    }
    // Waited for: it holds the job database, and with it the folder.
    watch.cancel()
    await watch.value
    let outcome = try result.get()
    let failedRows = try log.flush()
    let overhead = log.overhead
    if let warning = overhead.warning {
      report(ScoringEvent(.notice, job: job.cut.id, reason: warning))
    }
    if overhead.tasks == job.tasks {
      job.taskSeconds = overhead.taskSeconds
      job.busySeconds = overhead.busySeconds
    }
    job.retries += outcome.retries
    job.failedTasks = outcome.failed
    return (outcome, failedRows)
  }

  /// Passes a request to cancel, from whatever process, on to the target, and sees to it that the log is written while nothing
  /// happens.
  private func watch(_ id: String, _ log: TaskLog) -> Task<Void, Never> {
    Task { [jobs, target] in
      while !Task.isCancelled {
        log.tick()
        // A database that cannot be read shows itself to the job, which writes into it.
        if (try? jobs.isCancelRequested(of: id)) == true { await target.cancel() }
        try? await Task.sleep(for: ScoringDefaults.cancelPollInterval)
      }
    }
  }
}
