import Files
import Foundation
import Rainbow
import Verdict
import Wording

/// What a run came to, for a person at a terminal of 80 columns.
enum RunSummary {
  static func exitStatus(_ verdict: Verdict) -> ExitStatus {
    switch verdict {
    case .passed: .success
    case .failed: .expectationFailed
    case .invalid: .invalidRun
    case .error: .internalFault
    }
  }

  /// The figures, the expectations and the verdict of one run.
  static func text(of report: RunReport, folder: String) -> String {
    var lines = ["", "\(report.scenario.bold)  seed \(report.seed), \(seconds(report.elapsedSeconds)) s", ""]
    lines += figures(report)
    lines += LoadSummary.lines(report)
    lines += WrongClocks.lines(report.clocks).enumerated().map {
      ($0 == 0 ? "  clocks      " : "              ") + $1
    }
    if let sweep = report.measurements.sweep, let account = report.measurements.account.sweep {
      lines += ["", SweepSummary.text(sweep, account)]
    }
    if let stream = report.stream { lines += StreamSummary.lines(stream) }
    lines += ServingSummary.lines(report)
    if !report.expectations.isEmpty { lines.append("") }
    for result in report.expectations {
      let mark = result.passed ? "ok  ".green : "FAIL".red
      lines.append("  \(mark)  \(result.expression)")
      if let explanation = result.explanation { lines.append("        \(explanation)") }
    }
    lines.append("")
    if let reason = report.reason { lines += SweepSummary.wrapped(reason) }
    lines += places(folder)
    lines.append(colored(report.verdict))
    return lines.joined(separator: "\n")
  }

  /// Where the report is, and the page for people where there is one.
  static func places(_ folder: String) -> [String] {
    let page = "\(folder)/\(RunFolder.pageName)"
    return ["report  \(folder)/report.json"] + (FileStamp(page) == nil ? [] : ["page    \(page)"])
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
      expectations =
        report.measurements.subject.isJudged
        ? "\(report.expectations.count { $0.passed })/\(report.expectations.count)" : "none"
      seconds = RunSummary.seconds(report.elapsedSeconds)
    }

    /// The runs with several seeds.
    init(_ summary: SeedSummary) {
      let count = summary.subject.seeds.count
      scenario = "\(summary.subject.scenario) (\(count) \(count == 1 ? "seed" : "seeds"))"
      verdict = summary.verdict
      expectations =
        summary.subject.isJudged
        ? "\(summary.expectations.count { $0.passed })/\(summary.subject.expectations.count)" : "none"
      seconds = RunSummary.seconds(summary.totalSeconds)
    }
  }

  /// `text` with blanks before it, so that columns of numbers end together.
  static func leftPadded(_ text: String, _ width: Int) -> String { text.leftPadded(width) }

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

  static func colored(_ verdict: Verdict) -> String {
    verdict == .passed ? verdict.rawValue.green.bold : verdict.rawValue.red.bold
  }

  fileprivate static func seconds(_ number: Double) -> String { String(format: "%.1f", number) }

  private static func figures(_ report: RunReport) -> [String] {
    let planned = report.measurements.subject.plannedReadings
    let fleet = report.measurements.account.fleet
    let judged = report.measurements.judged
    let progress = judged?.progress
    let ingestion = report.ingestion
    var lines = [
      line(
        "readings", "\(text(planned)) planned", "\(text(fleet?.acknowledgedReadings)) acknowledged",
        "\(text(progress?.storedReadings)) stored"),
      line(
        "", "\(text(judged?.ledger.lostReadings)) lost", "\(text(judged?.ledger.doubledReadings)) doubled",
        "\(text(progress?.lateReadings)) late", "\(text(report.readings.rejected)) rejected",
        "\(text(progress?.duplicateReadings)) duplicates dropped"),
      line(
        "windows", "\(text(progress?.windowsClosed)) closed", "\(text(progress?.windowsRevised)) revised",
        "\(text(judged?.windows.mismatchedWindows)) mismatched"),
      line(
        "ingestion", "\(text(ingestion.messagesPerSecond)) messages/s",
        "\(text(ingestion.cpuMicrosecondsPerMessage)) us CPU a message",
        "\(text(ingestion.restarts)) restarts"),
    ]
    if let latency = report.ingestion.latency {
      lines.append(
        line(
          "latency", "p50 \(text(latency.p50)) ms", "p99 \(text(latency.p99)) ms",
          "p99.9 \(text(latency.p999)) ms from planned send to durable"))
    }
    if let faults = report.faults {
      lines.append(
        line(
          "faults", "\(text(faults.carriedOut)) of \(text(faults.outcomes.count)) carried out",
          "slowest recovery \(text(faults.slowestRecoverySeconds)) s",
          "drained in \(text(faults.drainedSeconds)) s"))
    }
    if let scoring = report.scoring {
      let detection = report.detection
      lines += [
        line(
          "scoring", "\(text(scoring.jobs.count)) jobs", "\(text(scoring.predictions)) predictions",
          "\(text(scoring.failedRows)) failed", "\(text(scoring.windowsPerSecond)) windows/s"),
        line(
          "detection", "recall \(text(detection?.recall))", "precision \(text(detection?.precision))",
          "\(text(detection?.falseAlarmsPerDeviceDay)) false alarms/device-day"),
        line(
          "", "\(text(detection?.detectedEvents)) of \(text(detection?.events)) anomalies found",
          "median delay \(text(detection?.delaySeconds?.p50)) s"),
      ]
      // The table says it of each deployment.
      if report.deployments.isEmpty, let shortfall = detection?.shortfall() { lines.append("  \(shortfall)") }
      lines += DeploymentTable(report.deployments).lines
    }
    return lines
  }

  /// A line under the name of its subject.
  static func line(_ subject: String, _ figures: String...) -> String {
    "  " + subject.padding(toLength: 12, withPad: " ", startingAt: 0) + figures.joined(separator: ", ")
  }

  private static func text(_ count: Int?) -> String { text(count.map(Double.init)) }

  /// As many digits as a person reads; `-` for what was not measured.
  static func text(_ number: Double?) -> String {
    guard let number else { return "-" }
    if number >= 1000 { return grouped(Int(number.rounded())) }
    return Int(exactly: number).map(String.init) ?? String(format: number < 10 ? "%.3g" : "%.1f", number)
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
