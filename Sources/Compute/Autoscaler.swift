/// Which nodes come and go: a pure state machine that drives a compute target, or a simulator of one. Events go in,
/// actions come out, and time is told, never read.
///
/// Scales up at once to what the waiting and running tasks are worth, and down node by node, when each has been idle for
/// long enough. A node that is at a task is never released.
package struct Autoscaler: Sendable {
  package enum Event: Hashable, Sendable {
    /// So many tasks wait or run.
    case demand(tasks: Int)
    /// A node that was asked for takes tasks.
    case ready(node: Int)
    /// A node has begun a task, or goes on with another.
    case busy(node: Int)
    /// A node has nothing to do any more.
    case idle(node: Int)
    /// So many tasks wait or run, and each of these nodes takes tasks; of each, whether it is at one. All of it is known at once,
    /// so that no node is released for what was true a moment ago.
    case observed(demand: Int, isBusy: [Int: Bool])
    /// Somebody else has taken the node away.
    case preempted(node: Int)
    /// The node does not come up, or is broken.
    case unusable(node: Int)
    /// The node has gone, whatever was planned for it.
    case gone(node: Int)
    /// Nothing but time has passed.
    case tick
  }

  package enum Action: Hashable, Sendable {
    case provision(node: Int)
    case release(node: Int)
    /// For the record.
    case changed(NodeTransition)
  }

  private struct Node: Sendable {
    var state: NodeState
    /// When it got into its state.
    var since: Duration
    /// When it was asked for.
    var born: Duration
  }

  package let settings: AutoscaleSettings
  private let tasksPerNode: Int
  private var nodes: [Int: Node] = [:]
  /// How many of ``nodes`` take tasks, now or soon.
  private var usable = 0
  private var demand = 0
  private var spent = Duration.zero

  /// - Parameter tasksPerNode: How many tasks a node does at a time, at least 1.
  package init(_ settings: AutoscaleSettings, tasksPerNode: Int) {
    precondition(tasksPerNode >= 1 && settings.maxInstances >= settings.minInstances)
    self.settings = settings
    self.tasksPerNode = tasksPerNode
  }

  /// Every node that has not gone.
  package var states: [Int: NodeState] { nodes.mapValues(\.state) }

  /// The state of `node`; nil where it is not there.
  func state(of node: Int) -> NodeState? { nodes[node]?.state }

  /// Whether another node could be asked for.
  package var mayGrow: Bool { nodes.count < settings.maxInstances }

  /// When, without another event, an idle node is released; nil where none is.
  package var nextRelease: Duration? {
    guard usable > target else { return nil }
    return nodes.values.filter { $0.state == .idle }.map { $0.since + settings.idleTimeBeforeScaleDown }.min()
  }

  /// What every node has cost so far: the time from being asked for to being gone.
  package func nodeTime(at now: Duration) -> Duration {
    nodes.values.reduce(spent) { $0 + (now - $1.born) }
  }

  /// Takes `event`, which happened at `now` on a clock that never goes back.
  package mutating func handle(_ event: Event, at now: Duration) -> [Action] {
    var actions: [Action] = []
    switch event {
    case .demand(let tasks): demand = tasks
    case .ready(let node): move(node, from: [.provisioning], to: .idle, now, &actions)
    case .busy(let node): move(node, from: [.provisioning, .idle], to: .running, now, &actions)
    case .idle(let node): move(node, from: [.running], to: .idle, now, &actions)
    case .observed(let tasks, let isBusy):
      demand = tasks
      for (node, isBusy) in isBusy.sorted(by: { $0.key < $1.key }) {
        move(node, from: [.provisioning], to: .idle, now, &actions)
        move(
          node, from: isBusy ? [.idle] : [.running], to: isBusy ? .running : .idle, now,
          &actions)
      }
    case .preempted(let node):
      move(node, from: [.provisioning, .idle, .running, .leaving], to: .preempted, now, &actions)
    case .unusable(let node):
      move(node, from: [.provisioning, .idle, .running], to: .unusable, now, &actions)
    case .gone(let number):
      guard let node = nodes.removeValue(forKey: number) else { break }
      if node.state.isUsable { usable -= 1 }
      spent += now - node.born
      actions.append(.changed(NodeTransition(node: number, state: nil, at: now)))
    case .tick: break
    }
    balance(at: now, &actions)
    return actions
  }

  private var target: Int { settings.nodes(for: demand, tasksPerNode: tasksPerNode) }

  private mutating func move(
    _ number: Int, from: Set<NodeState>, to state: NodeState, _ now: Duration, _ actions: inout [Action]
  ) {
    guard let node = nodes[number], from.contains(node.state) else { return }
    nodes[number] = Node(state: state, since: now, born: node.born)
    usable += (state.isUsable ? 1 : 0) - (node.state.isUsable ? 1 : 0)
    actions.append(.changed(NodeTransition(node: number, state: state, at: now)))
  }

  private mutating func balance(at now: Duration, _ actions: inout [Action]) {
    // A node that is on its way out still holds its machine, and so counts towards `max_instances`.
    var number = 1
    while usable < target, mayGrow {
      while nodes[number] != nil { number += 1 }
      nodes[number] = Node(state: .provisioning, since: now, born: now)
      usable += 1
      actions.append(.changed(NodeTransition(node: number, state: .provisioning, at: now)))
      actions.append(.provision(node: number))
    }
    guard usable > target else { return }
    let rested = nodes.filter {
      $0.value.state == .idle && now - $0.value.since >= settings.idleTimeBeforeScaleDown
    }
    // The node that came last is released first, so that the others stay warm.
    for number in rested.keys.sorted(by: >) where usable > target {
      move(number, from: [.idle], to: .leaving, now, &actions)
      actions.append(.release(node: number))
    }
  }
}
