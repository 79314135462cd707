import ClusterModel
import Compute
import Telemetry

/// A board that is driven as ``LocalTarget`` drives it, in a time of its own: the clock is looked at every
/// ``ComputeDefaults/timeoutCheckInterval`` while there is a job, and between jobs when a node is to be released. What happens to
/// nodes from outside is told beforehand.
struct TargetReplay {
  /// What happens to one life of a node from outside.
  struct Fate: Hashable {
    /// From being asked for until it is up, or is given up.
    var startUp: Duration
    var neverComesUp = false
    /// From being up until somebody else takes it.
    var takenAfter: Duration?
  }

  private var board: ClusterBoard
  private(set) var now = Duration.zero
  private var coming: [(at: Duration, number: Int, event: ClusterBoard.Event)] = []
  private var number = 0
  private var fates: [Int: [Fate]]
  private let notice: Duration
  private let taskTime: (Int) -> Duration
  private var transitions: [NodeTransition] = []

  init(
    _ scale: AutoscaleSettings, coresPerNode: Int, fates: [Int: [Fate]], notice: Duration,
    taskTime: @escaping (Int) -> Duration
  ) {
    board = ClusterBoard(scale, coresPerNode: coresPerNode)
    self.fates = fates
    self.notice = notice
    self.taskTime = taskTime
  }

  /// What happened from outside to the nodes of `lives`, in the order of their lives.
  static func fates(of lives: [NodeLife]) -> [Int: [Fate]] {
    var fates: [Int: [Fate]] = [:]
    for life in lives.sorted(by: { $0.begin < $1.begin }) {
      guard life.stretches.count > 1 else { continue }
      let up = life.stretches[1]
      let taken = life.stretches.first { $0.state == .preempted }
      fates[life.node, default: []].append(
        Fate(
          startUp: up.from - life.begin, neverComesUp: up.state == .unusable,
          takenAfter: taken.map { $0.from - up.from }))
    }
    return fates
  }

  /// Runs a job of `tasks` tasks, which begins now, to its end.
  mutating func run(tasks: Int) {
    let retry = RetrySettings(maxRetries: 3, timeout: .seconds(1_000_000))
    tell(
      .begin(
        ComputeJob(
          name: "", input: "", worker: WorkerCommand(executable: ""), tasks: Array(0..<tasks), retry: retry)))
    while board.outcome == nil {
      let tick = now + ComputeDefaults.timeoutCheckInterval
      while board.outcome == nil, let event = take(until: tick) { tell(event) }
      if board.outcome == nil {
        now = tick
        tell(.tick)
      }
    }
  }

  /// Lets time pass until `end`, without a job.
  mutating func rest(until end: Duration) {
    while true {
      let release = board.nextRelease.map { max($0, now) }
      if let event = take(until: min(end, release ?? end)) {
        tell(event)
      } else if let release, release <= end {
        now = release
        tell(.tick)
      } else {
        now = max(now, end)
        return
      }
    }
  }

  /// Every life so far; of a node that has not gone, until now.
  var lives: [NodeLife] { Self.lives(transitions, until: now) }

  /// The lives that `transitions` tell of; of a node that has not gone, until `end`, and none where that is nil.
  static func lives(_ transitions: [NodeTransition], until end: Duration? = nil) -> [NodeLife] {
    var open: [Int: NodeLife] = [:]
    var closed: [NodeLife] = []
    for transition in transitions {
      guard let state = transition.state else {
        if var life = open.removeValue(forKey: transition.node) {
          life.end = transition.at
          closed.append(life)
        }
        continue
      }
      let stretch = NodeLife.Stretch(state: state, from: transition.at)
      if open[transition.node]?.stretches.append(stretch) == nil {
        open[transition.node] = NodeLife(node: transition.node, stretches: [stretch], end: transition.at)
      }
    }
    guard let end else { return closed }
    for var life in open.values {
      life.end = end
      closed.append(life)
    }
    return closed
  }

  private mutating func later(_ span: Duration, _ event: ClusterBoard.Event) {
    number += 1
    coming.append((now + span, number, event))
  }

  /// Takes the next event that happens until `end`, and comes to its time.
  private mutating func take(until end: Duration) -> ClusterBoard.Event? {
    guard
      let index = coming.indices.min(by: {
        (coming[$0].at, coming[$0].number) < (coming[$1].at, coming[$1].number)
      }), coming[index].at <= end
    else { return nil }
    let next = coming.remove(at: index)
    now = max(now, next.at)
    return next.event
  }

  private mutating func tell(_ event: ClusterBoard.Event) {
    for action in board.handle(event, at: now) {
      switch action {
      case .provision(let node): provision(node)
      case .startWorker(let worker, _): later(.zero, .workerReplied(worker: worker, .ready))
      case .assign(let worker, let task, let attempt):
        let counts = TaskCounts(items: 1, failedItems: 0)
        later(
          taskTime(task),
          .workerReplied(worker: worker, .succeeded(task: task, attempt: attempt, counts)))
      case .kill(let worker):
        if case .preempted = event {
          later(notice, .workerExited(worker: worker, reason: "has gone"))
        } else {
          later(.zero, .workerExited(worker: worker, reason: "was killed"))
        }
      case .finish(let worker): later(.zero, .workerExited(worker: worker, reason: "exited"))
      case .report: break
      case .changed(let transition): transitions.append(transition)
      }
    }
  }

  private mutating func provision(_ node: Int) {
    // One that the simulator did not ask for, where the two differ, comes up all the same.
    let fate = fates[node]?.first ?? Fate(startUp: .seconds(30))
    if fates[node]?.isEmpty == false { fates[node]?.removeFirst() }
    later(fate.startUp, fate.neverComesUp ? .nodeFailed(node) : .nodeStarted(node))
    if let taken = fate.takenAfter { later(fate.startUp + taken, .preempted(node: node)) }
  }
}
