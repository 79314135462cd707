import Compute

/// An entry of `cluster`: one size of a cluster, how fast it was and what it cost.
package struct ClusterSection: ReportSection {
  let compute: ComputeSettings
  let scoring: ScoringSection

  package static let fields: [ReportField<Self>] = [
    .text("target", "The compute target.") { $0.compute.kind.rawValue },
    .text("region", "Where it is priced.", from: .clusters) { _ in nil },
    .text("vm_size", "The size of a node.", from: .clusters) { _ in nil },
    .text("tier", "dedicated or low_priority.", from: .clusters) { _ in nil },
    .count("nodes", "Nodes, the most that were there at a time.") {
      $0.scoring.nodes.lives.isEmpty ? $0.compute.nodes : $0.scoring.nodes.mostNodes
    },
    .count("cores_per_node", "Cores a node.") { $0.compute.coresPerNode },
    .text("mini_batch_size", "Devices a task.", from: .clusters) { _ in nil },
    .text("mode", "measured, paced or simulated.") { _ in "measured" },
    .count("repeats", "Rounds.", from: .clusters) { _ in nil },
    .measured("makespan_seconds", "The time that jobs ran, one after the other.") { $0.scoring.seconds },
    .measured("makespan_low_seconds", "The lower end of its interval.", from: .clusters) { _ in nil },
    .measured("makespan_high_seconds", "The upper end.", from: .clusters) { _ in nil },
    .measured("windows_per_second", "Predictions by that time.") { $0.scoring.windowsPerSecond },
    .measured("speedup", "How many times one node.", from: .clusters) { _ in nil },
    .measured("efficiency", "speedup / nodes.", from: .clusters) { _ in nil },
    .measured("node_hours", "How long nodes were there, all together.") {
      $0.scoring.nodeSeconds.map { $0 / 3600 }
    },
    .measured("billed_node_hours", "Those that are billed.", from: .clusters) { _ in nil },
    .measured("cost_usd", "What a job costs.", from: .clusters) { _ in nil },
    .measured("cost_usd_per_million_windows", "What a million windows cost.", from: .clusters) { _ in nil },
    .measured("cost_usd_per_month", "What the schedule costs a month.", from: .clusters) { _ in nil },
  ]
}
