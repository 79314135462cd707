/// A cluster at work: which nodes there are, and which worker on them does which task. It joins a ``TaskBoard``, one for each job,
/// with an ``Autoscaler``, which lives as long as the cluster. Events go in, actions come out, and time is told, never read.
///
/// ``LocalTarget`` drives it with processes and the clock, a simulator with times of its own. A driver performs each action and
/// tells what has come of it as an event: ``BoardAction/provision(node:)`` is answered by ``Event/nodeStarted(_:)``,
/// ``BoardAction/startWorker(worker:slot:)`` by a reply or by the worker's exit, ``BoardAction/kill(worker:)`` and
/// ``BoardAction/finish(worker:)`` by its exit.
package struct ClusterBoard: Sendable {
  package enum Event: Hashable, Sendable {
    /// A job begins; only one is under way at a time.
    case begin(ComputeJob)
    /// A node that was asked for is up: workers can be started on it.
    case nodeStarted(Int)
    /// A node that was asked for does not come up: it is unusable, and goes.
    case nodeFailed(Int)
    /// Somebody else has taken the node away. Its tasks are tried again on other nodes, and it has gone when the last of its
    /// workers has exited.
    case preempted(node: Int)
    case workerReplied(worker: Int, WorkerReply)
    /// The worker has written something that is no reply.
    case unexpectedOutput(worker: Int, text: String)
    case workerExited(worker: Int, reason: String)
    /// Nothing but time has passed. Told often enough, timeouts are seen in time, and idle nodes are released.
    case tick
    /// See ``TaskBoard/Event/stop``.
    case stop
    /// See ``TaskBoard/Event/cancel``.
    case cancel
    /// Between jobs: the driver has ended every worker, and with them every node.
    case cleared
  }

  package typealias Action = BoardAction

  private let coresPerNode: Int
  private let reports: Bool
  private var scaler: Autoscaler
  /// Of the job that is under way.
  private var board: TaskBoard?
  /// Nodes that are up, and that have not been released or taken away.
  private var openNodes: Set<Int> = []
  /// Nodes that were asked for and have not come up.
  private var coming: Set<Int> = []
  /// Nodes that were released or taken away, and whose workers have not all exited.
  private var going: Set<Int> = []
  /// The slot of every worker that has not exited.
  private var slots: [Int: Int] = [:]
  /// How many workers of a node have not exited.
  private var workersOnNode: [Int: Int] = [:]
  /// Between jobs, the workers that the next one can use.
  private var warm: [TaskBoard.WarmWorker] = []
  /// The number that the next worker gets: every one below is known in ``slots``, or has exited.
  private var nextWorker = 1
  /// How the last job has ended; nil before the first, and while one is under way.
  package private(set) var outcome: ComputeOutcome?

  /// A cluster without nodes.
  ///
  /// - Parameters:
  ///   - coresPerNode: How many tasks a node does at a time, at least 1.
  ///   - reports: Whether it says what becomes of tasks and workers. A simulator has nobody to tell, and saves the time.
  package init(_ scale: AutoscaleSettings, coresPerNode: Int, reports: Bool = true) {
    self.coresPerNode = coresPerNode
    self.reports = reports
    scaler = Autoscaler(scale, tasksPerNode: coresPerNode)
  }

  /// Every node that has not gone.
  package var nodes: [Int: NodeState] { scaler.states }

  /// How many nodes have not gone.
  package var nodeCount: Int { scaler.count }

  /// The state of `node`; nil where it is not there.
  package func state(of node: Int) -> NodeState? { scaler.state(of: node) }

  /// When, between jobs and without another event, an idle node is released; nil where none is.
  package var nextRelease: Duration? { scaler.nextRelease }

  /// What every node has cost so far; see ``Autoscaler/nodeTime(at:)``.
  package func nodeTime(at now: Duration) -> Duration { scaler.nodeTime(at: now) }

  /// The node that `slot` is on.
  package func node(of slot: Int) -> Int { slot / coresPerNode + 1 }

  /// The workers that have not exited and whose node is on its way out.
  package var leavingWorkers: [Int] {
    slots.filter { isGoing(scaler.states[node(of: $0.value)]) }.keys.sorted()
  }

  /// Takes `event`, which happened at `now` on a clock that never goes back.
  package mutating func handle(_ event: Event, at now: Duration) -> [Action] {
    var actions: [Action] = []
    handle(event, at: now, &actions)
    return actions
  }

  /// As ``handle(_:at:)``, with the actions put behind those that are there.
  package mutating func handle(_ event: Event, at now: Duration, _ actions: inout [Action]) {
    switch event {
    case .begin(let job): begin(job, at: now, &actions)
    case .nodeStarted(let node): open(node, at: now, &actions)
    case .nodeFailed(let node): giveUp(node, at: now, &actions)
    case .preempted(let node): lose(node, at: now, &actions)
    case .workerReplied(let worker, let reply):
      if case .ready = reply { noteReady(worker) }
      tell(.workerReplied(worker: worker, reply), at: now, &actions)
    case .unexpectedOutput(let worker, let text):
      tell(.unexpectedOutput(worker: worker, text: text), at: now, &actions)
    case .workerExited(let worker, let reason):
      if let slot = slots.removeValue(forKey: worker) { workersOnNode[node(of: slot), default: 1] -= 1 }
      warm.removeAll { $0.worker == worker }
      tell(.workerExited(worker: worker, reason: reason), at: now, &actions)
    case .tick: tell(.tick, at: now, &actions)
    case .stop: tell(.stop, at: now, &actions)
    case .cancel: tell(.cancel, at: now, &actions)
    case .cleared:
      clear(at: now, &actions)
      return
    }
    balance(at: now, &actions)
    endJobIfFinished()
  }

  // MARK: - Jobs

  private mutating func begin(_ job: ComputeJob, at now: Duration, _ actions: inout [Action]) {
    precondition(board == nil, "a cluster runs one job at a time")
    outcome = nil
    var board = TaskBoard(
      job: job, nodes: scaler.settings.maxInstances, coresPerNode: coresPerNode, warm: warm,
      nextWorker: nextWorker, now: now, openNodes: openNodes, reports: reports)
    warm = []
    let first = actions.count
    actions += board.begin(at: now)
    self.board = board
    noteStartedWorkers(actions, from: first)
  }

  /// Tells the job's board, where there is one.
  private mutating func tell(_ event: TaskBoard.Event, at now: Duration, _ actions: inout [Action]) {
    let first = actions.count
    board?.handle(event, at: now, &actions)
    noteStartedWorkers(actions, from: first)
  }

  private mutating func noteStartedWorkers(_ actions: [Action], from first: Int) {
    guard let next = board?.nextWorker, next > nextWorker else { return }
    nextWorker = next
    for case .startWorker(let worker, let slot) in actions[first...] { note(worker, slot) }
  }

  private mutating func note(_ worker: Int, _ slot: Int) {
    slots[worker] = slot
    workersOnNode[node(of: slot), default: 0] += 1
  }

  /// Workers that are left stay for the next job.
  private mutating func endJobIfFinished() {
    guard board?.isFinished == true, let ended = board else { return }
    warm = ended.warmWorkers
    outcome = ended.outcome
    board = nil
  }

  private mutating func noteReady(_ worker: Int) {
    for index in warm.indices where warm[index].worker == worker { warm[index].isReady = true }
  }

  // MARK: - Nodes

  /// A node that comes up between jobs gets all of its workers, so that they are warm when the next job begins; during one the board
  /// starts as many as there are tasks.
  private mutating func open(_ node: Int, at now: Duration, _ actions: inout [Action]) {
    coming.remove(node)
    guard scaler.state(of: node) == .provisioning, openNodes.insert(node).inserted else { return }
    guard board == nil else { return tell(.openNode(node), at: now, &actions) }
    for slot in (node - 1) * coresPerNode..<node * coresPerNode {
      warm.append(TaskBoard.WarmWorker(worker: nextWorker, slot: slot, isReady: false))
      note(nextWorker, slot)
      actions.append(.startWorker(worker: nextWorker, slot: slot))
      nextWorker += 1
    }
  }

  private mutating func giveUp(_ node: Int, at now: Duration, _ actions: inout [Action]) {
    guard coming.remove(node) != nil else { return }
    going.insert(node)
    apply(scaler.handle(.unusable(node: node), at: now), at: now, &actions)
  }

  private mutating func release(_ node: Int, at now: Duration, _ actions: inout [Action]) {
    openNodes.remove(node)
    going.insert(node)
    guard board == nil else { return tell(.closeNode(node), at: now, &actions) }
    for worker in removeWarm(on: node) { actions.append(.finish(worker: worker)) }
  }

  private mutating func lose(_ node: Int, at now: Duration, _ actions: inout [Action]) {
    openNodes.remove(node)
    going.insert(node)
    apply(scaler.handle(.preempted(node: node), at: now), at: now, &actions)
    guard board == nil else { return tell(.loseNode(node), at: now, &actions) }
    for worker in removeWarm(on: node) { actions.append(.kill(worker: worker)) }
  }

  private mutating func removeWarm(on node: Int) -> [Int] {
    let removed = warm.filter { self.node(of: $0.slot) == node }
    warm = warm.filter { self.node(of: $0.slot) != node }
    return removed.map(\.worker)
  }

  private mutating func clear(at now: Duration, _ actions: inout [Action]) {
    for node in scaler.nodeNumbers {
      // The autoscaler asks for the fewest nodes again at once; they are provisioned when there is something to prepare for.
      for case .changed(let transition) in scaler.handle(.gone(node: node), at: now)
      where transition.state == nil {
        actions.append(.changed(transition))
      }
    }
    scaler = Autoscaler(scaler.settings, tasksPerNode: coresPerNode)
    openNodes = []
    coming = []
    going = []
    slots = [:]
    workersOnNode = [:]
    warm = []
  }

  /// Tells the autoscaler what the nodes are at, and does what it decides.
  private mutating func balance(at now: Duration, _ actions: inout [Action]) {
    let seen = board?.takeActivity(openNodes: openNodes, knownTo: scaler) ?? activityBetweenJobs
    let decided = scaler.handle(.observed(demand: board?.demand ?? 0, nodes: seen), at: now)
    apply(decided, at: now, &actions)
    noteGoneNodes(at: now, &actions)
    // A task that has failed waits for a node that is still coming up, however long that takes.
    let mayGrow = scaler.mayGrow || coming.contains { scaler.state(of: $0) == .provisioning }
    board?.mayGrow = mayGrow
  }

  /// The nodes that can take tasks. One that nobody needs yet has no workers, and is as good as ready.
  private var activityBetweenJobs: [Autoscaler.Observation] {
    openNodes.subtracting(startingNodes).sorted().map { Autoscaler.Observation(node: $0, isAtTask: false) }
  }

  /// The nodes whose workers are all still being started, between jobs.
  private var startingNodes: Set<Int> {
    let byNode = Dictionary(grouping: warm) { node(of: $0.slot) }
    return Set(byNode.filter { $0.value.allSatisfy { !$0.isReady } }.keys)
  }

  private mutating func apply(
    _ decided: [Autoscaler.Action], at now: Duration, _ actions: inout [Action]
  ) {
    for action in decided {
      switch action {
      case .provision(let node):
        coming.insert(node)
        actions.append(.provision(node: node))
      case .release(let node): release(node, at: now, &actions)
      case .changed(let transition): actions.append(.changed(transition))
      }
    }
  }

  /// A node that was released or taken away has gone when the last of its workers has exited.
  private mutating func noteGoneNodes(at now: Duration, _ actions: inout [Action]) {
    guard !going.isEmpty else { return }
    for node in going.sorted() where workersOnNode[node, default: 0] == 0 {
      going.remove(node)
      guard isGoing(scaler.state(of: node)) else { continue }
      apply(scaler.handle(.gone(node: node), at: now), at: now, &actions)
    }
  }

  private func isGoing(_ state: NodeState?) -> Bool {
    state == .leaving || state == .preempted || state == .unusable
  }
}
