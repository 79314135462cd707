import BatchScoring
import Compute
import Files
import HTTP
import Modelling
import Telemetry
import Wording

// A job on the windows of a run: the coordinator of its folder does the work, as it does for `sonde score`.
extension BatchJobRun {
  func score(_ path: String, _ job: BatchJob, _ account: JobAccount) async throws {
    // Once more: what is there may be another folder by now.
    guard let held = HeldFolder.unlinked(path) else {
      throw ScoringError("the folder of the run is not there any more, or a link leads to it")
    }
    do throws(RequestFault) {
      _ = try InputCatalog.run(held, path)
    } catch {
      throw ScoringError(error.description)
    }
    let coordinator = try await coordinator(of: RunFolder(path))
    while true {
      let (work, isOwn) = try work(of: job, account, coordinator)
      if let ended = work.ended { return try conclude(ended, account) }
      try account.change {
        if isOwn { $0.job = work.value.cut.id }
        $0.startedAt = $0.startedAt ?? now()
        $0.state = .provisioning
      }
      let record = try await run(work.value, job, account, coordinator)
      guard record.state.isFinal else { throw Stopped() }
      if isOwn { return try conclude(record, account) }
      log("job \(record.cut.id), which somebody had left unfinished, is \(record.state.rawValue)")
    }
  }

  /// Waits until nobody else runs jobs in `folder`.
  private func coordinator(of folder: RunFolder) async throws -> Coordinator {
    let deadline = ContinuousClock.now + BatchDefaults.folderWait
    var hasTold = false
    while true {
      try checkGoesOn()
      if let coordinator = try Coordinator.ifFree(folder) { return coordinator }
      guard ContinuousClock.now < deadline else {
        throw ScoringError(
          "somebody else has run jobs in \(folder.path) for \(BatchDefaults.folderWait.text); stop that schedule, or have it score"
        )
      }
      if !hasTold { log("waits: a schedule or another job runs in \(folder.path)") }
      hasTold = true
      try await Task.sleep(for: BatchDefaults.folderPollInterval)
    }
  }

  /// What is to be run, or how it has ended already.
  private struct Next {
    var value: Coordinator.Work
    var ended: JobRecord?
  }

  /// What is next: the job that an earlier process has begun with, a new one, or before a new one with a given cut another one that somebody
  /// has left unfinished; then it is not our own.
  private func work(of job: BatchJob, _ account: JobAccount, _ coordinator: Coordinator) throws -> (
    Next, isOwn: Bool
  ) {
    if let id = account.value.job, let known = try coordinator.jobs.job(id) {
      let begunWith = try coordinator.jobs.deployment(of: id) ?? job.deployment
      let work = Coordinator.Work(cut: known.cut, deployment: begunWith, isBegun: true)
      return (Next(value: work, ended: known.state.isFinal ? known : nil), true)
    }
    try checkGoesOn()
    let work = try coordinator.next(
      of: job.deployment, after: job.request.after, through: job.request.through)
    let isAsked = job.request.after != nil || job.request.through != nil
    return (Next(value: work), !(work.isBegun && isAsked))
  }

  private func run(
    _ work: Coordinator.Work, _ job: BatchJob, _ account: JobAccount, _ coordinator: Coordinator
  ) async throws -> JobRecord {
    let target = try target(job.compute, work.deployment, coordinator.folder, coordinator.jobs)
    let watch = watch(work.cut.id, account, coordinator, target)
    let result = await Result {
      try await coordinator.run(
        work, on: target, worker: worker(work.deployment), now: now,
        report: { event in
          if let sentence = event.sentence { log(sentence) }
          account.note { $0.take(event) }
        })
    }
    watch.cancel()
    // Waited for: it reads the job database, and writes how far the job is.
    await watch.value
    return try result.get()
  }

  /// Passes on what is asked of the job, and writes how far it is.
  private func watch(
    _ id: String, _ account: JobAccount, _ coordinator: Coordinator, _ target: any ComputeTarget
  ) -> Task<Void, Never> {
    Task {
      while !Task.isCancelled {
        if stop.isSet { await target.stop() }
        // What cannot be written or read shows itself to the job, which does both.
        if paths.isCancelAsked { try? coordinator.jobs.requestCancel(of: id) }
        if let record = try? coordinator.jobs.job(id), !record.state.isFinal {
          account.note {
            $0.state = record.state
            $0.tasks = record.tasks
          }
        }
        try? account.write()
        try? await Task.sleep(for: BatchDefaults.lookInterval)
      }
    }
  }

  private func conclude(_ record: JobRecord, _ account: JobAccount) throws {
    account.note {
      $0.tasks = record.tasks
      $0.tasksDone = record.state == .completed ? record.tasks : $0.tasksDone
      $0.predictions = record.predictions
      $0.failedRows = record.failedRows
    }
    try end(account, record.state, record.reason)
  }
}

extension BatchProgress {
  /// What an event of the job says of how far it is.
  mutating func take(_ event: ScoringEvent) {
    guard event.job == job else { return }
    if let tasks = event.tasks { self.tasks = tasks }
    if let done = event.tasksDone { tasksDone = done }
    if let rows = event.rows { predictions = rows }
    if let failed = event.failedRows { failedRows = failed }
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
