/// Where a node of a compute target stands, in the words of Azure ML.
package enum NodeState: String, CaseIterable, Hashable, Sendable, Codable {
  /// It was asked for and cannot take tasks yet.
  case provisioning
  /// It has nothing to do.
  case idle
  /// It is at a task.
  case running
  /// It was told to go.
  case leaving
  /// Somebody else has taken it away.
  case preempted
  /// It does not come up, or is broken.
  case unusable

  /// Whether it takes tasks, now or soon.
  var isUsable: Bool { self == .provisioning || self == .idle || self == .running }
}

/// A node has changed its state.
package struct NodeTransition: Hashable, Sendable {
  /// From 1.
  package var node: Int
  /// Nil: it has gone.
  package var state: NodeState?
  /// On the clock of the target.
  package var at: Duration

  package init(node: Int, state: NodeState?, at: Duration) {
    self.node = node
    self.state = state
    self.at = at
  }
}
