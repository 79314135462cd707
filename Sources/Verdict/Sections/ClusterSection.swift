import ClusterModel
import Compute

/// An entry of `cluster`: one size of a cluster, how fast it was and what it cost.
package struct ClusterSection: ReportSection {
  /// The cluster that the run itself had, whose jobs came one after the other.
  private let own: (compute: ComputeSettings, scoring: ScoringSection)?
  /// A row of a sweep.
  private let row: ClusterRow?

  init(compute: ComputeSettings, scoring: ScoringSection) {
    own = (compute, scoring)
    row = nil
  }

  init(_ row: ClusterRow) {
    own = nil
    self.row = row
  }

  private var ownNodes: Int? {
    own.map { $0.scoring.nodes.lives.isEmpty ? $0.compute.nodes : $0.scoring.nodes.mostNodes }
  }

  package static let fields: [ReportField<Self>] = [
    .text("target", "The compute target.") { $0.row?.cell.target ?? $0.own?.compute.kind.rawValue }.key,
    .text("region", "Where it is priced.", from: .clusters) { $0.row?.cell.region }.key,
    .text("vm_size", "The size of a node.", from: .clusters) { $0.row?.cell.vmSize }.key,
    .text("tier", "dedicated, low_priority or spot.", from: .clusters) { $0.row?.cell.tier.rawValue }.key,
    .count("nodes", "Nodes, the most that were there at a time.") { $0.row?.cell.nodes ?? $0.ownNodes }.key,
    .count("min_instances", "Of them, those that stay between jobs.", from: .clusters) {
      $0.row?.cell.minNodes
    }.key,
    .count("cores_per_node", "Cores a node.") { $0.row?.cell.coresPerNode ?? $0.own?.compute.coresPerNode }
      .key,
    .text("mini_batch_size", "Devices a task.", from: .clusters) { $0.row?.cell.miniBatchSize }.key,
    .text("mode", "measured, paced or simulated.") { $0.row?.cell.mode.rawValue ?? "measured" }.key,
    .count("repeats", "Rounds, or draws of the model.", from: .clusters) { $0.row?.repeats },
    .measured("makespan_seconds", "Of a job, the median; of the run's own cluster, of all its jobs.") {
      $0.row?.makespanSeconds ?? $0.own?.scoring.seconds
    },
    .measured("makespan_low_seconds", "The lower end of its interval.", from: .clusters) {
      $0.row?.makespanLowSeconds
    },
    .measured("makespan_high_seconds", "The upper end.", from: .clusters) { $0.row?.makespanHighSeconds },
    .measured("windows_per_second", "Windows scored by that time.") {
      $0.row?.windowsPerSecond ?? $0.own?.scoring.windowsPerSecond
    },
    .measured("speedup", "How many times as fast as with one node.", from: .clusters) { $0.row?.speedup },
    .measured("efficiency", "speedup / nodes.", from: .clusters) { $0.row?.efficiency },
    .measured("node_hours", "How long nodes were there, all together.") {
      $0.row?.nodeHours ?? $0.own?.scoring.nodeSeconds.map { $0 / 3600 }
    },
    .measured("billed_node_hours", "Those that are billed.", from: .clusters) { $0.row?.billedNodeHours },
    .measured("cost_usd", "What a job costs.", from: .clusters) { $0.row?.costUSD },
    .measured("cost_usd_per_million_windows", "What a million windows cost.", from: .clusters) {
      $0.row?.costUSDPerMillionWindows
    },
    .measured("cost_usd_per_month", "What the schedule costs a month.", from: .clusters) {
      $0.row?.costUSDPerMonth
    },
  ]
}
