import Foundation
import Rainbow
import Scenario
import Verdict
import Wording

/// What runs with several seeds came to, for a person at a terminal of 80 columns.
enum SeedText {
  /// The figures that most people look at first. Those of expectations join them.
  private static let main = [
    "readings.lost", "windows.mismatched", "ingestion.messages_per_second", "scoring.failed",
    "scoring.windows_per_second", "detection.recall", "detection.precision", "detection.f1",
    "detection.vus_pr",
    "detection.event_recall", "detection.false_alarms_per_device_day", "elapsed_seconds",
  ].map { $0.split(separator: ".").map(String.init) }

  /// A line about a run that has ended.
  static func line(_ run: SeedRun, width: Int) -> String {
    let seed = "seed \(run.seed)".padding(toLength: width, withPad: " ", startingAt: 0)
    let seconds = run.seconds.map { String(format: "%.1f s", $0) } ?? "-"
    return "  \(seed)  \(RunSummary.leftPadded(seconds, 9))  \(RunSummary.colored(run.verdict))"
  }

  /// The figures, the expectations and the verdict of all runs.
  static func text(of summary: SeedSummary, folder: String) -> String {
    let seeds = (try? SeedList(summary.subject.seeds)).map { "\($0)" } ?? ""
    let count = summary.subject.seeds.count
    var lines = [
      "",
      "\(summary.subject.scenario.bold)  \(count) \(count == 1 ? "seed" : "seeds") (\(seeds.excerpt)), "
        + "\(String(format: "%.1f", summary.totalSeconds)) s", "",
    ]
    lines += table(summary)
    if !summary.expectations.isEmpty { lines.append("") }
    for result in summary.expectations {
      let mark = result.passed ? "ok  ".green : "FAIL".red
      let held = result.held.map { "  (in \($0) of \(result.runs) runs)" } ?? ""
      lines.append("  \(mark)  \(result.expression)\(held)")
      if let explanation = result.explanation { lines += indented(explanation) }
    }
    lines.append("")
    if let reason = summary.reason { lines += SweepSummary.wrapped(reason) }
    lines += RunSummary.places(folder)
    lines.append(RunSummary.colored(summary.verdict))
    return lines.joined(separator: "\n")
  }

  /// `text` under an expectation, in lines of 80 columns.
  private static func indented(_ text: String) -> [String] {
    let indent = "        "
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, indent.count + last.count + 1 + word.count <= 80 {
        lines[lines.count - 1] += " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines.map { indent + $0 }
  }

  /// A line a figure, with its median and its range.
  private static func table(_ summary: SeedSummary) -> [String] {
    let paths = main + summary.subject.expectations.map(\.names).filter { !main.contains($0) }
    var seen: Set<[String]> = []
    let rows = paths.filter { seen.insert($0).inserted }.compactMap { path in
      summary.figure(at: path).map { (path.joined(separator: "."), $0) }
    }
    guard !rows.isEmpty else { return [] }
    let width = rows.map(\.0.count).max() ?? 0
    func line(_ name: String, _ median: String, _ range: String, _ runs: String) -> String {
      "  \(name.padding(toLength: width, withPad: " ", startingAt: 0))  \(RunSummary.leftPadded(median, 9))  "
        + "\(range.padding(toLength: 20, withPad: " ", startingAt: 0))  \(RunSummary.leftPadded(runs, 4))"
    }
    return [line("figure", "median", "range", "runs")]
      + rows.map { name, figure in
        let range =
          figure.min == figure.max ? "" : "\(RunSummary.text(figure.min)) to \(RunSummary.text(figure.max))"
        return line(name, RunSummary.text(figure.median), range, "\(figure.runs)")
      }
  }
}
