import Detection
import Foundation

/// Detection metrics as people read them.
enum EvaluationText {
  /// A figure that the floors have too.
  private struct Figure: Sendable {
    let name: String
    let own: KeyPath<DetectionMetrics, Double?> & Sendable
    let floor: KeyPath<DetectionMetrics.Floor, Double?> & Sendable
  }

  private static let figures = [
    Figure(name: "precision", own: \.precision, floor: \.precision),
    Figure(name: "recall", own: \.recall, floor: \.recall),
    Figure(name: "f1", own: \.f1, floor: \.f1),
    Figure(name: "auc_pr", own: \.aucPR, floor: \.aucPR),
    Figure(name: "auc_roc", own: \.aucROC, floor: \.aucROC),
    Figure(name: "vus_pr", own: \.vusPR, floor: \.vusPR),
    Figure(name: "vus_roc", own: \.vusROC, floor: \.vusROC),
    Figure(name: "range_precision", own: \.rangePrecision, floor: \.rangePrecision),
    Figure(name: "range_recall", own: \.rangeRecall, floor: \.rangeRecall),
    Figure(name: "range_f1", own: \.rangeF1, floor: \.rangeF1),
    Figure(name: "event_f1", own: \.eventF1, floor: \.eventF1),
    Figure(name: "affiliation_f1", own: \.affiliationF1, floor: \.affiliationF1),
    Figure(name: "event recall", own: \.eventRecall, floor: \.eventRecall),
  ]

  static func lines(of metrics: DetectionMetrics, until delayEnd: ScoredFiles.DelayEnd) -> [String] {
    func line(_ name: String, _ value: String, _ note: String = "") -> String {
      let row = name.padding(toLength: 22, withPad: " ", startingAt: 0) + value
      return note.isEmpty
        ? row : row.padding(toLength: max(34, row.count + 2), withPad: " ", startingAt: 0) + note
    }
    let floors =
      [
        ("random", metrics.floors.random), ("always_alarm", metrics.floors.alwaysAlarm),
      ] + (metrics.floors.threeSigma.map { [("three_sigma", $0)] } ?? [])
    var lines = [
      line(
        "windows", "\(metrics.windows)",
        "\(metrics.anomalousWindows) anomalous, \(metrics.ignoredWindows) more ignored"),
      line("", "", floors.map { column($0.0) }.joined()),
    ]
    lines += figures.map { figure in
      line(
        figure.name, share(metrics[keyPath: figure.own]),
        floors.map { column(share($0.1[keyPath: figure.floor])) }.joined())
    }
    lines += [
      line("false alarms", number(metrics.falseAlarmsPerDeviceDay), "a device and day"),
      line("events found", "\(metrics.detectedEvents) of \(metrics.events)", unscored(metrics)),
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
    if let shortfall = metrics.shortfall() { lines += ["", shortfall] }
    return lines
  }

  private static func waiting(_ delayEnd: ScoredFiles.DelayEnd) -> String {
    switch delayEnd {
    case .windowEnd: "until the window's end; waiting for the job does not count"
    case .job: "until the job fired; waiting for it counts"
    }
  }

  /// Right-aligned in a column of the floors.
  private static func column(_ text: String) -> String {
    String(repeating: " ", count: max(1, 14 - text.count)) + text
  }

  private static func unscored(_ metrics: DetectionMetrics) -> String {
    metrics.unscoredEvents == 0 ? "" : "\(metrics.unscoredEvents) more were never scored"
  }

  private static func share(_ value: Double?) -> String { value.map { String(format: "%.3f", $0) } ?? "–" }

  private static func number(_ value: Double?) -> String {
    value.map { String(format: $0 == $0.rounded() ? "%.0f" : "%.2f", $0) } ?? "–"
  }
}
