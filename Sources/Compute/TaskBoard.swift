import Telemetry
import Wording

/// Which worker does which task: the pure part of every compute target that has workers of its own. Events go in,
/// actions come out, and time is told, never read.
package struct TaskBoard: Sendable {
  package enum Event: Hashable, Sendable {
    case workerReplied(worker: Int, WorkerReply)
    /// The worker has written something that is no reply.
    case unexpectedOutput(worker: Int, text: String)
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
    /// The node was preempted: its workers are killed, and the tasks that they were at are tried again, which uses up none of the
    /// job's retries.
    case loseNode(Int)
  }

  /// Of these, a board of tasks asks for no nodes, and notes none.
  package typealias Action = BoardAction

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

  private let timeout: Duration
  private(set) var queue: TaskQueue
  private(set) var workers = WorkerTable()
  /// Why each worker that was told to end, and was at a task or had not started, is to end.
  private var reasons: [Int: String] = [:]
  var tally: WorkerTally
  var slots: WorkerSlots
  private var startFailures = 0
  private let maxStartFailures: Int
  private(set) var ending: ComputeOutcome.Ending = .finished
  private var stoppedAt: Duration?
  private let reports: Bool
  /// The number that the next worker gets. Numbers are never used twice, also across jobs.
  package private(set) var nextWorker: Int
  /// Whether another node may be opened: a failed task then waits for it rather than for the worker it failed on.
  package var mayGrow = false

  /// A board for `job` over `nodes` × `coresPerNode` slots, some of which may hold a warm worker already.
  ///
  /// - Parameters:
  ///   - openNodes: The nodes that take tasks from the beginning; nil for all.
  ///   - reports: Whether there is somebody to report to.
  package init(
    job: ComputeJob, nodes: Int, coresPerNode: Int, warm: [WarmWorker] = [], nextWorker: Int = 1,
    now: Duration = .zero, openNodes: Set<Int>? = nil, reports: Bool = true
  ) {
    self.reports = reports
    timeout = job.retry.timeout
    queue = TaskQueue(tasks: job.tasks, maxRetries: job.retry.maxRetries)
    slots = WorkerSlots(
      nodes: nodes, coresPerNode: coresPerNode, openNodes: openNodes ?? Set(1...nodes),
      taken: Set(warm.map(\.slot)))
    self.nextWorker = nextWorker
    tally = WorkerTally(nodes: nodes)
    maxStartFailures = ComputeDefaults.workerStartFailuresPerSlot * nodes * coresPerNode
    for node in slots.openNodes { tally.touch(node) }
    for worker in warm {
      add(worker.worker, slot: worker.slot, worker.isReady ? .idle : .starting(since: now))
    }
  }

  // Workers come, change and go through these three alone, which keep ``tally`` true.

  private mutating func add(_ number: Int, slot: Int, _ state: WorkerTable.State) {
    workers.insert(WorkerTable.Worker(number: number, slot: slot, state: state))
    tally.add(number, on: slots.node(of: slot), state.activity)
  }

  /// The worker at `index` of ``workers`` comes to `state`.
  mutating func move(_ index: Int, to state: WorkerTable.State) {
    let worker = workers[index]
    workers[index].state = state
    tally.change(
      worker.number, on: slots.node(of: worker.slot), from: worker.state.activity, to: state.activity)
  }

  private mutating func removeWorker(_ number: Int) -> WorkerTable.Worker? {
    guard let index = workers.index(of: number) else { return nil }
    let worker = workers.remove(at: index)
    tally.remove(number, on: slots.node(of: worker.slot), worker.state.activity)
    return worker
  }

  /// Whether nothing is left to wait for.
  package var isFinished: Bool {
    guard tally.atTask == 0 else { return false }
    return !isUnderWay || queue.waiting == 0
  }

  /// Whether nothing has put an end to the job yet.
  var isUnderWay: Bool {
    if case .finished = ending { true } else { false }
  }

  /// How the job has ended; of use once ``isFinished``.
  package var outcome: ComputeOutcome { queue.outcome(ending) }

  /// The workers that are left, for the next job.
  package var warmWorkers: [WarmWorker] {
    workers.compactMap { worker in
      switch worker.state {
      case .idle: WarmWorker(worker: worker.number, slot: worker.slot, isReady: true)
      case .starting: WarmWorker(worker: worker.number, slot: worker.slot, isReady: false)
      case .busy, .killed, .lost, .leaving: nil
      }
    }
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
    handle(event, at: now, &actions)
    return actions
  }

  /// As ``handle(_:at:)``, with the actions put behind those that are there.
  mutating func handle(_ event: Event, at now: Duration, _ actions: inout [Action]) {
    switch event {
    case .workerReplied(let worker, let reply): take(reply, from: worker, at: now, &actions)
    case .unexpectedOutput(let worker, let text):
      kill(worker, reason: "worker \(worker) wrote \(text.quoted) where a reply was expected", &actions)
    case .workerExited(let worker, let reason): remove(worker, reason: reason, at: now, &actions)
    case .tick:
      checkTimeouts(at: now, &actions)
      if isAbandoning(at: now) { killBusy(reason: "the job was stopped", &actions) }
    case .stop:
      if isUnderWay {
        ending = .stopped
        stoppedAt = now
      }
    case .cancel:
      ending = .canceled
      killBusy(reason: "the job was canceled", &actions)
    case .openNode(let node):
      slots.open(node, taken: workers(on: node).map { workers[$0].slot })
      tally.touch(node)
    case .closeNode(let node): close(node, &actions)
    case .loseNode(let node): lose(node, &actions)
    }
    giveOut(&actions, at: now)
  }

  /// Whether running tasks have had their time to finish after a stop.
  private func isAbandoning(at now: Duration) -> Bool {
    stoppedAt.map { ending == .stopped && now - $0 >= ComputeDefaults.stopGrace } ?? false
  }

  private mutating func killBusy(reason: String, _ actions: inout [Action]) {
    for worker in workers {
      if case .busy = worker.state { kill(worker.number, reason: reason, &actions) }
    }
  }

  private mutating func take(
    _ reply: WorkerReply, from number: Int, at now: Duration, _ actions: inout [Action]
  ) {
    guard let index = workers.index(of: number) else { return }
    switch workers[index].state {
    case .killed, .lost: return  // Its attempt has already been given up.
    case .leaving: return  // It became ready just when it was told to go.
    case .starting:
      if case .ready = reply {
        startFailures = 0
        return move(index, to: .idle)
      }
    case .idle: break
    case .busy(let run):
      switch reply {
      case .succeeded(let task, let attempt, let counts) where run.isOf(task, attempt):
        move(index, to: .idle)
        queue.noteSuccess()
        return report(
          .taskSucceeded(task: task, attempt: attempt, counts: counts, duration: now - run.started), &actions)
      case .failed(let task, let attempt, let reason, let retry) where run.isOf(task, attempt):
        move(index, to: .idle)
        return attemptFailed(run, on: number, reason: reason, retry: retry, at: now, &actions)
      default: break
      }
    }
    kill(number, reason: "worker \(number) answered for a task that it was not given", &actions)
  }

  private func report(_ event: @autoclosure () -> ComputeEvent, _ actions: inout [Action]) {
    if reports { actions.append(.report(event())) }
  }

  private mutating func attemptFailed(
    _ run: WorkerTable.Run, on worker: Int, reason: String, retry mayHelp: Bool, at now: Duration,
    _ actions: inout [Action]
  ) {
    guard !isEnding(at: now) else { return }
    let event = queue.noteFailure(
      of: run.attempt, on: worker, reason: reason, mayRetry: mayHelp && !isGivingUp,
      duration: now - run.started)
    report(event, &actions)
  }

  /// Whether what a task was at counts no more: in a canceled job, or one that is stopped, it has neither failed nor is it tried
  /// again.
  private func isEnding(at now: Duration) -> Bool { ending == .canceled || isAbandoning(at: now) }

  private var isGivingUp: Bool {
    if case .gaveUp = ending { true } else { false }
  }

  private mutating func remove(_ number: Int, reason: String, at now: Duration, _ actions: inout [Action]) {
    guard let worker = removeWorker(number) else { return }
    let why = reasons.removeValue(forKey: number)
    // It may have died before it was told to: both are said, why it was to end and how it has.
    let account = why.map { "\($0); it \(reason)" } ?? reason
    slots.release(worker.slot)
    report(.workerExited(worker: number, node: slots.node(of: worker.slot), reason: reason), &actions)
    switch worker.state {
    case .busy(let run):
      let reason = "worker \(number) \(reason) during the task"
      attemptFailed(run, on: number, reason: reason, retry: true, at: now, &actions)
    case .killed(let run?):
      attemptFailed(run, on: number, reason: account, retry: true, at: now, &actions)
    case .lost(let run):
      guard !isEnding(at: now) else { break }
      let duration = now - run.started
      let lost = why ?? reason
      let event =
        isGivingUp
        ? queue.noteFailure(of: run.attempt, on: number, reason: lost, mayRetry: false, duration: duration)
        : queue.noteLoss(of: run.attempt, on: number, reason: lost, duration: duration)
      report(event, &actions)
    case .starting:
      countStartFailure("worker \(number) \(reason) before it was ready")
    case .killed(nil):
      countStartFailure(account)
    case .idle, .leaving:
      break
    }
  }

  private mutating func countStartFailure(_ reason: String) {
    startFailures += 1
    if startFailures >= maxStartFailures, isUnderWay {
      ending = .gaveUp(reason: "\(startFailures) workers in a row did not start; last: \(reason)")
    }
  }

  private mutating func checkTimeouts(at now: Duration, _ actions: inout [Action]) {
    for worker in workers {
      let number = worker.number
      switch worker.state {
      case .busy(let run) where now - run.started > timeout:
        kill(
          number, reason: "worker \(number) gave no answer within \(timeout.formattedSeconds)", &actions)
      case .starting(let since) where now - since > ComputeDefaults.workerStartTimeout:
        let limit = ComputeDefaults.workerStartTimeout.formattedSeconds
        kill(number, reason: "worker \(number) was not ready within \(limit)", &actions)
      default:
        break
      }
    }
  }

  private mutating func kill(_ number: Int, reason: String, _ actions: inout [Action]) {
    guard let index = workers.index(of: number) else { return }
    switch workers[index].state {
    case .busy(let run): move(index, to: .killed(run))
    case .starting, .idle: move(index, to: .killed(nil))
    case .killed, .lost, .leaving: return
    }
    noteReason(reason, of: number)
    actions.append(.kill(worker: number))
  }

  /// Keeps why a worker is told to end until it has.
  mutating func noteReason(_ reason: String, of number: Int) { reasons[number] = reason }

  /// Gives waiting tasks to idle workers, and starts workers for those that no worker is there for.
  private mutating func giveOut(_ actions: inout [Action], at now: Duration) {
    guard isUnderWay else { return }
    var place = 0
    while place < tally.idle.count, queue.waiting > 0 {
      let number = tally.idle[place]
      let isAlone = workers.count == 1 && slots.isFull && !mayGrow
      guard let attempt = queue.take(for: number, isAlone: isAlone), let index = workers.index(of: number)
      else {
        place += 1
        continue
      }
      // It is idle no more, and the next one has its place.
      move(index, to: .busy(WorkerTable.Run(attempt: attempt, started: now)))
      let (task, count) = (attempt.task, attempt.number)
      actions.append(.assign(worker: number, task: task, attempt: count))
      let node = slots.node(of: workers[index].slot)
      report(.taskStarted(task: task, attempt: count, worker: number, node: node), &actions)
    }
    var waiting = queue.waiting - tally.starting
    while waiting > 0, let slot = slots.take() {
      waiting -= 1
      add(nextWorker, slot: slot, .starting(since: now))
      actions.append(.startWorker(worker: nextWorker, slot: slot))
      report(.workerStarted(worker: nextWorker, node: slots.node(of: slot)), &actions)
      nextWorker += 1
    }
  }
}
