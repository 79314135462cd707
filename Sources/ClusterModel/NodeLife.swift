import Compute

/// One life of a node, from being asked for to being gone.
package struct NodeLife: Hashable, Sendable {
  /// A state, from a time on.
  package struct Stretch: Hashable, Sendable {
    package var state: NodeState
    /// Since the beginning of the job, or of the month.
    package var from: Duration

    package init(state: NodeState, from: Duration) {
      self.state = state
      self.from = from
    }
  }

  /// From 1.
  package var node: Int
  /// In order of time, never empty; each lasts until the next, the last until ``end``.
  package var stretches: [Stretch]
  /// When it had gone, or when nobody looked any longer.
  package var end: Duration

  package init(node: Int, stretches: [Stretch], end: Duration) {
    precondition(!stretches.isEmpty, "a node without a state has no life")
    self.node = node
    self.stretches = stretches
    self.end = end
  }

  package var begin: Duration { stretches[0].from }

  /// Calls `body` with every state, when it began and when it ended.
  package func forEachStretch(_ body: (NodeState, Duration, Duration) -> Void) {
    for (index, stretch) in stretches.enumerated() {
      body(stretch.state, stretch.from, index + 1 < stretches.count ? stretches[index + 1].from : end)
    }
  }
}
