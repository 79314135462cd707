/// How many nodes a compute target keeps, in Azure ML's words.
package struct AutoscaleSettings: Hashable, Sendable, Codable {
  /// Nodes that stay, also without work.
  package var minInstances: Int
  /// The most nodes at a time.
  package var maxInstances: Int
  /// How long a node without work stays.
  package var idleSecondsBeforeScaleDown: Double

  package init(
    minInstances: Int = ComputeDefaults.minInstances, maxInstances: Int,
    idleTimeBeforeScaleDown: Duration = ComputeDefaults.idleTimeBeforeScaleDown
  ) {
    self.minInstances = minInstances
    self.maxInstances = maxInstances
    idleSecondsBeforeScaleDown = idleTimeBeforeScaleDown.seconds
  }

  /// A target that always has `nodes` nodes.
  package static func fixed(_ nodes: Int) -> AutoscaleSettings {
    AutoscaleSettings(minInstances: nodes, maxInstances: nodes)
  }

  /// How long a node without work stays.
  package var idleTimeBeforeScaleDown: Duration { .milliseconds(Int64(idleSecondsBeforeScaleDown * 1000)) }

  /// How many nodes `tasks` tasks are worth, where a node does `tasksPerNode` at a time.
  package func nodes(for tasks: Int, tasksPerNode: Int) -> Int {
    min(maxInstances, max(minInstances, (tasks + tasksPerNode - 1) / tasksPerNode))
  }
}
