import Detection
import Foundation

/// Detection metrics as people read them.
enum EvaluationText {
  static func lines(of metrics: DetectionMetrics, until delayEnd: ScoredFiles.DelayEnd) -> [String] {
    func line(_ name: String, _ value: String, _ note: String = "") -> String {
      let row = name.padding(toLength: 22, withPad: " ", startingAt: 0) + value
      return note.isEmpty
        ? row : row.padding(toLength: max(34, row.count + 2), withPad: " ", startingAt: 0) + note
    }
    var lines = [
      line(
        "windows", "\(metrics.windows)",
        "\(metrics.anomalousWindows) anomalous, \(metrics.ignoredWindows) more ignored"),
      line("precision", share(metrics.precision), floors(metrics, \.precision)),
      line("recall", share(metrics.recall), floors(metrics, \.recall)),
      line("f1", share(metrics.f1), floors(metrics, \.f1)),
      line("auc_pr", share(metrics.aucPR), floors(metrics, \.aucPR)),
      line("vus_pr", share(metrics.vusPR), floors(metrics, \.vusPR)),
      line("false alarms", number(metrics.falseAlarmsPerDeviceDay), "a device and day"),
      line("events found", "\(metrics.detectedEvents) of \(metrics.events)", unscored(metrics)),
      line("event recall", share(metrics.eventRecall), floors(metrics, \.eventRecall)),
    ]
    if let delay = metrics.delaySeconds {
      lines.append(
        line(
          "found after", number(delay.p50) + " s",
          "p90 \(number(delay.p90)) s, at most \(number(delay.max)) s"))
      lines.append(line("", "", waiting(delayEnd)))
    }
    for (kind, result) in metrics.byKind.sorted(by: { $0.key < $1.key }) {
      lines.append(line("  " + kind, "\(result.detected) of \(result.events)"))
    }
    return lines
  }

  private static func waiting(_ delayEnd: ScoredFiles.DelayEnd) -> String {
    switch delayEnd {
    case .windowEnd: "until the window's end; waiting for the job does not count"
    case .job: "until the job fired; waiting for it counts"
    }
  }

  private static func floors(
    _ metrics: DetectionMetrics, _ figure: KeyPath<DetectionMetrics.Floor, Double?>
  ) -> String {
    "random \(share(metrics.floors.random[keyPath: figure])), always alarm \(share(metrics.floors.alwaysAlarm[keyPath: figure]))"
  }

  private static func unscored(_ metrics: DetectionMetrics) -> String {
    metrics.unscoredEvents == 0 ? "" : "\(metrics.unscoredEvents) more were never scored"
  }

  private static func share(_ value: Double?) -> String { value.map { String(format: "%.3f", $0) } ?? "–" }

  private static func number(_ value: Double?) -> String {
    value.map { String(format: $0 == $0.rounded() ? "%.0f" : "%.2f", $0) } ?? "–"
  }
}
