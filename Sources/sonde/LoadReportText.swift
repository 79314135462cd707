import Foundation
import HTTPLoad
import Wording

/// What a load on a service came to, for a person at a terminal of 80 columns.
enum LoadReportText {
  static func text(_ report: LoadReport) -> String {
    var lines = [
      report.url,
      "  \(report.protocol), \(report.arrivals) arrivals, seed \(report.seed), \(report.connections) connections",
      "",
    ]
    let length = String(format: "%.1f", report.seconds)
    lines += part(
      "requests",
      [
        "\(report.requests.grouped) in \(length) s"
          + (report.complete ? "" : " (ended early)")
          + ", \(report.rowsPerRequest.grouped) \(report.rowsPerRequest == 1 ? "row" : "rows") each",
        "\(report.answered.grouped) answered, \(report.errors.grouped) errors, "
          + "\(report.rejected.grouped) rejected (503, 429)",
      ] + (report.unfinished > 0 ? ["\(report.unfinished.grouped) without an end when it was stopped"] : []))
    if report.errors > 0 { lines += part("errors", [kinds(report)]) }
    lines += part(
      "rate",
      [
        String(
          format: "%.1f/s offered, %.1f/s achieved, %.1f rows/s", report.offeredPerSecond,
          report.achievedPerSecond, report.rowsPerSecond)
      ])
    lines += part("latency", [percentiles(report.latencyMs), "from the planned send to the answer"])
    lines += part("service time", [percentiles(report.serviceTimeMs), "from the real send to the answer"])
    lines += part(
      "send lag", [percentiles(report.sendLagMs), "of it the generator's own: \(own(report.generatorLagMs))"])
    let share = report.seconds > 0 ? 100 * report.generatorCpuSeconds / report.seconds : 0
    lines += part(
      "generator",
      [
        String(format: "%.2f s of a processor (%.0f%%)", report.generatorCpuSeconds, share),
        "\(report.waited.grouped) waited for a connection, \(report.resent.grouped) sent again, "
          + "\(report.reopened.grouped) reopened",
      ])
    if let used = report.cpuUsPerRequest {
      lines += part("service", [String(format: "%.1f us of processors a request", used)])
    }
    if report.stages.count > 1 { lines += [""] + stages(report.stages) }
    if let waited = report.waitedBecause { lines += [""] + wrapped(waited) }
    return lines.joined(separator: "\n")
  }

  /// How far it is, on one line.
  static func line(_ snapshot: LoadProgress.Snapshot, total: String) -> String {
    var text = "\(Int(snapshot.seconds))s of \(total): \(snapshot.requests.grouped) requests, "
    text += "\(snapshot.answered.grouped) answered, \(snapshot.errors.grouped) errors"
    if snapshot.rejected > 0 { text += ", \(snapshot.rejected.grouped) rejected" }
    if snapshot.waiting > 0 { text += ", \(snapshot.waiting.grouped) waiting" }
    return text
  }

  private static let indent = 16

  /// Lines beside a subject.
  private static func part(_ subject: String, _ lines: [String]) -> [String] {
    lines.enumerated().map { index, line in
      (index == 0 ? "  \(subject)" : "").padding(toLength: indent, withPad: " ", startingAt: 0) + line
    }
  }

  private static func percentiles(_ times: LoadReport.Percentiles) -> String {
    guard let p50 = times.p50, let p90 = times.p90, let p99 = times.p99, let max = times.max else {
      return "none"
    }
    var text = "p50 \(milliseconds(p50)), p90 \(milliseconds(p90)), p99 \(milliseconds(p99)), "
    if let p999 = times.p999 { text += "p99.9 \(milliseconds(p999)), " }
    return text + "max \(milliseconds(max)) ms"
  }

  private static func own(_ times: LoadReport.Percentiles) -> String {
    guard let p99 = times.p99, let max = times.max else { return "none" }
    return "p99 \(milliseconds(p99)), max \(milliseconds(max)) ms"
  }

  /// Three digits that count.
  private static func milliseconds(_ value: Double) -> String {
    String(format: value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value)
  }

  private static func kinds(_ report: LoadReport) -> String {
    let kinds = report.errorsByKind
    let statuses = report.statuses.sorted { $0.key < $1.key }.map {
      "\($0.value.grouped) of status \($0.key)"
    }
    let others = [
      (kinds.timeout, "out of time"), (kinds.connection, "without a connection to the end"),
      (kinds.wrongId, "with another request's id"), (kinds.unreadable, "unreadable"),
    ]
    return (statuses + others.filter { $0.0 > 0 }.map { "\($0.0.grouped) \($0.1)" }).joined(separator: ", ")
  }

  private static func stages(_ stages: [LoadReport.Stage]) -> [String] {
    func row(_ cells: [String]) -> String {
      "  " + cells.map { String(repeating: " ", count: max(0, 10 - $0.count)) + $0 }.joined()
    }
    let head = row(["stage", "offered/s", "answered", "errors", "rejected", "p50 ms", "p99 ms"])
    return [head]
      + stages.map { stage in
        row([
          "\(stage.stage)", String(format: "%.1f", stage.offeredPerSecond), stage.answered.grouped,
          stage.errors.grouped, stage.rejected.grouped, stage.latencyMs.p50.map(milliseconds) ?? "",
          stage.latencyMs.p99.map(milliseconds) ?? "",
        ])
      }
  }

  /// A sentence in lines of 80 columns.
  private static func wrapped(_ text: String) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= 76 {
        lines[lines.count - 1] += " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines.map { "  \($0)" }
  }
}
