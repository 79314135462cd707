import Compute
import Supervision
import Synchronization
import Telemetry

/// What has happened to a task, when, and on which machine, where that is of interest.
struct TaskEvent {
  var event: ComputeEvent
  var at: Timestamp
  var host: String?
}

/// Collects what happens to tasks, and writes it into jobs.sqlite a batch at a time: a commit an event would cost more
/// than a task does.
final class TaskLog: Sendable {
  private struct State {
    var pending: [TaskEvent] = []
    var done: Int
    var rows = 0
    var failedRows: Int
    var overhead = TaskOverhead()
    var failure: (any Error)?
    var lastFlush = ContinuousClock.now
    var lastProgress = ContinuousClock.now
  }

  private let job: String
  private let total: Int
  private let jobs: JobStore
  /// How many rows a task has: those that fail with it.
  private let rows: @Sendable (Int) throws -> Int
  /// The machine of a worker.
  private let host: @Sendable (Int) -> String?
  /// The wall clock.
  private let now: @Sendable () -> Timestamp
  private let report: @Sendable (ScoringEvent) -> Void
  private let state: Mutex<State>

  /// How many events are written at a time at most, and after how long at the latest, so that `sonde jobs` sees a job
  /// move.
  private static let batch = 500
  private static let flushInterval = Duration.milliseconds(250)

  init(
    job: String, total: Int, done: Int, failedRows: Int, jobs: JobStore,
    rows: @escaping @Sendable (Int) throws -> Int, host: @escaping @Sendable (Int) -> String?,
    now: @escaping @Sendable () -> Timestamp,
    report: @escaping @Sendable (ScoringEvent) -> Void
  ) {
    self.job = job
    self.total = total
    self.jobs = jobs
    self.rows = rows
    self.host = host
    self.now = now
    self.report = report
    state = Mutex(State(done: done, failedRows: failedRows))
  }

  /// Writes what is due and tells how far the job is, for those who look on while a task takes long.
  func tick() {
    let progress: ScoringEvent? = state.withLock { state in
      writeIfDue(&state)
      guard ContinuousClock.now - state.lastProgress >= ScoringDefaults.metricsInterval else { return nil }
      return self.progress(&state)
    }
    if let progress { report(progress) }
  }

  private func progress(_ state: inout State) -> ScoringEvent {
    state.lastProgress = .now
    return ScoringEvent(.progress, job: job, tasks: total, tasksDone: state.done, rows: state.rows)
  }

  private func writeIfDue(_ state: inout State) {
    let now = ContinuousClock.now
    guard state.pending.count >= Self.batch || now - state.lastFlush >= Self.flushInterval else { return }
    state.lastFlush = now
    if !state.pending.isEmpty { write(&state) }
  }

  /// Returns how many rows have failed so far.
  func add(_ event: ComputeEvent) -> Int {
    let (told, failedRows): (ScoringEvent?, Int) = state.withLock { state in
      var host: String?
      if case .taskStarted(_, _, let worker, _) = event { host = self.host(worker) }
      state.pending.append(TaskEvent(event: event, at: now(), host: host))
      writeIfDue(&state)
      switch event {
      case .taskSucceeded(_, _, let counts, let duration):
        state.done += 1
        if let busy = counts.busyMicroseconds {
          state.overhead.add(taskSeconds: duration.seconds, busySeconds: Double(busy) / 1e6)
        }
        state.rows += counts.items - counts.failedItems
        state.failedRows += counts.failedItems
        return (progress(&state), state.failedRows)
      case .taskRetried(_, _, let reason, _):
        return (ScoringEvent(.retry, job: job, reason: reason), state.failedRows)
      case .taskFailed(let task, _, let reason, _):
        do {
          state.failedRows += try rows(task)
        } catch {
          state.failure = state.failure ?? error
        }
        return (ScoringEvent(.retry, job: job, reason: reason), state.failedRows)
      case .notice(let text):
        return (ScoringEvent(.notice, job: job, reason: text), state.failedRows)
      case .workerStarted, .workerExited, .taskStarted:
        return (nil, state.failedRows)
      }
    }
    if let told { report(told) }
    return failedRows
  }

  /// Writes the rest, and returns how many rows have failed. Throws what an earlier write has thrown.
  func flush() throws -> Int {
    try state.withLock { state in
      write(&state)
      if let failure = state.failure { throw failure }
      return state.failedRows
    }
  }

  /// What is known of the overhead of tasks that this life has done.
  var overhead: TaskOverhead { state.withLock { $0.overhead } }

  private func write(_ state: inout State) {
    do {
      try jobs.record(state.pending, of: job)
      CrashPoint.tasksRecorded.pass()
    } catch {
      state.failure = state.failure ?? error
    }
    state.pending.removeAll(keepingCapacity: true)
  }
}
