import ClusterCharts
import ClusterModel
import Foundation
import Telemetry

extension ClusterPictureData {
  /// What the pictures of a sweep show: its rows, the sizes that were predicted before they were looked at, and months.
  package init(_ table: ClusterTable, _ account: SweepAccount) {
    self.init(
      rows: table.entries.map(\.row),
      comparisons: account.heldOut.map {
        Comparison(
          label: "mini_batch_size \($0.miniBatchSize)", nodes: $0.nodes, measuredSeconds: $0.measuredSeconds,
          simulatedSeconds: $0.simulatedSeconds)
      }, deadlineSeconds: account.deadlineSeconds)
    addMonths(table, account)
  }

  /// What a month costs by the interval between jobs: of the cheapest size that has a price, going to zero or kept.
  private mutating func addMonths(_ table: ClusterTable, _ account: SweepAccount) {
    let priced = table.entries.filter {
      $0.row.costUSD != nil && $0.row.cell.tier == .dedicated && $0.row.cell.minNodes == 0
    }
    guard let entry = priced.min(by: { $0.row.costUSD ?? 0 < $1.row.costUSD ?? 0 }),
      let price = entry.pricePerHour, let name = entry.billing,
      let billing = try? BillingProfile.named(name)
    else { return }
    let series = ScaleToZero(
      lives: entry.row.lives, billing: billing,
      idleTime: .milliseconds(Int64(account.idleSeconds * 1000)))
    // Ten a decade, from a minute to a month.
    let intervals = (0...46).map { 60 * Foundation.pow(10, Double($0) / 10) }
    func curve(_ label: String, warm: Int) -> MonthCurve {
      MonthCurve(
        label: label,
        points: intervals.compactMap { seconds in
          series.costPerMonth(every: .milliseconds(Int64(seconds * 1000)), warm: warm, price: price).map {
            MonthPoint(intervalSeconds: seconds, usdPerMonth: $0.value)
          }
        })
    }
    let size = "\(entry.row.cell.nodes) × \(entry.row.cell.vmSize ?? "node")"
    monthCurves = [
      curve("\(size), scaled to zero", warm: 0), curve("\(size), kept", warm: entry.row.cell.nodes),
    ]
    crossingSeconds = series.breakEvenInterval?.seconds
  }
}
