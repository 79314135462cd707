import ArgumentParser
import Detection
import Files
import Foundation

/// `sonde evaluate`: detection metrics of any prediction file.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Holds predictions against labels.",
    discussion: """
      PREDICTIONS is a CSV file with the columns device, sensor, window_start, window_end, score and prediction, or a \
      folder with such files, as the predictions of a run. LABELS is a labels.csv.
      """)

  @Argument(help: "A prediction file, or a folder of them.", completion: .file())
  var predictions: String

  @Argument(help: "The labels.", completion: .file(extensions: ["csv"]))
  var labels: String

  @Option(help: "text or json.")
  var format = OutputFormat.text

  func run() throws {
    let windows = try files().flatMap { try ScoredWindow.read($0) }
    let metrics = Evaluation(windows: windows, labels: try LabelFile.read(labels)).metrics()
    switch format {
    case .json: try StandardOutput.writeJSON(metrics, indented: true)
    case .text: EvaluationText.lines(of: metrics).forEach(StandardOutput.write)
    }
  }

  /// The prediction files, in byte order.
  private func files() throws -> [String] {
    guard Folder.exists(predictions) else { return [predictions] }
    let names = FileManager.default.enumerator(atPath: predictions)?.compactMap { $0 as? String } ?? []
    let files = names.filter { $0 == "predictions.csv" || $0.hasSuffix("/predictions.csv") }.sorted()
    guard !files.isEmpty else {
      throw FileError(path: predictions, action: "read", reason: "no predictions.csv is in this folder")
    }
    return files.map { predictions + "/" + $0 }
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
      line("vus_pr", share(metrics.vusPR)),
      line("false alarms", number(metrics.falseAlarmsPerDeviceDay), "a device and day"),
      line("events found", "\(metrics.detectedEvents) of \(metrics.events)", unscored(metrics)),
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
