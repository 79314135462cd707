import Compute
import Files
import Telemetry
import Wording

/// A sweep as files: `clusters.csv`, a line a row, and `cluster-nodes.csv`, a line a stretch of a node's life. Costs can be computed
/// from the two and the price table alone.
///
/// Numbers are written so that reading them gives the same number. ``ClusterCell/minNodes`` is in neither file.
package struct ClusterTable: Hashable, Sendable {
  /// A row, with what it was priced with.
  package struct Entry: Hashable, Sendable {
    package var row: ClusterRow
    /// The name of the ``BillingProfile``; nil where the row has no price.
    package var billing: String?
    /// An hour of a node; nil where the row has no price.
    package var pricePerHour: Dollars?
    /// When the price was read.
    package var priceAsOf: PriceDate?
    /// How fast a node is relative to this host, above 0: 1 unless it was measured.
    package var speed = 1.0

    package init(row: ClusterRow, pricing: ClusterPricing? = nil, speed: Double = 1) {
      self.row = row
      billing = pricing?.billing.name
      pricePerHour = pricing?.price
      priceAsOf = pricing?.asOf
      self.speed = speed
    }
  }

  package static let fileName = "clusters.csv"
  package static let nodesFileName = "cluster-nodes.csv"

  package var entries: [Entry]

  package init(_ entries: [Entry]) { self.entries = entries }

  /// The columns of `clusters.csv`: the keys of `cluster` in the report, and what the row was priced with.
  package static let columns = [
    "target", "region", "vm_size", "tier", "nodes", "min_instances", "cores_per_node", "mini_batch_size",
    "mode", "repeats",
    "makespan_seconds", "makespan_low_seconds", "makespan_high_seconds", "windows_per_second", "speedup",
    "efficiency", "node_hours", "billed_node_hours", "cost_usd", "cost_usd_per_million_windows",
    "cost_usd_per_month", "billing", "price_usd_h", "price_as_of", "speed",
  ]

  /// The columns of `cluster-nodes.csv`. `row` counts the lines of `clusters.csv` after its header, from 1.
  package static let nodeColumns = ["row", "node", "state", "from_ms", "to_ms"]

  /// `clusters.csv`.
  package var text: String {
    entries.reduce(into: CSVWriter.line(Self.columns)) { $0 += CSVWriter.line(Self.fields($1)) }
  }

  /// `cluster-nodes.csv`. Times are whole milliseconds since the beginning of the job. A life begins at a line whose state is
  /// `provisioning`, or which does not go on where the line before it ended, or is of another node or row.
  package var nodesText: String {
    var text = CSVWriter.line(Self.nodeColumns)
    for (index, entry) in entries.enumerated() {
      for life in entry.row.lives {
        life.forEachStretch { state, from, to in
          text += "\(index + 1),\(life.node),\(state.rawValue),\(from.milliseconds),\(to.milliseconds)\n"
        }
      }
    }
    return text
  }

  private static func fields(_ entry: Entry) -> [String] {
    let row = entry.row
    let cell = row.cell
    return [
      cell.target, cell.region ?? "", cell.vmSize ?? "", cell.tier.rawValue, String(cell.nodes),
      String(cell.minNodes), String(cell.coresPerNode), cell.miniBatchSize, cell.mode.rawValue,
      String(row.repeats),
      number(row.makespanSeconds), number(row.makespanLowSeconds), number(row.makespanHighSeconds),
      number(row.windowsPerSecond), number(row.speedup), number(row.efficiency), number(row.nodeHours),
      number(row.billedNodeHours), number(row.costUSD), number(row.costUSDPerMillionWindows),
      number(row.costUSDPerMonth), entry.billing ?? "", entry.pricePerHour?.text() ?? "",
      entry.priceAsOf?.text ?? "", number(entry.speed),
    ]
  }

  /// The shortest text that is read as the same number; nothing for nil.
  private static func number(_ value: Double?) -> String {
    guard let value else { return "" }
    if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 { return String(whole) }
    return "\(value)"
  }
}
