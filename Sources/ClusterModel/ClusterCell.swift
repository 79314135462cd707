/// How the figures of a size came about. They are never mixed up: every row, chart and sentence says which it is.
package enum ClusterMode: String, CaseIterable, Hashable, Sendable, Codable {
  /// Real jobs on this machine, or on Slurm.
  case measured
  /// Real worker processes, boards and files, whose tasks wait the modelled time.
  case paced
  /// The event-driven model.
  case simulated
}

/// On what terms a node is rented, in the words of Azure.
package enum ClusterTier: String, CaseIterable, Hashable, Sendable, Codable {
  case dedicated
  /// Cheaper, and taken away when the provider needs it.
  case lowPriority = "low_priority"
  /// Cheaper at a price that changes, and taken away when the provider needs it.
  case spot
}

/// One size of a cluster, and the way that a job is cut for it: a cell of a sweep.
package struct ClusterCell: Hashable, Sendable, Codable {
  package var mode: ClusterMode
  /// The compute target: `local` or `slurm`.
  package var target = "local"
  /// Where it is priced; nil where it is not.
  package var region: String?
  /// The size of a node, such as `Standard_D2s_v5`; nil where a node is a share of this machine.
  package var vmSize: String?
  package var tier = ClusterTier.dedicated
  /// The most nodes, at least 1.
  package var nodes: Int
  /// The fewest, which are there also between jobs.
  package var minNodes = 0
  /// How many tasks a node does at a time, at least 1.
  package var coresPerNode = 1
  /// Devices a task, or `auto`.
  package var miniBatchSize = "auto"

  /// A cell of `nodes` nodes, whatever else as it is by default.
  package init(mode: ClusterMode, nodes: Int) {
    self.mode = mode
    self.nodes = nodes
  }
}
