import Compute
import Telemetry

/// A cluster in a time of its own: one queue of events drives the board, the autoscaler and the retry rules of real targets. Only
/// the times of tasks, the starts of nodes and their preemptions are modelled.
///
/// Jobs come one after the other, and nodes live on between them. The same cluster, seed and jobs give the same results.
package struct ClusterSimulator: Sendable {
  /// A job, by what a simulator needs to know of it.
  package struct Job: Sendable {
    /// Their number; they are taken in order.
    package let tasks: Int
    /// The coordinator's part before the first task can begin.
    package var before: Duration
    /// The coordinator's part when the last task has ended.
    package var after: Duration
    let job: ComputeJob

    package init(
      tasks: Int, before: Duration = .zero, after: Duration = .zero, retry: RetrySettings = RetrySettings()
    ) {
      self.tasks = tasks
      self.before = before
      self.after = after
      job = ComputeJob(
        name: "", input: "", worker: WorkerCommand(executable: ""), tasks: Array(0..<tasks), retry: retry)
    }
  }

  /// What the time of a task depends on.
  package struct Start: Hashable, Sendable {
    package var task: Int
    /// From 1.
    package var attempt: Int
    /// Whether its worker has done no task before.
    package var isFirstOfWorker: Bool
    /// How many workers are at a task, this one among them.
    package var busyWorkers: Int

    package init(task: Int, attempt: Int, isFirstOfWorker: Bool, busyWorkers: Int) {
      self.task = task
      self.attempt = attempt
      self.isFirstOfWorker = isFirstOfWorker
      self.busyWorkers = busyWorkers
    }
  }

  /// What became of a job.
  package struct Result: Hashable, Sendable {
    package var begin: Duration
    package var end: Duration
    package var outcome: ComputeOutcome

    package var makespan: Duration { end - begin }
    /// Whether all of its tasks were done.
    package var isComplete: Bool { outcome.ending == .finished && outcome.notRun == 0 && outcome.failed == 0 }
  }

  /// Small, because the queue moves it about: 32 bits are four thousand million nodes or workers.
  enum Event: Sendable {
    case nodeStarted(node: Int32, life: Int32)
    case nodeFailed(node: Int32, life: Int32)
    case preempted(node: Int32, life: Int32)
    case workerReady(Int32)
    /// With the task that it is at: one that is told to end gets no other.
    case taskDone(worker: Int32)
    case workerExited(Int32)
    case tick
  }

  private struct Worker: Sendable {
    var task: Int32 = 0
    var attempt: Int32 = 0
    var isAlive = true
    var hasWorked = false
    var isAtTask = false
  }

  package let cluster: SimulatedCluster
  private var board: ClusterBoard
  private var queue = EventQueue<Event>()
  private var actions: [ClusterBoard.Action] = []
  var clock: Int64 = 0
  var random: SeededGenerator
  /// By their numbers, from 1.
  private var workers: [Worker] = [Worker()]
  private var busyWorkers = 0
  /// How many nodes were taken away since a task was done.
  private var fruitlessLosses = 0
  /// How often each node has been asked for.
  private var lifeOfNode: [Int: Int32] = [:]
  private var openLives: [Int: NodeLife] = [:]
  var closedLives: [NodeLife] = []
  /// When the next tick is due; nil where none is in the queue.
  private var tickAt: Int64?
  private let timeout: Int64
  let workerStart: Int64
  private let notice: Int64

  /// A cluster whose fewest nodes are asked for at the time zero.
  package init(_ cluster: SimulatedCluster, seed: UInt64) {
    self.cluster = cluster
    board = ClusterBoard(cluster.scale, coresPerNode: cluster.coresPerNode, reports: false)
    random = SeededGenerator(seed: seed, stream: RandomStream.simulatedCluster)
    timeout = cluster.retry.timeout.nanoseconds
    workerStart = Self.nanoseconds(cluster.workerStartSeconds)
    notice = Self.nanoseconds(cluster.preemption?.noticeSeconds ?? 0)
  }

  /// A job that loses more nodes than this without a task done meanwhile would never end: its tasks take longer than nodes live. A large
  /// cluster loses many while its first tasks are at work.
  private var mostFruitlessLosses: Int { max(10_000, 100 * cluster.scale.maxInstances) }

  /// The time, since the beginning.
  package var now: Duration { Duration(wholeNanoseconds: clock) }

  /// Every node that has not gone.
  package var nodes: [Int: NodeState] { board.nodes }

  /// Nanoseconds, of at most 292 years.
  static func nanoseconds(_ seconds: Double) -> Int64 { Int64(min(max(0, seconds) * 1e9, 9e18)) }

  // MARK: - Jobs

  /// Runs `job`, which begins now, to its end. `time` says how long a task takes.
  package mutating func run(_ job: Job, time: (Start) -> Duration) -> Result {
    if cluster.dispatch == .deal { return runDealt(job, time: time) }
    let begin = now
    tell(.tick, time)
    pass(until: clock + job.before.nanoseconds, time)
    fruitlessLosses = 0
    tell(.begin(job.job), time)
    while board.outcome == nil, let next = queue.take() {
      clock = max(clock, next.at)
      handle(next.event, time)
    }
    // Without an event nothing can end any more: every node has failed, and none is asked for.
    let outcome =
      board.outcome
      ?? ComputeOutcome(
        ending: .gaveUp(reason: "no node is coming"), succeeded: 0, failed: 0, retries: 0, notRun: job.tasks)
    pass(until: clock + job.after.nanoseconds, time)
    return Result(begin: begin, end: now, outcome: outcome)
  }

  /// Lets the fewest nodes come up before there is a job.
  package mutating func warmUp() {
    tell(.tick) { _ in .zero }
    while board.nodes.values.contains(.provisioning), let next = queue.take() {
      clock = max(clock, next.at)
      handle(next.event) { _ in .zero }
    }
  }

  /// Lets time pass until `end`, with no job.
  package mutating func rest(until end: Duration) { pass(until: end.nanoseconds) { _ in .zero } }

  /// Lets time pass until every node has gone that may go, and ends the lives of the others.
  package mutating func finish() {
    while board.nodeCount > cluster.scale.minInstances, let next = queue.take() {
      clock = max(clock, next.at)
      handle(next.event) { _ in .zero }
    }
    for life in openLives.values.sorted(by: { $0.node < $1.node }) { close(life) }
    openLives = [:]
  }

  /// The lives that have ended since this was asked last, in the order of their ends.
  package mutating func takeLives() -> [NodeLife] {
    defer { closedLives = [] }
    return closedLives
  }

  private mutating func pass(until end: Int64, _ time: (Start) -> Duration) {
    while let at = queue.next, at <= end, let next = queue.take() {
      clock = max(clock, at)
      handle(next.event, time)
    }
    clock = max(clock, end)
  }

  // MARK: - Events

  private mutating func handle(_ event: Event, _ time: (Start) -> Duration) {
    switch event {
    case .nodeStarted(let number, let life):
      let node = Int(number)
      guard lifeOfNode[node] == life else { return }
      if let preemption = cluster.preemption {
        let age = preemption.seconds(at: random.uniform())
        queue.add(.preempted(node: number, life: life), at: later(Self.nanoseconds(age)))
      }
      tell(.nodeStarted(node), time)
    case .nodeFailed(let number, let life):
      let node = Int(number)
      if lifeOfNode[node] == life { tell(.nodeFailed(node), time) }
    case .preempted(let number, let life):
      let node = Int(number)
      guard lifeOfNode[node] == life, let state = board.state(of: node), state == .idle || state == .running
      else { return }
      let isLast = board.nodes.allSatisfy { $0.key == node || !($0.value == .idle || $0.value == .running) }
      tell(.preempted(node: node), time)
      fruitlessLosses += 1
      if isLast && cluster.preemption?.cancelsWhenAllAreTaken == true
        || fruitlessLosses > mostFruitlessLosses
      {
        tell(.cancel, time)
      }
    case .workerReady(let number):
      let worker = Int(number)
      if workers[worker].isAlive { tell(.workerReplied(worker: worker, .ready), time) }
    case .taskDone(let number):
      let worker = Int(number)
      guard workers[worker].isAlive else { return }
      setAtTask(worker, false)
      fruitlessLosses = 0
      let (task, attempt) = (Int(workers[worker].task), Int(workers[worker].attempt))
      let counts = TaskCounts(items: 1, failedItems: 0)
      tell(.workerReplied(worker: worker, .succeeded(task: task, attempt: attempt, counts)), time)
    case .workerExited(let number): tell(.workerExited(worker: Int(number), reason: "has gone"), time)
    case .tick:
      tickAt = nil
      tell(.tick, time)
    }
  }

  private mutating func tell(_ event: ClusterBoard.Event, _ time: (Start) -> Duration) {
    var taken: [ClusterBoard.Action] = []
    swap(&taken, &actions)
    board.handle(event, at: now, &taken)
    var hasAssigned = false
    for action in taken {
      switch action {
      case .provision(let node): provision(node)
      case .startWorker(let worker, _):
        while workers.count <= worker { workers.append(Worker()) }
        queue.add(.workerReady(Int32(worker)), at: later(workerStart))
      case .assign(let worker, let task, let attempt):
        hasAssigned = true
        assign(worker, task, attempt, time)
      case .kill(let worker):
        workers[worker].isAlive = false
        setAtTask(worker, false)
        if case .preempted = event {
          queue.add(.workerExited(Int32(worker)), at: later(notice))
        } else {
          queue.add(.workerExited(Int32(worker)), at: clock)
        }
      case .finish(let worker):
        workers[worker].isAlive = false
        queue.add(.workerExited(Int32(worker)), at: clock)
      case .report: break
      case .changed(let transition): note(transition)
      }
    }
    taken.removeAll(keepingCapacity: true)
    swap(&taken, &actions)
    // While tasks wait, no node is released.
    if !hasAssigned { scheduleRelease() }
  }

  private func later(_ span: Int64) -> Int64 { later(clock, span) }

  /// `span` after `time`, or the end of time.
  func later(_ time: Int64, _ span: Int64) -> Int64 {
    let (sum, overflow) = time.addingReportingOverflow(span)
    return overflow ? .max : sum
  }

  private mutating func provision(_ node: Int) {
    let life = lifeOfNode[node, default: 0] + 1
    lifeOfNode[node] = life
    let profile = cluster.startUp
    if profile.failureShare > 0, random.uniform() < profile.failureShare {
      queue.add(
        .nodeFailed(node: Int32(node), life: life), at: later(Self.nanoseconds(profile.giveUpSeconds)))
    } else {
      let seconds = profile.seconds(at: random.uniform())
      queue.add(.nodeStarted(node: Int32(node), life: life), at: later(Self.nanoseconds(seconds)))
    }
  }

  private mutating func assign(_ worker: Int, _ task: Int, _ attempt: Int, _ time: (Start) -> Duration) {
    setAtTask(worker, true)
    let start = Start(
      task: task, attempt: attempt, isFirstOfWorker: !workers[worker].hasWorked, busyWorkers: busyWorkers)
    workers[worker].hasWorked = true
    (workers[worker].task, workers[worker].attempt) = (Int32(task), Int32(attempt))
    let span = span(start, time)
    queue.add(.taskDone(worker: Int32(worker)), at: later(span))
    if span > timeout { queue.add(.tick, at: later(timeout + 1)) }
  }

  /// How long the task takes, which may be a straggler.
  mutating func span(_ start: Start, _ time: (Start) -> Duration) -> Int64 {
    let span = time(start).nanoseconds
    guard let stragglers = cluster.stragglers, random.uniform() < stragglers.share else { return span }
    return Self.nanoseconds(Double(span) * 1e-9 * stragglers.factor)
  }

  private mutating func setAtTask(_ worker: Int, _ isAtTask: Bool) {
    guard workers[worker].isAtTask != isAtTask else { return }
    workers[worker].isAtTask = isAtTask
    busyWorkers += isAtTask ? 1 : -1
  }

  /// Sees to it that an idle node is released in time.
  private mutating func scheduleRelease() {
    guard let release = board.nextRelease?.nanoseconds, release > clock else { return }
    if let tickAt, tickAt <= release { return }
    tickAt = release
    queue.add(.tick, at: release)
  }

  // MARK: - Lives

  private mutating func note(_ transition: NodeTransition) {
    let at = transition.at
    guard let state = transition.state else {
      guard let life = openLives.removeValue(forKey: transition.node) else { return }
      close(life)
      return
    }
    let stretch = NodeLife.Stretch(state: state, from: at)
    if openLives[transition.node] == nil {
      openLives[transition.node] = NodeLife(node: transition.node, stretches: [stretch], end: at)
    } else {
      openLives[transition.node]?.stretches.append(stretch)
    }
  }

  private mutating func close(_ life: NodeLife) {
    var life = life
    life.end = now
    closedLives.append(life)
  }
}
