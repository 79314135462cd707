import Telemetry
import Wording

/// Which worker does which task: the pure part of every compute target that has workers of its own. Events go in,
/// actions come out, and time is told, never read.
package struct TaskBoard: Sendable {
  package enum Event: Hashable, Sendable {
    case workerReplied(worker: Int, WorkerReply)
    /// The worker has written something that is no reply.
    case workerBabbled(worker: Int, text: String)
    case workerExited(worker: Int, reason: String)
    /// Nothing but time has passed.
    case tick
    /// No tasks start, and those that run finish; what has not after ``ComputeDefaults/stopGrace`` is killed, and counts as not
    /// run.
    case stop
    /// Running tasks are killed, no others start.
    case cancel
    /// The node takes tasks from now on.
    case openNode(Int)
    /// The node, which is at no task, takes none any more; its workers are to exit.
    case closeNode(Int)
  }

  package enum Action: Hashable, Sendable {
    case startWorker(worker: Int, slot: Int)
    case assign(worker: Int, task: Int, attempt: Int)
    case kill(worker: Int)
    /// It has nothing to do and is to exit by itself.
    case finish(worker: Int)
    case report(ComputeEvent)
  }

  /// A worker that is alive between two jobs.
  package struct WarmWorker: Hashable, Sendable {
    package var worker: Int
    package var slot: Int
    /// Whether its ready line has been seen.
    package var isReady: Bool

    package init(worker: Int, slot: Int, isReady: Bool) {
      self.worker = worker
      self.slot = slot
      self.isReady = isReady
    }
  }

  private struct Run: Hashable, Sendable {
    var task: Int
    var attempt: Int
    var started: Duration
  }

  private enum State: Hashable, Sendable {
    case starting(since: Duration)
    case idle
    case busy(Run)
    /// Told to end; the attempt it was at, if any, fails with this reason when it has.
    case killed(Run?, reason: String)
    /// Told to exit by itself, because its node goes.
    case leaving
  }

  private struct Worker: Sendable {
    var slot: Int
    var state: State
  }

  private struct Retry: Sendable {
    var task: Int
    var attempt: Int
    var lastWorker: Int
  }

  private let tasks: [Int]
  private let retry: RetrySettings
  private let coresPerNode: Int
  private var openNodes: Set<Int>
  private var nextTask = 0
  private var retries: [Retry] = []
  private var workers: [Int: Worker] = [:]
  private var freeSlots: [Int]
  private var startFailures = 0
  private let maxStartFailures: Int
  private var ending: ComputeOutcome.Ending = .finished
  private var stoppedAt: Duration?
  private var succeeded = 0
  private var failed = 0
  private var retried = 0
  /// The number that the next worker gets. Numbers are never used twice, also across jobs.
  package private(set) var nextWorker: Int
  /// Whether another node may be opened: a failed task then waits for it rather than for the worker it failed on.
  package var mayGrow = false

  /// A board for `job` over `nodes` × `coresPerNode` slots, some of which may hold a warm worker already.
  ///
  /// - Parameter openNodes: The nodes that take tasks from the beginning; nil for all.
  package init(
    job: ComputeJob, nodes: Int, coresPerNode: Int, warm: [WarmWorker] = [], nextWorker: Int = 1,
    now: Duration = .zero, openNodes: Set<Int>? = nil
  ) {
    let open = openNodes ?? Set(1...nodes)
    self.openNodes = open
    tasks = job.tasks
    retry = job.retry
    self.coresPerNode = coresPerNode
    self.nextWorker = nextWorker
    for worker in warm {
      workers[worker.worker] = Worker(
        slot: worker.slot, state: worker.isReady ? .idle : .starting(since: now))
    }
    let taken = Set(warm.map(\.slot))
    // Lowest slot last, because slots are taken from the end.
    freeSlots = (0..<(nodes * coresPerNode)).reversed().filter {
      !taken.contains($0) && open.contains($0 / coresPerNode + 1)
    }
    maxStartFailures = ComputeDefaults.workerStartFailuresPerSlot * nodes * coresPerNode
  }

  /// Whether nothing is left to wait for.
  package var isFinished: Bool {
    guard !hasRunningTasks else { return false }
    return ending != .finished || (nextTask == tasks.count && retries.isEmpty)
  }

  /// How the job has ended; of use once ``isFinished``.
  package var outcome: ComputeOutcome {
    ComputeOutcome(
      ending: ending, succeeded: succeeded, failed: failed, retries: retried,
      notRun: tasks.count - succeeded - failed)
  }

  /// The workers that are left, for the next job.
  package var warmWorkers: [WarmWorker] {
    workers.compactMap { number, worker in
      switch worker.state {
      case .idle: WarmWorker(worker: number, slot: worker.slot, isReady: true)
      case .starting: WarmWorker(worker: number, slot: worker.slot, isReady: false)
      case .busy, .killed, .leaving: nil
      }
    }.sorted { $0.worker < $1.worker }
  }

  /// How many tasks wait or run, and one more where a failed one should go to another node.
  package var demand: Int {
    guard ending == .finished else { return busyNodes.count }
    let running = workers.values.count { if case .busy = $0.state { true } else { false } }
    return tasks.count - nextTask + retries.count + running + (retries.isEmpty ? 0 : coresPerNode)
  }

  /// The nodes that are at a task.
  package var busyNodes: Set<Int> {
    Set(
      workers.values.compactMap { worker in
        switch worker.state {
        case .busy, .killed(.some, _): node(of: worker.slot)
        case .starting, .idle, .killed(nil, _), .leaving: nil
        }
      })
  }

  /// The nodes whose workers are all still being started.
  package var startingNodes: Set<Int> {
    var isStarting: [Int: Bool] = [:]
    for worker in workers.values {
      let starts = if case .starting = worker.state { true } else { false }
      isStarting[node(of: worker.slot), default: true] =
        isStarting[node(of: worker.slot), default: true] && starts
    }
    return Set(isStarting.filter(\.value).keys)
  }

  /// The first actions.
  package mutating func begin(at now: Duration) -> [Action] {
    var actions: [Action] = []
    giveOut(&actions, at: now)
    return actions
  }

  /// Takes `event`, which happened at `now` on a clock that never goes back.
  package mutating func handle(_ event: Event, at now: Duration) -> [Action] {
    var actions: [Action] = []
    switch event {
    case .workerReplied(let worker, let reply): take(reply, from: worker, at: now, &actions)
    case .workerBabbled(let worker, let text):
      kill(worker, reason: "worker \(worker) wrote \(text.quoted) where a reply was expected", &actions)
    case .workerExited(let worker, let reason): remove(worker, reason: reason, at: now, &actions)
    case .tick:
      checkTimeouts(at: now, &actions)
      if isAbandoning(at: now) { killBusy(reason: "the job was stopped", &actions) }
    case .stop:
      if ending == .finished {
        ending = .stopped
        stoppedAt = now
      }
    case .cancel:
      ending = .canceled
      killBusy(reason: "the job was canceled", &actions)
    case .openNode(let node): open(node)
    case .closeNode(let node): close(node, &actions)
    }
    giveOut(&actions, at: now)
    return actions
  }

  private mutating func open(_ node: Int) {
    guard openNodes.insert(node).inserted else { return }
    let slots = ((node - 1) * coresPerNode..<node * coresPerNode)
    let taken = Set(workers.values.map(\.slot))
    freeSlots += slots.reversed().filter { !taken.contains($0) }
    // Lowest slot last, because slots are taken from the end.
    freeSlots.sort(by: >)
  }

  private mutating func close(_ node: Int, _ actions: inout [Action]) {
    guard !busyNodes.contains(node), openNodes.remove(node) != nil else { return }
    freeSlots = freeSlots.filter { self.node(of: $0) != node }
    for (number, worker) in workers.sorted(by: { $0.key < $1.key }) where self.node(of: worker.slot) == node {
      if case .killed = worker.state { continue }
      workers[number]?.state = .leaving
      actions.append(.finish(worker: number))
    }
  }

  /// Whether running tasks have had their time to finish after a stop.
  private func isAbandoning(at now: Duration) -> Bool {
    stoppedAt.map { ending == .stopped && now - $0 >= ComputeDefaults.stopGrace } ?? false
  }

  private mutating func killBusy(reason: String, _ actions: inout [Action]) {
    for (number, worker) in workers.sorted(by: { $0.key < $1.key }) {
      if case .busy = worker.state { kill(number, reason: reason, &actions) }
    }
  }

  private var hasRunningTasks: Bool {
    workers.values.contains {
      switch $0.state {
      case .busy, .killed(.some, _): true
      case .idle, .starting, .killed(nil, _), .leaving: false
      }
    }
  }

  private func node(of slot: Int) -> Int { slot / coresPerNode + 1 }

  private mutating func take(
    _ reply: WorkerReply, from number: Int, at now: Duration, _ actions: inout [Action]
  ) {
    guard let worker = workers[number] else { return }
    switch (reply, worker.state) {
    case (.ready, .starting):
      startFailures = 0
      workers[number]?.state = .idle
    case (.succeeded(let task, let attempt, let counts), .busy(let run))
    where task == run.task && attempt == run.attempt:
      workers[number]?.state = .idle
      succeeded += 1
      actions.append(
        .report(.taskSucceeded(task: task, attempt: attempt, counts: counts, duration: now - run.started)))
    case (.failed(let task, let attempt, let reason, let retry), .busy(let run))
    where task == run.task && attempt == run.attempt:
      workers[number]?.state = .idle
      attemptFailed(run, on: number, reason: reason, retry: retry, at: now, &actions)
    case (_, .killed):
      break  // Its attempt has already been given up.
    case (_, .leaving):
      break  // It became ready just when it was told to go.
    default:
      kill(number, reason: "worker \(number) answered for a task that it was not given", &actions)
    }
  }

  private mutating func attemptFailed(
    _ run: Run, on worker: Int, reason: String, retry mayHelp: Bool, at now: Duration,
    _ actions: inout [Action]
  ) {
    // What a canceled job was at, or one that is stopped, has neither failed nor is it tried again.
    guard ending != .canceled, !isAbandoning(at: now) else { return }
    let duration = now - run.started
    guard mayHelp, run.attempt <= retry.maxRetries, !isGivingUp else {
      failed += 1
      actions.append(
        .report(.taskFailed(task: run.task, attempt: run.attempt, reason: reason, duration: duration)))
      return
    }
    retried += 1
    retries.append(Retry(task: run.task, attempt: run.attempt + 1, lastWorker: worker))
    actions.append(
      .report(.taskRetried(task: run.task, attempt: run.attempt, reason: reason, duration: duration)))
  }

  private var isGivingUp: Bool {
    if case .gaveUp = ending { true } else { false }
  }

  private mutating func remove(_ number: Int, reason: String, at now: Duration, _ actions: inout [Action]) {
    guard let worker = workers.removeValue(forKey: number) else { return }
    if openNodes.contains(node(of: worker.slot)) { freeSlots.append(worker.slot) }
    actions.append(.report(.workerExited(worker: number, node: node(of: worker.slot), reason: reason)))
    switch worker.state {
    case .busy(let run):
      let reason = "worker \(number) \(reason) during the task"
      attemptFailed(run, on: number, reason: reason, retry: true, at: now, &actions)
    case .killed(let run?, let why):
      attemptFailed(run, on: number, reason: why, retry: true, at: now, &actions)
    case .starting:
      countStartFailure("worker \(number) \(reason) before it was ready")
    case .killed(nil, let why):
      countStartFailure(why)
    case .idle, .leaving:
      break
    }
  }

  private mutating func countStartFailure(_ reason: String) {
    startFailures += 1
    if startFailures >= maxStartFailures, ending == .finished {
      ending = .gaveUp(reason: "\(startFailures) workers in a row did not start; last: \(reason)")
    }
  }

  private mutating func checkTimeouts(at now: Duration, _ actions: inout [Action]) {
    for (number, worker) in workers.sorted(by: { $0.key < $1.key }) {
      switch worker.state {
      case .busy(let run) where now - run.started > retry.timeout:
        kill(
          number, reason: "no answer within \(retry.timeout.formattedSeconds); worker \(number) was killed",
          &actions)
      case .starting(let since) where now - since > ComputeDefaults.workerStartTimeout:
        let limit = ComputeDefaults.workerStartTimeout.formattedSeconds
        kill(number, reason: "worker \(number) was not ready within \(limit) and was killed", &actions)
      default:
        break
      }
    }
  }

  private mutating func kill(_ number: Int, reason: String, _ actions: inout [Action]) {
    guard let worker = workers[number] else { return }
    switch worker.state {
    case .busy(let run): workers[number]?.state = .killed(run, reason: reason)
    case .starting, .idle: workers[number]?.state = .killed(nil, reason: reason)
    case .killed, .leaving: return
    }
    actions.append(.kill(worker: number))
  }

  /// Gives waiting tasks to idle workers, and starts workers for those that no worker is there for.
  private mutating func giveOut(_ actions: inout [Action], at now: Duration) {
    guard ending == .finished else { return }
    for number in workers.filter({ $0.value.state == .idle }).keys.sorted() {
      guard let (task, attempt) = takeTask(for: number) else { continue }
      workers[number]?.state = .busy(Run(task: task, attempt: attempt, started: now))
      let node = node(of: workers[number]?.slot ?? 0)
      actions.append(.assign(worker: number, task: task, attempt: attempt))
      actions.append(.report(.taskStarted(task: task, attempt: attempt, worker: number, node: node)))
    }
    var waiting = tasks.count - nextTask + retries.count
    waiting -= workers.values.count { if case .starting = $0.state { true } else { false } }
    while waiting > 0, let slot = freeSlots.popLast() {
      waiting -= 1
      workers[nextWorker] = Worker(slot: slot, state: .starting(since: now))
      actions.append(.startWorker(worker: nextWorker, slot: slot))
      actions.append(.report(.workerStarted(worker: nextWorker, node: node(of: slot))))
      nextWorker += 1
    }
  }

  /// The next task for `worker`: new tasks first; a failed one goes to another worker where there is one.
  private mutating func takeTask(for worker: Int) -> (task: Int, attempt: Int)? {
    if nextTask < tasks.count {
      nextTask += 1
      return (tasks[nextTask - 1], 1)
    }
    let isAlone = workers.count == 1 && freeSlots.isEmpty && !mayGrow
    guard let index = retries.firstIndex(where: { isAlone || $0.lastWorker != worker }) else { return nil }
    let retry = retries.remove(at: index)
    return (retry.task, retry.attempt)
  }
}

extension Duration {
  /// Such as `30 s` or `0.5 s`.
  var formattedSeconds: String {
    milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(Double(milliseconds) / 1000) s"
  }
}
