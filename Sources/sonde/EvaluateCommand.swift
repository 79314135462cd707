import ArgumentParser
import Detection
import Files
import Foundation

/// `sonde evaluate`: detection metrics of any prediction files.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Holds predictions against labels.",
    usage: "sonde evaluate <predictions> ... <labels> [--format <format>]",
    discussion: """
      PREDICTIONS are CSV files with the columns device, sensor, window_start, window_end, score and prediction, or \
      folders with such files, as the folder of a run or of a job. What the files in a folder are called does not matter; a \
      table that is no prediction file is passed over, and named. LABELS, which comes last, is a labels.csv.

      All files count as one. Of several revisions of a window the newest counts, as in a run, and of several rows of one \
      revision the one that is read last. docs/evaluation.md defines every figure.
      """)

  @Argument(
    help: "Prediction files or folders of them; the last one is the file of labels.", completion: .file())
  var paths: [String]

  @Option(help: "text or json.")
  var format = OutputFormat.text

  func validate() throws {
    guard paths.count >= 2 else {
      throw ValidationError("give prediction files or folders, and the file of labels after them")
    }
  }

  func run() throws {
    let labelPath = paths[paths.count - 1]
    let labels = try LabelFile.read(labelPath)
    let files = try PredictionFiles(in: Array(paths.dropLast()))
    // The labels may lie among the predictions.
    for file in files.foreign where FileStamp(file.path) != FileStamp(labelPath) {
      StandardError.write("passed over: \(file)")
    }
    let evaluation = Evaluation(
      windows: try files.paths.flatMap { try ScoredWindow.read($0) }, labels: labels)
    let rows = evaluation.contradictions
    if rows > 0 {
      StandardError.write(
        (rows == 1 ? "1 row contradicts" : "\(rows) rows contradict")
          + " an earlier row of the same window and revision; the row that is read last counts")
    }
    let metrics = evaluation.metrics()
    switch format {
    case .json: try StandardOutput.writeJSON(metrics, indented: true)
    case .text: EvaluationText.lines(of: metrics).forEach(StandardOutput.write)
    }
  }
}

/// Detection metrics as people read them.
enum EvaluationText {
  static func lines(of metrics: DetectionMetrics) -> [String] {
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
    }
    for (kind, result) in metrics.byKind.sorted(by: { $0.key < $1.key }) {
      lines.append(line("  " + kind, "\(result.detected) of \(result.events)"))
    }
    return lines
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
