import Foundation
import Verdict

/// The deployments of a comparison as a table, the best first, and which of them are no better than three standard deviations.
struct DeploymentTable {
  private let rows: [DeploymentSection]

  init(_ rows: [DeploymentSection]) { self.rows = rows }

  /// Nothing where there is nothing to compare.
  var lines: [String] {
    guard !rows.isEmpty else { return [] }
    let sorted = rows.sorted { ($0.deployment.detection.vusPR ?? -1) > ($1.deployment.detection.vusPR ?? -1) }
    let header = ["deployment", "VUS-PR", "recall", "precision", "false/day", "failed", "us/window"]
    let body = sorted.map { row -> [String] in
      let detection = row.deployment.detection
      return [
        row.deployment.name, text(detection.vusPR), text(detection.recall), text(detection.precision),
        text(detection.falseAlarmsPerDeviceDay), "\(row.failedRows)",
        text(row.secondsPerWindow.map { $0 * 1e6 }),
      ]
    }
    let widths = header.indices.map { column in
      ([header] + body).map { $0[column].count }.max() ?? 0
    }
    let shortfalls = sorted.compactMap { $0.deployment.detection.shortfall(of: $0.deployment.name) }
    let table = ([header] + body).map { cells in
      "  "
        + cells.enumerated().map { column, cell in
          let room = String(repeating: " ", count: widths[column] - cell.count)
          return column == 0 ? cell + room : room + cell
        }.joined(separator: "  ")
    }
    return table + shortfalls.map { "  \($0)" }
  }

  private func text(_ number: Double?) -> String {
    number.map { String(format: $0 < 10 ? "%.3f" : "%.1f", $0) } ?? "-"
  }
}
