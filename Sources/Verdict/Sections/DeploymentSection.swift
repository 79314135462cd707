import BatchScoring
import ClusterModel
import Detection
import Telemetry

/// An entry of `detection.deployments`: a deployment, what it costs, and how well it found the anomalies.
package struct DeploymentSection: ReportSection {
  package let deployment: JudgedDeployment

  package init(_ deployment: JudgedDeployment) { self.deployment = deployment }

  package var predictions: Int { deployment.jobs.reduce(0) { $0 + $1.predictions } }
  package var failedRows: Int { deployment.jobs.reduce(0) { $0 + $1.failedRows } }

  /// How long workers were at their tasks, by windows, in seconds; nil where they have not said, or nothing was scored.
  package var secondsPerWindow: Double? {
    let windows = predictions + failedRows
    let busy = deployment.jobs.compactMap(\.busySeconds)
    guard windows > 0, busy.count == deployment.jobs.count(where: { $0.tasks > 0 }) else { return nil }
    return busy.reduce(0, +) / Double(windows)
  }

  /// The size of a virtual machine whose price a core is counted with, and its region.
  package static let pricedSize = (vmSize: "Standard_D2s_v5", region: "eastus")

  /// What a million windows cost, in dollars, where the cores of ``pricedSize`` are as fast as those here and have always something to do.
  package var costPerMillionWindows: Double? {
    guard let secondsPerWindow, let table = try? PriceTable.builtIn(),
      let row = try? table.row(region: Self.pricedSize.region, vmSize: Self.pricedSize.vmSize)
    else { return nil }
    return secondsPerWindow * 1e6 / 3600 * Double(row.dedicated.billionths) * 1e-9 / Double(row.vcpu)
  }

  package static let fields: [ReportField<Self>] =
    [
      .text("deployment", "Its name.") { $0.deployment.name }.key,
      .text("detector", "one_class_svm or script.") { $0.deployment.isScript ? "script" : "one_class_svm" },
      .count("predictions", "Rows of its prediction files.") { $0.predictions },
      .count("failed", "Rows that it could not score.") { $0.failedRows },
      .measured("us_per_window", "How long its workers were at a window, in microseconds.") {
        $0.secondsPerWindow.map { $0 * 1e6 }
      },
      .measured(
        "cost_usd_per_million_windows",
        "What a million windows cost on a dedicated \(pricedSize.vmSize) in \(pricedSize.region) that always works, with cores as "
          + "fast as those here."
      ) { $0.costPerMillionWindows },
    ]
    + DetectionMetrics.fields.map { $0.inside { $0.deployment.detection } }
}
