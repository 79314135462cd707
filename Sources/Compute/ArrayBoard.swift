/// Which array element does which tasks: the pure part of targets whose workers get all their requests at once. Events
/// go in, reports come out, and time is told, never read.
package struct ArrayBoard: Sendable {
  /// One attempt at one task.
  package struct Request: Hashable, Sendable {
    package var task: Int
    /// From 1.
    package var attempt: Int
  }

  /// A worker and what it is to do, in this order.
  package struct Element: Hashable, Sendable {
    package var worker: Int
    package var requests: [Request]
  }

  private struct Running: Sendable {
    var waiting: ArraySlice<Request>
    var node: Int?
    /// When it began the first of ``waiting``; nil until it has been seen running.
    var since: Duration?
  }

  private let retry: RetrySettings
  private let total: Int
  private var waiting: [Request]
  private var running: [Int: Running] = [:]
  private var succeeded = 0
  private var failed = 0
  private var retried = 0

  /// - Parameter tasks: Their numbers.
  package init(tasks: [Int], retry: RetrySettings) {
    self.retry = retry
    total = tasks.count
    waiting = tasks.map { Request(task: $0, attempt: 1) }
  }

  /// Whether every task has succeeded or failed for good.
  package var isFinished: Bool { succeeded + failed == total }

  /// Attempts that have ended one way or the other.
  package var settled: Int { succeeded + failed + retried }

  /// How many tasks wait for the next array.
  package var waitingTasks: Int { waiting.count }

  /// How the job has come out, given how it ended.
  package func outcome(_ ending: ComputeOutcome.Ending) -> ComputeOutcome {
    ComputeOutcome(
      ending: ending, succeeded: succeeded, failed: failed, retries: retried,
      notRun: total - succeeded - failed)
  }

  /// Deals out everything that waits to at most `slots` elements, in turn, so that neighbours of one size spread.
  package mutating func nextArray(slots: Int, firstWorker: Int) -> [Element] {
    let count = min(slots, waiting.count)
    var elements = (0..<count).map { Element(worker: firstWorker + $0, requests: []) }
    for (index, request) in waiting.enumerated() { elements[index % count].requests.append(request) }
    waiting = []
    for element in elements { running[element.worker] = Running(waiting: element.requests[...]) }
    return elements
  }

  /// Whether the worker has been seen running.
  package func hasStarted(_ worker: Int) -> Bool { running[worker].map { $0.since != nil } ?? true }

  /// The worker has been seen running on `node`.
  package mutating func started(_ worker: Int, node: Int, at now: Duration) -> [ComputeEvent] {
    guard var element = running[worker], element.since == nil else { return [] }
    element.node = node
    element.since = now
    running[worker] = element
    return [.workerStarted(worker: worker, node: node)] + next(of: worker)
  }

  /// The worker was taken off its node, and will begin its first task again.
  package mutating func requeued(_ worker: Int) {
    running[worker]?.since = nil
    running[worker]?.node = nil
  }

  private func next(of worker: Int) -> [ComputeEvent] {
    guard let element = running[worker], let request = element.waiting.first else { return [] }
    return [
      .taskStarted(task: request.task, attempt: request.attempt, worker: worker, node: element.node ?? 1)
    ]
  }

  /// The worker has answered. A worker that was started again answers for tasks that are settled; these do not count.
  package mutating func handle(_ reply: WorkerReply, from worker: Int, at now: Duration) -> [ComputeEvent] {
    // A short element may be done before anybody has seen it run.
    var events = started(worker, node: 1, at: now)
    switch reply {
    case .ready: return events
    case .succeeded(let task, let attempt, let counts):
      guard let duration = take(Request(task: task, attempt: attempt), from: worker, at: now) else {
        return events
      }
      succeeded += 1
      events.append(.taskSucceeded(task: task, attempt: attempt, counts: counts, duration: duration))
    case .failed(let task, let attempt, let reason, let mayHelp):
      let request = Request(task: task, attempt: attempt)
      guard let duration = take(request, from: worker, at: now) else { return events }
      events.append(attemptFailed(request, reason: reason, retry: mayHelp, duration))
    }
    return events + next(of: worker)
  }

  /// Strikes out the request that `worker` is at; nil where it is another one.
  private mutating func take(_ request: Request, from worker: Int, at now: Duration) -> Duration? {
    guard var element = running[worker], element.waiting.first == request else { return nil }
    let duration = now - (element.since ?? now)
    element.waiting.removeFirst()
    element.since = now
    running[worker] = element
    return duration
  }

  private mutating func attemptFailed(
    _ request: Request, reason: String, retry mayHelp: Bool, _ duration: Duration
  )
    -> ComputeEvent
  {
    guard mayHelp, request.attempt <= retry.maxRetries else {
      failed += 1
      return .taskFailed(task: request.task, attempt: request.attempt, reason: reason, duration: duration)
    }
    retried += 1
    waiting.append(Request(task: request.task, attempt: request.attempt + 1))
    return .taskRetried(task: request.task, attempt: request.attempt, reason: reason, duration: duration)
  }

  /// Whether the worker has been at one task for longer than the timeout allows.
  package func isOverdue(_ worker: Int, at now: Duration) -> Bool {
    guard let element = running[worker], let since = element.since, !element.waiting.isEmpty else {
      return false
    }
    return now - since > retry.timeout
  }

  /// The worker has gone: what it was at has failed, what it had not begun waits for the next array.
  package mutating func ended(_ worker: Int, reason: String, at now: Duration) -> [ComputeEvent] {
    guard let element = running.removeValue(forKey: worker) else { return [] }
    guard let first = element.waiting.first else { return [] }
    // One that never ran has failed at nothing.
    guard let since = element.since else {
      waiting += element.waiting
      return [.workerExited(worker: worker, node: 1, reason: reason)]
    }
    waiting += element.waiting.dropFirst()
    return [
      .workerExited(worker: worker, node: element.node ?? 1, reason: reason),
      attemptFailed(first, reason: "worker \(worker): \(reason)", retry: true, now - since),
    ]
  }

  /// The worker was ended on purpose; nothing of it counts.
  package mutating func dropped(_ worker: Int) { running[worker] = nil }
}
