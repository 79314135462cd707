import Wording

/// Which compute target, and of what size.
package struct ComputeSettings: Hashable, Sendable, Codable {
  package enum Kind: String, CaseIterable, Hashable, Sendable, Codable {
    /// Worker processes on this machine.
    case local
    /// Job arrays of a Slurm cluster.
    case slurm
  }

  package static let leastNodes = LeastNumber(1)
  package static let leastCoresPerNode = LeastNumber(1)
  package static let leastInstances = LeastNumber(0)

  package var kind: Kind
  /// Tasks that a node does at a time.
  package var coresPerNode: Int
  package var scale: AutoscaleSettings

  package init(kind: Kind = .local, coresPerNode: Int = 1, scale: AutoscaleSettings) {
    self.kind = kind
    self.coresPerNode = coresPerNode
    self.scale = scale
  }

  /// A target that always has `nodes` nodes.
  package init(kind: Kind = .local, nodes: Int = 1, coresPerNode: Int = 1) {
    self.init(kind: kind, coresPerNode: coresPerNode, scale: .fixed(nodes))
  }

  /// The most nodes at a time.
  package var nodes: Int { scale.maxInstances }

  /// What keeps the settings from being usable, in a sentence; nil where nothing does.
  package var fault: String? {
    Self.leastNodes.fault(scale.maxInstances, "max_instances")
      ?? Self.leastCoresPerNode.fault(coresPerNode, "cores_per_node")
      ?? Self.leastInstances.fault(scale.minInstances, "min_instances")
      ?? (scale.minInstances > scale.maxInstances
        ? "min_instances is \(scale.minInstances), more than max_instances, which is \(scale.maxInstances)"
        : nil)
  }

  /// The target itself. Throws ``ComputeError`` where it cannot be used.
  ///
  /// - Parameters:
  ///   - workersPerNode: Where a job allows fewer tasks at a time than a node has cores; nil for one a core.
  ///   - logPrefix: What the logs of its workers begin with; two targets that run at a time have different ones.
  ///   - observe: Is told of every node that changes its state.
  package func target(
    workersPerNode: Int? = nil, logFolder: String, logPrefix: String = "",
    observe: @escaping @Sendable (NodeTransition) -> Void = { _ in }
  ) throws -> any ComputeTarget {
    let workers = min(coresPerNode, workersPerNode ?? coresPerNode)
    return switch kind {
    case .local:
      try LocalTarget(
        scale: scale, coresPerNode: workers, logFolder: logFolder, logPrefix: logPrefix, observe: observe)
    case .slurm:
      try SlurmTarget(
        scale: scale, coresPerNode: workers, logFolder: logFolder, logPrefix: logPrefix, observe: observe)
    }
  }
}
