import Foundation
import Rainbow
import Scenario
import Wording

/// What a run came to, for a person at a terminal of 80 columns.
enum RunSummary {
  static func exitStatus(_ verdict: Verdict) -> Int32 {
    switch verdict {
    case .passed: 0
    case .failed: ExitStatus.expectationFailed
    case .invalid: ExitStatus.invalidRun
    case .error: ExitStatus.internalFault
    }
  }

  /// The figures, the expectations and the verdict of one run.
  static func text(of report: RunReport, folder: String) -> String {
    let value = (try? report.value()) ?? .null
    var lines = ["", "\(report.scenario.bold)  seed \(report.seed), \(seconds(report.elapsedSeconds)) s", ""]
    lines += figures(value)
    lines += WrongClocks.lines(report.clocks).enumerated().map {
      ($0 == 0 ? "  clocks      " : "              ") + $1
    }
    lines.append("")
    for result in report.expectations {
      let mark = result.passed ? "ok  ".green : "FAIL".red
      lines.append("  \(mark)  \(result.expression)")
      if let explanation = result.explanation { lines.append("        \(explanation)") }
    }
    lines.append("")
    if let reason = report.reason { lines.append(reason) }
    lines.append("report  \(folder)/report.json")
    lines.append(colored(report.verdict))
    return lines.joined(separator: "\n")
  }

  /// What one run came to.
  struct Row {
    var scenario: String
    var verdict = Verdict.error
    /// Such as `5/6`.
    var expectations = "-"
    var seconds = "-"

    /// A run that came to no report.
    init(scenario: String) { self.scenario = scenario }

    init(_ report: RunReport) {
      scenario = report.scenario
      verdict = report.verdict
      expectations = "\(report.expectations.count { $0.passed })/\(report.expectations.count)"
      seconds = RunSummary.seconds(report.elapsedSeconds)
    }
  }

  /// One line a run.
  static func table(_ rows: [Row]) -> String {
    let width = max(8, rows.map(\.scenario.count).max() ?? 0)
    func line(_ name: String, _ verdict: String, _ held: String, _ time: String) -> String {
      "  \(name.padding(toLength: width, withPad: " ", startingAt: 0))  \(held.leftPadded(12))  \(time.leftPadded(8))  \(verdict)"
    }
    let header = ["", line("scenario", "verdict", "expectations", "seconds")]
    return (header + rows.map { line($0.scenario, colored($0.verdict), $0.expectations, $0.seconds) })
      .joined(separator: "\n")
  }

  private static func colored(_ verdict: Verdict) -> String {
    verdict == .passed ? verdict.rawValue.green.bold : verdict.rawValue.red.bold
  }

  fileprivate static func seconds(_ number: Double) -> String { String(format: "%.1f", number) }

  private static func figures(_ report: ReportValue) -> [String] {
    func number(_ path: String...) -> String {
      var value = report
      for name in path {
        guard case .object(let members) = value, let member = members[name] else { return "-" }
        value = member
      }
      guard case .number(let number) = value else { return "-" }
      if number >= 1000 { return grouped(Int(number.rounded())) }
      return Int(exactly: number).map(String.init) ?? String(format: number < 10 ? "%.3g" : "%.1f", number)
    }
    var lines = [
      "  readings    \(number("readings", "planned")) planned, \(number("readings", "acknowledged")) acknowledged, "
        + "\(number("readings", "stored")) stored",
      "              \(number("readings", "lost")) lost, \(number("readings", "doubled")) doubled, "
        + "\(number("readings", "late")) late, \(number("readings", "rejected")) rejected, "
        + "\(number("readings", "duplicates")) duplicates dropped",
      "  windows     \(number("windows", "closed")) closed, \(number("windows", "revised")) revised, "
        + "\(number("windows", "mismatched")) mismatched",
      "  ingestion   \(number("ingestion", "messages_per_second")) messages/s, "
        + "\(number("ingestion", "cpu_us_per_message")) us CPU a message, "
        + "\(number("ingestion", "restarts")) restarts",
    ]
    if case .object(let sections) = report, let faults = sections["faults"], faults != .null {
      lines.append(
        "  faults      \(number("faults", "carried_out")) of \(number("faults", "planned")) carried out, slowest recovery "
          + "\(number("faults", "recovery_seconds", "max")) s, drained in \(number("faults", "drained_seconds")) s"
      )
    }
    if case .object(let sections) = report, sections["scoring"] != .null {
      lines.append(
        "  scoring     \(number("scoring", "jobs")) jobs, \(number("scoring", "predictions")) predictions, "
          + "\(number("scoring", "failed")) failed, \(number("scoring", "windows_per_second")) windows/s")
      lines.append(
        "  detection   recall \(number("detection", "recall")), precision \(number("detection", "precision")), "
          + "\(number("detection", "false_alarms_per_device_day")) false alarms/device-day")
      lines.append(
        "              \(number("detection", "detected_events")) of \(number("detection", "events")) anomalies found, "
          + "median delay \(number("detection", "delay_seconds", "p50")) s")
    }
    return lines
  }

  /// 172800 as `172,800`.
  static func grouped(_ number: Int) -> String {
    number.grouped
  }
}

extension String {
  fileprivate func leftPadded(_ width: Int) -> String {
    String(repeating: " ", count: max(0, width - count)) + self
  }
}
