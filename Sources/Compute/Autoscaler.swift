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
    /// So many tasks wait or run, and these nodes, ascending, take tasks. All of it is known at once, so that no node is released
    /// for what was true a moment ago.
    case observed(demand: Int, nodes: [Observation])
    /// Somebody else has taken the node away.
    case preempted(node: Int)
    /// The node does not come up, or is broken.
    case unusable(node: Int)
    /// The node has gone, whatever was planned for it.
    case gone(node: Int)
    /// Nothing but time has passed.
    case tick
  }

  /// A node that takes tasks.
  package struct Observation: Hashable, Sendable {
    /// From 1.
    package var node: Int
    package var isAtTask: Bool
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
  private let idleTime: Duration
  /// By their numbers, from 1 at index 0, which are never above the most nodes; nil where one is not there.
  private var nodes: [Node?] = []
  /// How many nodes have not gone.
  private(set) var count = 0
  /// How many of ``nodes`` take tasks, now or soon.
  private var usable = 0
  private var demand = 0
  private var spent = Duration.zero

  /// - Parameter tasksPerNode: How many tasks a node does at a time, at least 1.
  package init(_ settings: AutoscaleSettings, tasksPerNode: Int) {
    precondition(tasksPerNode >= 1 && settings.maxInstances >= settings.minInstances)
    self.settings = settings
    self.tasksPerNode = tasksPerNode
    idleTime = settings.idleTimeBeforeScaleDown
  }

  /// Every node that has not gone.
  package var states: [Int: NodeState] {
    Dictionary(uniqueKeysWithValues: nodeNumbers.compactMap { node in state(of: node).map { (node, $0) } })
  }

  /// The nodes that have not gone, ascending.
  var nodeNumbers: [Int] { nodes.indices.filter { nodes[$0] != nil }.map { $0 + 1 } }

  /// The state of `node`; nil where it is not there.
  func state(of node: Int) -> NodeState? {
    node >= 1 && node <= nodes.count ? nodes[node - 1]?.state : nil
  }

  /// Whether another node could be asked for.
  package var mayGrow: Bool { count < settings.maxInstances }

  /// When, without another event, an idle node is released; nil where none is.
  package var nextRelease: Duration? {
    guard usable > target else { return nil }
    var earliest: Duration?
    for node in nodes {
      guard let node, node.state == .idle else { continue }
      earliest = min(earliest ?? node.since, node.since)
    }
    return earliest.map { $0 + idleTime }
  }

  /// What every node has cost so far: the time from being asked for to being gone.
  package func nodeTime(at now: Duration) -> Duration {
    nodes.reduce(spent) { total, node in node.map { total + (now - $0.born) } ?? total }
  }

  /// Takes `event`, which happened at `now` on a clock that never goes back.
  package mutating func handle(_ event: Event, at now: Duration) -> [Action] {
    var actions: [Action] = []
    switch event {
    case .demand(let tasks): demand = tasks
    case .ready(let node): move(node, from: [.provisioning], to: .idle, now, &actions)
    case .busy(let node): move(node, from: [.provisioning, .idle], to: .running, now, &actions)
    case .idle(let node): move(node, from: [.running], to: .idle, now, &actions)
    case .observed(let tasks, let seen):
      demand = tasks
      for one in seen {
        move(one.node, from: [.provisioning], to: .idle, now, &actions)
        if one.isAtTask {
          move(one.node, from: [.idle], to: .running, now, &actions)
        } else {
          move(one.node, from: [.running], to: .idle, now, &actions)
        }
      }
    case .preempted(let node):
      move(node, from: [.provisioning, .idle, .running, .leaving], to: .preempted, now, &actions)
    case .unusable(let node):
      move(node, from: [.provisioning, .idle, .running], to: .unusable, now, &actions)
    case .gone(let number):
      guard state(of: number) != nil, let node = nodes[number - 1] else { break }
      nodes[number - 1] = nil
      count -= 1
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
    _ number: Int, from: [NodeState], to state: NodeState, _ now: Duration, _ actions: inout [Action]
  ) {
    guard let old = self.state(of: number), from.contains(old) else { return }
    nodes[number - 1]?.state = state
    nodes[number - 1]?.since = now
    usable += (state.isUsable ? 1 : 0) - (old.isUsable ? 1 : 0)
    actions.append(.changed(NodeTransition(node: number, state: state, at: now)))
  }

  private mutating func balance(at now: Duration, _ actions: inout [Action]) {
    let target = target
    // A node that is on its way out still holds its machine, and so counts towards `max_instances`.
    var index = 0
    while usable < target, mayGrow {
      while index < nodes.count, nodes[index] != nil { index += 1 }
      if index == nodes.count { nodes.append(nil) }
      nodes[index] = Node(state: .provisioning, since: now, born: now)
      count += 1
      usable += 1
      actions.append(.changed(NodeTransition(node: index + 1, state: .provisioning, at: now)))
      actions.append(.provision(node: index + 1))
    }
    // The node that came last is released first, so that the others stay warm.
    index = nodes.count
    while usable > target, index > 0 {
      index -= 1
      guard let node = nodes[index], node.state == .idle, now - node.since >= idleTime else { continue }
      move(index + 1, from: [.idle], to: .leaving, now, &actions)
      actions.append(.release(node: index + 1))
    }
  }
}
