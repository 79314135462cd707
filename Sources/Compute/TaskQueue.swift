/// Which tasks of a job are still to be tried, and how those that were tried have ended: the retry rules. Pure.
struct TaskQueue: Sendable {
  /// One attempt at one task.
  struct Attempt: Hashable, Sendable {
    var task: Int
    /// From 1.
    var number: Int
    /// How many earlier attempts were lost with their node. They are not the task's fault, and do not count as retries.
    var lost = 0
  }

  private struct Retry: Sendable {
    var attempt: Attempt
    var lastWorker: Int
  }

  private let tasks: [Int]
  private let maxRetries: Int
  private var nextTask = 0
  private var retries: [Retry] = []
  private(set) var succeeded = 0
  private(set) var failed = 0
  private(set) var retried = 0

  init(tasks: [Int], maxRetries: Int) {
    self.tasks = tasks
    self.maxRetries = maxRetries
  }

  /// How many tasks wait to be started.
  var waiting: Int { tasks.count - nextTask + retries.count }

  /// Whether a task that has failed waits for another worker.
  var hasRetries: Bool { !retries.isEmpty }

  /// How the job has come out so far, given how it ended.
  func outcome(_ ending: ComputeOutcome.Ending) -> ComputeOutcome {
    ComputeOutcome(
      ending: ending, succeeded: succeeded, failed: failed, retries: retried,
      notRun: tasks.count - succeeded - failed)
  }

  /// The next attempt for `worker`: new tasks first; a failed one goes to another worker unless `isAlone`.
  mutating func take(for worker: Int, isAlone: Bool) -> Attempt? {
    if nextTask < tasks.count {
      nextTask += 1
      return Attempt(task: tasks[nextTask - 1], number: 1)
    }
    guard let index = retries.firstIndex(where: { isAlone || $0.lastWorker != worker }) else { return nil }
    return retries.remove(at: index).attempt
  }

  mutating func noteSuccess() { succeeded += 1 }

  /// The attempt has failed on `worker`: it is tried again where `mayRetry` and the job's retries allow it.
  mutating func noteFailure(
    of attempt: Attempt, on worker: Int, reason: String, mayRetry: Bool, duration: Duration
  ) -> ComputeEvent {
    guard mayRetry, attempt.number - attempt.lost <= maxRetries else {
      failed += 1
      return .taskFailed(task: attempt.task, attempt: attempt.number, reason: reason, duration: duration)
    }
    return tryAgain(attempt, on: worker, lost: attempt.lost, reason, duration)
  }

  /// The attempt has ended with its node: it is tried again, however often the task has been tried.
  mutating func noteLoss(
    of attempt: Attempt, on worker: Int, reason: String, duration: Duration
  ) -> ComputeEvent {
    tryAgain(attempt, on: worker, lost: attempt.lost + 1, reason, duration)
  }

  private mutating func tryAgain(
    _ attempt: Attempt, on worker: Int, lost: Int, _ reason: String, _ duration: Duration
  ) -> ComputeEvent {
    retried += 1
    retries.append(
      Retry(
        attempt: Attempt(task: attempt.task, number: attempt.number + 1, lost: lost), lastWorker: worker))
    return .taskRetried(task: attempt.task, attempt: attempt.number, reason: reason, duration: duration)
  }
}
