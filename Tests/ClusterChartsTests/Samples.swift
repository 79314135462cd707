import ClusterCharts
import ClusterModel
import Compute

/// Sweeps to draw.
enum Samples {
  /// A row whose makespan is that of `base` by `speedup`, with an interval of 4% on both sides.
  static func row(
    _ mode: ClusterMode = .simulated, nodes: Int, speedup: Double?, base: Double = 900, vmSize: String? = nil,
    tier: ClusterTier = .dedicated, batch: String = "auto", cost: Double? = nil
  ) -> ClusterRow {
    var cell = ClusterCell(mode: mode, nodes: nodes)
    cell.vmSize = vmSize
    cell.tier = tier
    cell.miniBatchSize = batch
    let makespan = base / (speedup ?? 1)
    var row = ClusterRow(
      cell: cell, repeats: 5, makespanSeconds: makespan, makespanLowSeconds: makespan * 0.96,
      makespanHighSeconds: makespan * 1.04, windows: 10_000, nodeHours: makespan * Double(nodes) / 3600)
    row.speedup = speedup
    row.costUSD = cost
    return row
  }

  static func life(_ node: Int, _ stretches: [(NodeState, Int)], end: Int) -> NodeLife {
    NodeLife(
      node: node, stretches: stretches.map { NodeLife.Stretch(state: $0.0, from: .seconds($0.1)) },
      end: .seconds(end))
  }

  /// Measured, paced and simulated, priced, with nodes, comparisons and months: something for each picture.
  static var sweep: ClusterPictureData {
    var data = ClusterPictureData()
    data.rows = [
      row(.measured, nodes: 1, speedup: 1), row(.measured, nodes: 2, speedup: 1.9),
      row(.paced, nodes: 4, speedup: 3.6),
    ]
    for (index, nodes) in [1, 2, 4, 8, 16, 32, 64].enumerated() {
      let speedup = Double(nodes) / (1 + 0.01 * Double(nodes))
      data.rows.append(
        row(
          nodes: nodes, speedup: speedup, vmSize: "Standard_D2s_v5", cost: 0.05 * (1 + Double(index) * 0.4)))
      data.rows.append(
        row(
          nodes: nodes, speedup: speedup * 0.9, base: 500, vmSize: "Standard_F16s_v2", tier: .lowPriority,
          cost: 0.09 * (1 + Double(index) * 0.3)))
    }
    data.rows[5].lives = [
      life(1, [(.provisioning, 0), (.idle, 90), (.running, 100), (.leaving, 380)], end: 400),
      life(2, [(.provisioning, 0), (.running, 110), (.preempted, 200)], end: 230),
      life(2, [(.provisioning, 240), (.running, 300)], end: 395),
      life(3, [(.provisioning, 0), (.unusable, 300)], end: 400),
    ]
    data.comparisons = [
      .init(label: "auto batches", nodes: 2, measuredSeconds: 100, simulatedSeconds: 102),
      .init(label: "batches of 100", nodes: 1, measuredSeconds: 200, simulatedSeconds: 196),
      .init(label: "batches of 100", nodes: 2, measuredSeconds: 120, simulatedSeconds: 129),
      .init(label: "batches of 10", nodes: 4, measuredSeconds: 60, simulatedSeconds: 60),
    ]
    data.deadlineSeconds = 240
    let intervals = (0...20).map { 600 * (1 + Double($0) * Double($0) * 10) }
    data.monthCurves = [
      .init(
        label: "scaled to zero",
        points: intervals.map { .init(intervalSeconds: $0, usdPerMonth: min(300, 240_000 / $0)) }),
      .init(label: "4 nodes kept", points: intervals.map { .init(intervalSeconds: $0, usdPerMonth: 280) }),
    ]
    data.crossingSeconds = 860
    return data
  }
}
