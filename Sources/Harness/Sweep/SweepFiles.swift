import ClusterCharts
import ClusterModel
import Files
import Foundation
import Telemetry
import Verdict

/// The files of a sweep: the tables, and the pictures beside them.
package struct SweepFiles {
  private let path: String

  /// - Parameter path: The folder that they are in, which need not exist.
  package init(_ path: String) { self.path = path }

  /// Writes them, in place of older ones. Throws `FileError`.
  package func write(_ table: ClusterTable, _ account: SweepAccount) throws {
    try Folder.make(path)
    try AtomicFile.write(table.text, to: "\(path)/\(ClusterTable.fileName)", existing: .replace)
    try AtomicFile.write(
      table.nodesText, to: "\(path)/\(ClusterTable.nodesFileName)", existing: .replace)
    let pictures = "\(path)/clusters"
    try Folder.make(pictures)
    _ = try ClusterChart.write(pictureData(table, account), to: pictures)
  }

  /// The table that was written. Throws `FileError` and `CSVError`.
  package func table() throws -> ClusterTable {
    let (sizes, nodes) = ("\(path)/\(ClusterTable.fileName)", "\(path)/\(ClusterTable.nodesFileName)")
    return try ClusterTable(
      try TextFile.text(of: sizes), name: sizes, nodes: try TextFile.text(of: nodes), nodesName: nodes)
  }

  private func pictureData(_ table: ClusterTable, _ account: SweepAccount) -> ClusterPictureData {
    var data = ClusterPictureData(
      rows: table.entries.map(\.row),
      comparisons: account.heldOut.map {
        .init(
          label: "mini_batch_size \($0.miniBatchSize)", nodes: $0.nodes, measuredSeconds: $0.measuredSeconds,
          simulatedSeconds: $0.simulatedSeconds)
      }, deadlineSeconds: account.deadlineSeconds)
    addMonths(table, account, to: &data)
    return data
  }

  /// What a month costs by the interval between jobs: of the cheapest size that has a price, going to zero or kept.
  private func addMonths(_ table: ClusterTable, _ account: SweepAccount, to data: inout ClusterPictureData) {
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
    func curve(_ label: String, warm: Int) -> ClusterPictureData.MonthCurve {
      .init(
        label: label,
        points: intervals.compactMap { seconds in
          series.costPerMonth(every: .milliseconds(Int64(seconds * 1000)), warm: warm, price: price).map {
            .init(intervalSeconds: seconds, usdPerMonth: $0.value)
          }
        })
    }
    let size = "\(entry.row.cell.nodes) × \(entry.row.cell.vmSize ?? "node")"
    data.monthCurves = [
      curve("\(size), scaled to zero", warm: 0), curve("\(size), kept", warm: entry.row.cell.nodes),
    ]
    data.crossingSeconds = series.breakEvenInterval?.seconds
  }
}
