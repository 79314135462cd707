import Files
import Foundation
import Wording

/// The stages of a load as a table: `load.csv`, and what a terminal of 80 columns shows of it.
package struct LoadTable: Sendable {
  package static let fileName = "load.csv"

  private let stages: [LoadFigures]

  package init(_ stages: [LoadFigures]) { self.stages = stages }

  private static let columns: [(name: String, value: @Sendable (LoadFigures) -> String?)] = [
    ("stage", { "\($0.stage)" }),
    ("name", { $0.name }),
    ("level_percent", { number($0.level.map { $0 * 100 }) }),
    ("seconds", { number($0.seconds) }),
    ("messages", { $0.messages.map(String.init) }),
    ("offered_per_second", { number($0.offered) }),
    ("achieved_per_second", { number($0.achieved) }),
    ("p50_ms", { number($0.p50) }),
    ("p99_ms", { number($0.p99) }),
    ("p99.9_ms", { number($0.p999) }),
    ("lag_p50_ms", { number($0.lag?.p50) }),
    ("lag_p99_ms", { number($0.lag?.p99) }),
    ("lag_max_ms", { number($0.lag?.max) }),
    ("waiting_share", { number($0.waiting) }),
    ("backlog_at_begin", { $0.backlogAtBegin.map(String.init) }),
    ("backlog_at_end", { $0.backlogAtEnd.map(String.init) }),
    ("fleet_cores", { number($0.fleetCores) }),
    ("broker_cores", { number($0.brokerCores) }),
    ("ingestion_cores", { number($0.ingestionCores) }),
    ("machine_cores", { number($0.machineCores) }),
    ("commit_share", { number($0.committing) }),
    ("carried", { $0.isCarried.map { $0 ? "yes" : "no" } }),
    ("limit", { LoadLimit($0).part.rawValue }),
    ("why", { LoadLimit($0).reason }),
  ]

  /// The file.
  package var text: String {
    CSVWriter.line(Self.columns.map(\.name))
      + stages.map { stage in CSVWriter.line(Self.columns.map { $0.value(stage) ?? "" }) }.joined()
  }

  private static func number(_ value: Double?) -> String? {
    value.map { String(format: "%.6g", $0) }
  }

  /// As many stages as a screen has lines; the rest is in the file.
  package static let mostTerminalLines = 30

  /// The stages in lines of at most 80 columns.
  package var terminalLines: [String] {
    let header = [
      ("stage", 5), ("level", 7), ("offered/s", 10), ("durable/s", 10), ("p50 ms", 8), ("p99", 8),
      ("p99.9", 8),
      ("lag p99", 8), ("limit", 11),
    ]
    func line(_ cells: [String]) -> String {
      zip(cells, header).map { cell, column in
        String(repeating: " ", count: max(0, column.1 - cell.count)) + cell
      }.joined()
    }
    let rows = stages.prefix(Self.mostTerminalLines).map { stage in
      let part = LoadLimit(stage).part
      return line([
        "\(stage.stage)", stage.level.map { "\(Int(($0 * 100).rounded()))%" } ?? "-", rate(stage.offered),
        rate(stage.achieved), milliseconds(stage.p50), milliseconds(stage.p99), milliseconds(stage.p999),
        milliseconds(stage.lag?.p99), part == .none ? "-" : part.rawValue,
      ])
    }
    let rest = stages.count - rows.count
    return [line(header.map(\.0))] + rows + (rest > 0 ? ["  and \(rest) more in \(Self.fileName)"] : [])
  }

  private func rate(_ rate: Double?) -> String {
    rate.map { $0 < 100 ? String(format: "%.1f", $0) : Int($0.rounded()).grouped } ?? "-"
  }

  private func milliseconds(_ time: Double?) -> String {
    time.map { $0 < 10 ? String(format: "%.1f", $0) : Int($0.rounded()).grouped } ?? "-"
  }
}
