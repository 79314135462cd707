import Compute
import Files
import Foundation
import Modelling
import Supervision
import Telemetry
import WindowStore

/// Runs one batch job from its cut to its prediction file, or takes up one that was interrupted at any point.
///
/// The steps, each of which can be repeated: plan (`tasks/job.json`), run (a part file a task, which are put together as they
/// come), finalize (`failed.csv`, `predictions.csv`, `_SUCCESS`), record. What is in a part or put together is not scored again,
/// and every step gives the same bytes whoever repeats it.
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

    let description = try await plan(&job, files)
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
          + "them", collector)
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
          + "“sonde jobs rerun” goes on with what is missing", collector)
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
    job.reason = reason
    try recordEnd(&job)
    report(ended(job, .jobFailed))
  }

  /// Writes that the job has reached its last state.
  private func recordEnd(_ job: inout JobRecord) throws {
    let end = now()
    job.endedAt = end
    let usage = NodeUsage(try jobs.nodeStates())
    if let start = job.startedAt, !usage.lives.isEmpty {
      job.nodeSeconds = usage.seconds(from: start, to: end)
    }
    try jobs.save(job)
  }

  private func isTooMany(_ failedRows: Int) -> Bool {
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
    return ScoringEvent(
      kind, job: job.cut.id, tasks: job.tasks, rows: job.predictions, failedRows: job.failedRows,
      retries: job.retries, seconds: seconds, reason: job.reason, deployment: job.deployment,
      nodeSeconds: job.nodeSeconds)
  }

  /// Jobs are named by their cut's end, whoever runs them.
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

  // MARK: - Plan

  private func plan(_ job: inout JobRecord, _ files: JobFolder) async throws -> JobDescription {
    let known = try knownDescription(of: job.cut, files)
    if known == nil {
      // Parts without a description are of nobody knows which tasks.
      try files.unpublish()
      try? FileManager.default.removeItem(atPath: files.tasks)
      if job.tasks > 0 { try jobs.forgetTasks(of: job.cut.id) }
    }
    try files.prepare()
    await target.prepare(for: worker)
    job.state = .provisioning
    job.startedAt = job.startedAt ?? now()
    let description: JobDescription
    if let known {
      // The parts that are there belong to these tasks, also if the number of nodes is another one now.
      description = known
    } else {
      // Side by side with the counting of windows: of a large fleet both take a while.
      async let supportVectors = ModelCatalog.supportVectors(of: folder)
      let reader = try WindowStoreReader(path: folder.store)
      let onlyRowsOf = job.cut.failedRowsOf.map { folder.job($0).failed }
      let devices = try onlyRowsOf.map { try RowSelection(failedFile: $0).devices }
      let counts = Self.counts(
        try reader.windowCounts(visibleAfter: job.cut.after, through: job.cut.through), of: devices)
      let vectors = try await supportVectors
      let loads = counts.map {
        MiniBatchPlan.Load(device: $0.device, rows: $0.count, supportVectors: vectors[$0.device] ?? 0)
      }
      let tasks = MiniBatchPlan.tasks(
        for: loads, size: deployment.miniBatchSize, slots: target.slots, cost: try measuredCost())
      description = JobDescription(
        job: job.cut.id, store: folder.store, models: folder.models, layout: deployment.layout,
        visibleAfter: job.cut.after, visibleThrough: job.cut.through,
        tasks: tasks, firstStarts: Self.firstStarts(of: tasks, counts), onlyRowsOf: onlyRowsOf,
        outputAction: deployment.outputAction)
      job.weight = loads.reduce(0) { $0 + $1.weight }
      try jobs.save(job)
      try description.write(to: files.description)
    }
    CrashPoint.jobPlanned.pass()
    job.tasks = description.tasks.count
    try jobs.save(job)
    try jobs.add(tasks: description.tasks.map(\.count), to: job.cut.id)
    return description
  }

  /// Of `counts` those of `devices`, also of such that have no windows any more; nil for all.
  private static func counts(_ counts: [WindowStoreReader.WindowCount], of devices: Set<DeviceID>?)
    -> [WindowStoreReader.WindowCount]
  {
    guard let devices else { return counts }
    let without = devices.subtracting(counts.map(\.device)).map {
      WindowStoreReader.WindowCount(device: $0, count: 0, firstStart: Timestamp(milliseconds: .max))
    }
    return (counts.filter { devices.contains($0.device) } + without).sorted { $0.device < $1.device }
  }

  /// The description that an earlier life has written, if it can be read and is the one of `cut`; in this folder, which may have
  /// been moved since.
  private func knownDescription(of cut: JobCut, _ files: JobFolder) throws -> JobDescription? {
    guard FileStamp(files.description) != nil, let found = try? JobDescription(path: files.description),
      (found.job, found.visibleAfter, found.visibleThrough) == (cut.id, cut.after, cut.through),
      (found.onlyRowsOf == nil) == (cut.failedRowsOf == nil)
    else { return nil }
    var description = found
    description.store = folder.store
    description.models = folder.models
    description.onlyRowsOf = cut.failedRowsOf.map { folder.job($0).failed }
    if description != found { try description.write(to: files.description) }
    return description
  }

  /// The start of the first window of each task. `counts` are of the devices of all `tasks`, in their order.
  private static func firstStarts(of tasks: [[DeviceID]], _ counts: [WindowStoreReader.WindowCount])
    -> [Timestamp]
  {
    var rest = counts[...]
    return tasks.map { devices in
      let own = rest.prefix(devices.count)
      rest = rest.dropFirst(devices.count)
      return own.dropFirst().reduce(own[own.startIndex].firstStart) { min($0, $1.firstStart) }
    }
  }

  /// What the newest job that measured all of its tasks has shown.
  private func measuredCost() throws -> MiniBatchPlan.Cost? {
    guard deployment.miniBatchSize == .auto else { return nil }
    return try jobs.chain(of: deployment).last { $0.state == .completed && $0.busySeconds != nil }
      .flatMap(MiniBatchPlan.Cost.init)
  }

  // MARK: - Run

  private func runTasks(
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
        return try TaskScorer(job: description, reader: reader).fail(task: task, reason: "").failed
      }, report: report)
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

  // MARK: - Finalize

  private func shutDownAfterLast() async {
    if isLast { await target.shutDown() }
  }

  private func finalize(_ collector: PredictionCollector, _ job: inout JobRecord) async throws {
    let totals = try await collector.finish(reasons: try jobs.failureReasons(of: job.cut.id))
    job.predictions = totals.predictions
    job.failedRows = totals.failedRows
    job.failedTasks = totals.failedTasks
  }
}

extension Result where Failure == any Error {
  /// What `body` returns or throws.
  fileprivate init(_ body: () async throws -> Success) async {
    do {
      self = .success(try await body())
    } catch {
      self = .failure(error)
    }
  }
}
