import Foundation
import HTTPLoad
import Verdict

/// What became of a scoring service under load, for a person at a terminal of 80 columns.
enum ServingSummary {
  /// A line a trial; none where nothing was served.
  static func lines(_ report: RunReport) -> [String] {
    guard let serving = report.serving else { return [] }
    // Where trials differ in how many requests can be under way, that takes the place of their rows.
    let varies = Set(serving.trials.map(\.connections)).count > 1
    var names = columns.map(\.name)
    if varies { names[1] = "conns" }
    var lines = ["", line(names)]
    for trial in serving.trials {
      let figures = ServingFigures([trial])
      let replicas =
        trial.minReplicas == trial.maxReplicas
        ? "\(trial.maxReplicas)" : "\(trial.mostReplicas) of \(trial.maxReplicas)"
      lines.append(
        line([
          replicas, varies ? "\(trial.connections ?? 0)" : "\(trial.rowsPerRequest)",
          number(figures.offeredPerSecond),
          number(figures.achievedPerSecond), "\(figures.rejected)", "\(figures.errors)",
          number(figures.latency(\.p50)), number(figures.latency(\.p99)), number(figures.cpuPerRequest),
        ]))
    }
    for trial in serving.trials where trial.report.errors > 0 {
      lines += SweepSummary.wrapped("\(trial.name): \(errors(trial.report)).")
    }
    if let knee = serving.knee, let rows = knee.rows {
      lines += SweepSummary.wrapped(
        "The knee is at \(rows) rows a request: a request takes \(number(knee.perRequestMs)) ms and each row "
          + "\(number(knee.perRowMs * 1000)) us, and from there on more rows are hardly any cheaper.")
    }
    return lines
  }

  /// Such as “779 errors: 770 with status 500, 9 without a connection”.
  private static func errors(_ report: LoadReport) -> String {
    let kinds = report.errorsByKind
    var parts = report.statuses.sorted { $0.key < $1.key }.map { "\($0.value) with status \($0.key)" }
    for (count, words) in [
      (kinds.timeout, "too late"), (kinds.connection, "without a connection"),
      (kinds.wrongId, "with another's answer"), (kinds.unreadable, "with an answer that cannot be read"),
    ] where count > 0 { parts.append("\(count) \(words)") }
    return "\(report.errors) \(report.errors == 1 ? "error" : "errors"): \(parts.joined(separator: ", "))"
  }

  private static let columns: [(name: String, width: Int)] = [
    ("replicas", 8), ("rows", 6), ("asked/s", 9), ("answered/s", 12), ("refused", 9),
    ("errors", 8), ("p50 ms", 8), ("p99 ms", 9), ("us CPU", 9),
  ]

  private static func line(_ cells: [String]) -> String {
    "  " + zip(cells, columns).map { cell, column in RunSummary.leftPadded(cell, column.width) }.joined()
  }

  /// In as many digits as tell something.
  private static func number(_ value: Double?) -> String {
    guard let value else { return "-" }
    return value >= 100 ? String(format: "%.0f", value) : String(format: "%.3g", value)
  }
}
