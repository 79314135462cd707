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

  /// What of the life is after `time`, which becomes the zero; nil where nothing is.
  func since(_ time: Duration) -> NodeLife? {
    guard end > time else { return nil }
    let before = stretches.last { $0.from <= time }
    let after = stretches.filter { $0.from > time }
    let kept = (before.map { [Stretch(state: $0.state, from: time)] } ?? []) + after
    return NodeLife(
      node: node, stretches: kept.map { Stretch(state: $0.state, from: $0.from - time) }, end: end - time)
  }

  /// Calls `body` with every state, when it began and when it ended.
  package func forEachStretch(_ body: (NodeState, Duration, Duration) -> Void) {
    for (index, stretch) in stretches.enumerated() {
      body(stretch.state, stretch.from, index + 1 < stretches.count ? stretches[index + 1].from : end)
    }
  }
}
