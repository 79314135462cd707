import Compute
import Telemetry
import Testing

/// Clusters without processes: nodes come up, and workers answer, when the test says so.
@Suite struct ClusterBoardTests {
  /// Drives a board as a target does, but in a time of its own.
  private struct Cluster {
    var board: ClusterBoard
    var now = Duration.zero
    /// What is to happen, in order of time.
    private var coming: [(at: Duration, number: Int, event: ClusterBoard.Event)] = []
    private var number = 0
    private(set) var transitions: [NodeTransition] = []
    private(set) var reports: [ComputeEvent] = []
    /// Assignments that nothing has come of: worker, task, attempt.
    private(set) var assigned: [[Int]] = []
    /// The node of every worker, and of those that are at a task: counted here anew, apart from the board.
    private var nodeOfWorker: [Int: Int] = [:]
    private var atTask: [Int: Int] = [:]
    private var killed: Set<Int> = []
    private var starting: Set<Int> = []
    var nodeStart = Duration.zero
    var workerStart = Duration.zero
    /// How long a task takes; nil for ever.
    var taskTime: @Sendable (_ task: Int, _ attempt: Int) -> Duration? = { _, _ in .seconds(10) }

    init(_ scale: AutoscaleSettings, coresPerNode: Int = 1) {
      board = ClusterBoard(scale, coresPerNode: coresPerNode)
    }

    mutating func tell(_ event: ClusterBoard.Event) {
      switch event {
      case .workerReplied(let worker, _):
        starting.remove(worker)
        if !killed.contains(worker) { atTask[worker] = nil }
      case .workerExited(let worker, _):
        starting.remove(worker)
        atTask[worker] = nil
      default: break
      }
      for action in board.handle(event, at: now) {
        note(action)
        switch action {
        case .provision(let node): later(nodeStart, .nodeStarted(node))
        case .startWorker(let worker, _): later(workerStart, .workerReplied(worker: worker, .ready))
        case .assign(let worker, let task, let attempt):
          assigned.append([worker, task, attempt])
          guard let time = taskTime(task, attempt) else { continue }
          let counts = TaskCounts(items: 1, failedItems: 0)
          later(
            time,
            .workerReplied(worker: worker, .succeeded(task: task, attempt: attempt, counts)))
        case .kill(let worker), .finish(let worker):
          later(.zero, .workerExited(worker: worker, reason: "was ended"))
        case .report(let event): reports.append(event)
        case .changed(let transition): transitions.append(transition)
        }
      }
    }

    private mutating func note(_ action: ClusterBoard.Action) {
      switch action {
      case .startWorker(let worker, let slot):
        nodeOfWorker[worker] = board.node(of: slot)
        starting.insert(worker)
      case .assign(let worker, _, _): atTask[worker] = nodeOfWorker[worker]
      case .kill(let worker): killed.insert(worker)
      default: break
      }
    }

    /// The nodes whose state is not what their workers are at. One whose worker is being replaced keeps its state.
    var wronglyKnownNodes: [Int] {
      let busy = Set(atTask.values)
      let restarting = Set(starting.compactMap { nodeOfWorker[$0] })
      return board.nodes.filter { node, state in
        state == .running && !busy.contains(node) && !restarting.contains(node)
          || state == .idle && busy.contains(node)
      }.keys.sorted()
    }

    mutating func later(_ span: Duration, _ event: ClusterBoard.Event) {
      number += 1
      coming.append((now + span, number, event))
    }

    /// Lets time pass, with a tick a second.
    mutating func run(until end: Duration) {
      while now < end {
        let tick = min(end, .seconds(Int(now.seconds) + 1))
        while let index = coming.indices.min(by: {
          (coming[$0].at, coming[$0].number) < (coming[$1].at, coming[$1].number)
        }), coming[index].at <= tick {
          let next = coming.remove(at: index)
          now = max(now, next.at)
          tell(next.event)
        }
        now = tick
        tell(.tick)
      }
    }

    func states(of node: Int) -> [NodeState?] { transitions.filter { $0.node == node }.map(\.state) }

    var workersStarted: Int { reports.count { if case .workerStarted = $0 { true } else { false } } }

    var retryReasons: [String] {
      reports.compactMap { if case .taskRetried(_, _, let reason, _) = $0 { reason } else { nil } }
    }
  }

  private func job(_ tasks: Int, retries: Int = 3) -> ClusterBoard.Event {
    .begin(
      ComputeJob(
        name: "a", input: "x", worker: WorkerCommand(executable: "worker"), tasks: Array(0..<tasks),
        retry: RetrySettings(maxRetries: retries, timeout: .seconds(30))))
  }

  private func finished(_ succeeded: Int, retries: Int = 0) -> ComputeOutcome {
    ComputeOutcome(ending: .finished, succeeded: succeeded, failed: 0, retries: retries, notRun: 0)
  }

  @Test func aJobScalesFromZeroAndItsNodesGoAfterTheirIdleTime() {
    var cluster = Cluster(AutoscaleSettings(maxInstances: 2, idleTimeBeforeScaleDown: .seconds(60)))
    cluster.nodeStart = .seconds(100)
    cluster.workerStart = .seconds(1)
    cluster.tell(.tick)
    #expect(cluster.transitions.isEmpty, "without a job there is no node")
    cluster.tell(job(3))
    #expect(cluster.board.nodes == [1: .provisioning, 2: .provisioning])
    cluster.run(until: .seconds(99))
    #expect(cluster.workersStarted == 0, "no node is up")
    cluster.run(until: .seconds(102))
    #expect(cluster.board.nodes == [1: .running, 2: .running])
    cluster.run(until: .seconds(400))
    #expect(cluster.board.outcome == finished(3))
    // Each node's states and their times, in order.
    let seconds = { (node: Int) in cluster.transitions.filter { $0.node == node }.map(\.at) }
    #expect(cluster.states(of: 1) == [.provisioning, .idle, .running, .idle, .leaving, nil])
    #expect(seconds(1) == [0, 101, 101, 121, 181, 181].map { Duration.seconds($0) })
    #expect(cluster.states(of: 2) == [.provisioning, .idle, .running, .idle, .leaving, nil])
    #expect(seconds(2) == [0, 101, 101, 111, 171, 171].map { Duration.seconds($0) })
    #expect(cluster.board.nodes.isEmpty)
    #expect(cluster.board.nodeTime(at: .seconds(400)) == .seconds(181 + 171))
  }

  @Test func aNodeIsThereUntilTheLastOfItsWorkersHasExited() {
    var board = ClusterBoard(
      AutoscaleSettings(maxInstances: 1, idleTimeBeforeScaleDown: .zero), coresPerNode: 2)
    _ = board.handle(job(2), at: .zero)
    _ = board.handle(.nodeStarted(1), at: .zero)
    for worker in 1...2 { _ = board.handle(.workerReplied(worker: worker, .ready), at: .zero) }
    let counts = TaskCounts(items: 1, failedItems: 0)
    _ = board.handle(.workerReplied(worker: 1, .succeeded(task: 0, attempt: 1, counts)), at: .seconds(1))
    #expect(board.nodes == [1: .running], "one of its workers is at a task")
    let last = board.handle(
      .workerReplied(worker: 2, .succeeded(task: 1, attempt: 1, counts)), at: .seconds(2))
    #expect(last.contains(.finish(worker: 1)) && last.contains(.finish(worker: 2)))
    #expect(board.outcome == finished(2))
    #expect(board.nodes == [1: .leaving] && board.leavingWorkers == [1, 2])
    #expect(board.handle(.workerExited(worker: 1, reason: "exited"), at: .seconds(3)).isEmpty)
    #expect(
      board.handle(.workerExited(worker: 2, reason: "exited"), at: .seconds(4))
        == [.changed(NodeTransition(node: 1, state: nil, at: .seconds(4)))])
    #expect(board.leavingWorkers.isEmpty)
  }

  @Test func aNodeThatIsNeededAgainWhileItGoesComesBack() {
    var board = ClusterBoard(
      AutoscaleSettings(maxInstances: 1, idleTimeBeforeScaleDown: .zero), coresPerNode: 1)
    _ = board.handle(job(1), at: .zero)
    _ = board.handle(.nodeStarted(1), at: .zero)
    _ = board.handle(.workerReplied(worker: 1, .ready), at: .zero)
    let counts = TaskCounts(items: 1, failedItems: 0)
    _ = board.handle(.workerReplied(worker: 1, .succeeded(task: 0, attempt: 1, counts)), at: .seconds(1))
    #expect(board.nodes == [1: .leaving])
    #expect(board.handle(job(1), at: .seconds(2)).isEmpty, "its machine is still held")
    let actions = board.handle(.workerExited(worker: 1, reason: "exited"), at: .seconds(3))
    #expect(actions.contains(.provision(node: 1)))
    #expect(board.handle(.nodeStarted(1), at: .seconds(4)).contains(.startWorker(worker: 2, slot: 0)))
  }

  @Test func aWorkerThatCrashesIsReplacedOnItsNode() {
    var cluster = Cluster(.fixed(1))
    cluster.taskTime = { task, attempt in task == 1 && attempt == 1 ? nil : .seconds(1) }
    cluster.tell(job(3))
    cluster.run(until: .seconds(2))
    #expect(cluster.assigned.last == [1, 1, 1])
    cluster.tell(.workerExited(worker: 1, reason: "was ended by signal 9"))
    #expect(cluster.board.nodes == [1: .running], "another worker starts, and there are tasks for it")
    cluster.run(until: .seconds(10))
    #expect(cluster.board.outcome == finished(3, retries: 1))
    #expect(cluster.retryReasons == ["worker 1 was ended by signal 9 during the task"])
    #expect(cluster.states(of: 1) == [.provisioning, .idle, .running, .idle])
    #expect(cluster.workersStarted == 2)
  }

  /// As often as it likes: none of the job's retries is used up.
  @Test func tasksOfAPreemptedNodeAreTriedAgain() {
    var cluster = Cluster(AutoscaleSettings(maxInstances: 2, idleTimeBeforeScaleDown: .seconds(5)))
    cluster.nodeStart = .seconds(20)
    cluster.tell(job(2, retries: 0))
    cluster.run(until: .seconds(25))
    #expect(cluster.board.nodes == [1: .running, 2: .running])
    cluster.tell(.preempted(node: 2))
    #expect(cluster.board.nodes[2] == .preempted, "its worker has not exited yet")
    cluster.run(until: .seconds(28))
    #expect(cluster.board.nodes[2] == .provisioning, "another takes its place")
    #expect(cluster.retryReasons == ["node 2 was preempted"])
    // Again, before the node that replaces it is up, and while the task runs.
    cluster.tell(.preempted(node: 2))
    #expect(cluster.board.nodes[2] == .provisioning)
    cluster.tell(.preempted(node: 1))
    cluster.run(until: .seconds(100))
    #expect(cluster.board.outcome == finished(2, retries: 2))
    #expect(cluster.states(of: 2).prefix(4) == [.provisioning, .idle, .running, .preempted])
    #expect(cluster.board.nodes.isEmpty)
  }

  @Test func aTaskThatFailsHasItsRetriesAlsoAfterAPreemption() {
    var cluster = Cluster(.fixed(1))
    cluster.taskTime = { _, _ in nil }
    cluster.tell(job(1, retries: 1))
    cluster.run(until: .seconds(1))
    cluster.tell(.preempted(node: 1))
    cluster.run(until: .seconds(2))
    for attempt in 2...3 {
      let worker = cluster.assigned.last?[0] ?? 0
      #expect(cluster.assigned.last == [worker, 0, attempt])
      cluster.tell(
        .workerReplied(worker: worker, .failed(task: 0, attempt: attempt, reason: "no", retry: true)))
    }
    #expect(
      cluster.board.outcome
        == ComputeOutcome(ending: .finished, succeeded: 0, failed: 1, retries: 2, notRun: 0))
  }

  @Test func theFewestNodesComeUpBeforeAJobAndStay() {
    var cluster = Cluster(
      AutoscaleSettings(minInstances: 1, maxInstances: 3, idleTimeBeforeScaleDown: .seconds(5)),
      coresPerNode: 2)
    cluster.workerStart = .seconds(3)
    // As a target does when it is prepared.
    cluster.tell(.tick)
    cluster.run(until: .seconds(100))
    #expect(cluster.states(of: 1) == [.provisioning, .idle])
    cluster.tell(job(6))
    #expect(cluster.assigned == [[1, 0, 1], [2, 1, 1]], "its workers are warm")
    cluster.run(until: .seconds(200))
    #expect(cluster.board.outcome == finished(6))
    #expect(cluster.board.nodes == [2: .idle], "the first node was the first that had nothing to do")
    #expect(cluster.board.nextRelease == nil)
    cluster.tell(.preempted(node: 2))
    cluster.run(until: .seconds(300))
    #expect(
      cluster.board.nodes == [1: .idle], "the place of one that was taken away is filled, also between jobs")
    cluster.tell(.cleared)
    #expect(cluster.board.nodes.isEmpty && cluster.states(of: 1).last == .some(nil))
  }

  @Test func aNodeThatHasRestedIsNotReleasedByTheJobThatNeedsIt() {
    var cluster = Cluster(AutoscaleSettings(maxInstances: 2, idleTimeBeforeScaleDown: .seconds(60)))
    cluster.tell(job(2))
    cluster.run(until: .seconds(20))
    #expect(cluster.board.outcome == finished(2))
    // Nobody has looked at the clock when the next job comes.
    cluster.now = .seconds(500)
    cluster.tell(job(2))
    #expect(cluster.board.nodes == [1: .running, 2: .running])
    cluster.run(until: .seconds(520))
    #expect(cluster.board.outcome == finished(2) && cluster.workersStarted == 2)
  }

  /// A failed task waits for the node that is coming up, rather than for the worker that it failed on.
  @Test func aTaskThatFailedGoesToAnotherNodeHoweverLongItTakesToCome() {
    var cluster = Cluster(AutoscaleSettings(maxInstances: 2))
    cluster.nodeStart = .seconds(60)
    cluster.taskTime = { _, attempt in attempt == 1 ? nil : .seconds(1) }
    cluster.tell(job(1))
    cluster.run(until: .seconds(61))
    #expect(cluster.assigned == [[1, 0, 1]])
    cluster.tell(.workerReplied(worker: 1, .failed(task: 0, attempt: 1, reason: "no", retry: true)))
    cluster.run(until: .seconds(110))
    #expect(cluster.assigned == [[1, 0, 1]])
    cluster.run(until: .seconds(130))
    #expect(cluster.assigned.last == [2, 0, 2] && cluster.board.outcome == finished(1, retries: 1))
  }

  /// Whatever happens to nodes and workers: every task ends once, no more nodes than allowed, and in the end none is left.
  @Test(arguments: 0..<50) func everyTaskIsDoneWhateverHappensToNodes(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed), stream: "cluster-board")
    var cluster = Cluster(
      AutoscaleSettings(maxInstances: 4, idleTimeBeforeScaleDown: .seconds(15)), coresPerNode: 2)
    cluster.nodeStart = .seconds(7)
    cluster.workerStart = .milliseconds(300)
    cluster.taskTime = { task, attempt in task % 17 == 3 && attempt == 1 ? nil : .seconds(1 + task % 5) }
    cluster.tell(job(100, retries: 50))
    var steps = 0
    while cluster.board.outcome == nil, steps < 5000 {
      steps += 1
      cluster.run(until: cluster.now + .seconds(1))
      if random.uniform(in: 0...1) < 0.05 {
        cluster.tell(.preempted(node: 1 + Int(random.uniform(in: 0...3.99))))
      }
      if random.uniform(in: 0...1) < 0.05, let worker = cluster.assigned.last?[0] {
        cluster.tell(.workerExited(worker: worker, reason: "crashed"))
      }
      #expect(cluster.board.nodes.count <= 4)
      #expect(cluster.wronglyKnownNodes == [], "seed \(seed), step \(steps)")
    }
    #expect(cluster.board.outcome?.succeeded == 100, "seed \(seed)")
    let done = cluster.reports.compactMap { event in
      if case .taskSucceeded(let task, _, _, _) = event { task } else { nil }
    }
    #expect(done.sorted() == Array(0..<100), "seed \(seed)")
    cluster.run(until: cluster.now + .seconds(100))
    #expect(cluster.board.nodes.isEmpty, "seed \(seed)")
  }
}
