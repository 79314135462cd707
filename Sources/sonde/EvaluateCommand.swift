import ArgumentParser
import Detection
import Files
import Foundation
import Harness

/// `sonde evaluate`: detection metrics of the scores of any tool.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Holds predictions against labels.",
    usage: """
      sonde evaluate <predictions> ... <labels> [<options>]
      sonde evaluate <predictions> ... --label-column <column> [<options>]
      sonde evaluate --compare <predictions> <predictions> ... <labels> [<options>]
      """,
    discussion: """
      PREDICTIONS are CSV files, or folders with such files, as the folder of a run or of a job. LABELS comes last. All files count \
      as one, unless they are compared.

      A row is a window and its score. Needed are a device, a time and a score:

        device,time,score
        pump-1,2026-01-01T00:00:00Z,0.93
        pump-1,2026-01-01T00:05:00Z,0.12

      and with it --threshold, from which score on a window is flagged, unless a column “prediction” says it with 1 and 0. Where there \
      is no “window_end”, a window ends with the next time of its device, or after one usual step. “sensor” and “revision” are used where \
      they are; of several revisions of a window the newest counts, and of several rows of one revision the one that is read last. A \
      prediction file of Sonde has all of these: device, sensor, window_start, window_end, score, prediction, model_version and revision. \
      The time may be called window_start, window_start_ms, time, timestamp or ts; --columns names others. Times are ISO 8601, or numbers \
      since 1970 in seconds, milliseconds, microseconds or nanoseconds.

      The lower a score, the more anomalous; --higher-is anomalous turns it round.

      LABELS are windows, in a table or as the JSON of the Numenta Anomaly Benchmark (combined_windows.json, whose recordings are called \
      as the devices are):

        device,start,end
        pump-1,2026-01-01T00:00:00Z,2026-01-01T00:05:00Z

      or a column of ones and zeros beside the scores, with --label-column.

        sonde evaluate runs/demo runs/demo/labels.csv --delay-until job
        sonde evaluate s.csv l.csv --higher-is anomalous --threshold 0.5
        sonde evaluate s.csv l.csv --columns time=TS,score=Value --threshold 9
        sonde evaluate s.csv --label-column is_anomaly --threshold -0.1
        sonde evaluate --compare forest.csv svm.csv labels.csv --threshold 0

      In a folder, only files with all columns of a prediction file count, or, with options of this kind, those that have what is needed; a \
      table that is none is passed over, and named. docs/evaluation.md defines every figure.
      """)

  @Argument(
    help:
      "Prediction files or folders of them; the last one is the file of labels, unless --label-column is given.",
    completion: .file())
  var paths: [String]

  @OptionGroup var scores: ScoreFormatOptions

  @Flag(
    help:
      "Each file or folder is a detector of its own: their figures side by side, and by how much each differs from the first, with 95% intervals of a paired bootstrap."
  )
  var compare = false

  @Option(help: "How many resamples --compare draws; by default \(DetectorComparison.standardResamples).")
  var resamples: Int?

  @Option(help: "The seed of the resamples; by default 1.")
  var seed: UInt64?

  @Option(
    help:
      "Until when the delay of a found anomaly counts: window-end, the end of the flagged window, or job, when the job fires that scores it; by default window-end."
  )
  var delayUntil: ScoredFiles.DelayEnd?

  @Option(help: "text or json.")
  var format = OutputFormat.text

  func validate() throws {
    let needsLabels = scores.labelColumn == nil
    guard paths.count >= (needsLabels ? 2 : 1) else {
      throw ValidationError(
        "give prediction files or folders, and the file of labels after them, or name the column of labels with --label-column"
      )
    }
    guard !compare || paths.count >= (needsLabels ? 3 : 2) else {
      throw ValidationError(
        "--compare needs at least two files or folders of predictions, before the file of labels")
    }
    guard scores.labelColumn == nil || scores.labelColumns == nil else {
      throw ValidationError(
        "--label-columns belongs to a file of labels, and --label-column to none; give one")
    }
    guard compare || (resamples == nil && seed == nil) else {
      throw ValidationError("--resamples and --seed belong to --compare")
    }
    if let resamples, !DetectorComparison.resampleBounds.contains(resamples) {
      throw ValidationError(
        "--resamples is \(resamples); it must be between \(DetectorComparison.resampleBounds.lowerBound) and "
          + "\(DetectorComparison.resampleBounds.upperBound)")
    }
  }

  func run() throws {
    let format = try scores.format()
    let labelPath = format.labelColumn == nil ? paths.last : nil
    let predictions = labelPath == nil ? paths : Array(paths.dropLast())
    if let labelPath, FileStamp(labelPath) == nil {
      throw FileError(path: labelPath, action: .read, reason: "there is no such file")
    }
    if let labelPath {
      try LabelSource.check(labelPath, columns: try scores.columnsOfLabels(), format: format)
    }
    let groups = compare ? predictions.map { [$0] } : [predictions]
    let files = try groups.map { try scored($0, format, labelPath) }
    let all = files.flatMap(\.windows)
    var evaluations: [Evaluation] = []
    for files in files { evaluations.append(try evaluation(of: files, format, labelPath)) }
    if all.isEmpty {
      StandardError.write("the files have no rows, so there is nothing to hold against labels")
    }
    for (index, evaluation) in evaluations.enumerated() {
      warn(of: evaluation, named: compare ? "\(predictions[index]): " : "")
    }
    if compare {
      try show(evaluations, predictions)
    } else if let evaluation = evaluations.first {
      try show(evaluation.metrics())
    }
  }

  private func scored(_ paths: [String], _ format: ScoreFormat, _ labelPath: String?) throws -> ScoredFiles {
    if let several = paths.first(where: SeedFolder.isOne) {
      throw ValidationError(
        "\(several) is of runs with several seeds, each with its own labels; give the folder of one of them")
    }
    let files = try ScoredFiles(paths, format: format, until: delayUntil ?? .windowEnd)
    for notice in files.notices { StandardError.write(notice) }
    // The labels may lie among the predictions.
    for file in files.foreign where labelPath.map({ FileStamp(file.path) != FileStamp($0) }) ?? true {
      StandardError.write("passed over: \(file)")
    }
    return files
  }

  private func evaluation(
    of files: ScoredFiles, _ format: ScoreFormat, _ labelPath: String?
  ) throws -> Evaluation {
    guard let labelPath else { return files.evaluation(against: nil) }
    let labels = try files.labels(at: labelPath, columns: scores.columnsOfLabels(), format: format)
    for notice in labels.notices { StandardError.write(notice) }
    return files.evaluation(against: labels.labels)
  }

  private func warn(of evaluation: Evaluation, named name: String) {
    let rows = evaluation.contradictions
    if rows > 0 {
      StandardError.write(
        name + (rows == 1 ? "1 row contradicts" : "\(rows) rows contradict")
          + " an earlier row of the same window and revision; the row that is read last counts")
    }
    if let area = evaluation.invertedRanking {
      let other = scores.higherIs == .anomalous ? "normal" : "anomalous"
      StandardError.write(
        name + "the scores rank worse than drawing lots would (area under the ROC curve "
          + "\(String(format: "%.2f", area))); if a higher score is more \(other), give --higher-is \(other)")
    }
  }

  private func show(_ metrics: DetectionMetrics) throws {
    switch format {
    case .json:
      guard let delayUntil else { return try StandardOutput.writeJSON(metrics, indented: true) }
      guard case .object(var figures) = try JSONValue(encoding: metrics) else { return }
      figures["delay_until"] = .text(delayUntil.rawValue)
      StandardOutput.write(String(try JSONValue.object(figures).indented().dropLast()))
    case .text:
      EvaluationText.lines(of: metrics, until: delayUntil ?? .windowEnd).forEach(StandardOutput.write)
    }
  }

  private func show(_ evaluations: [Evaluation], _ paths: [String]) throws {
    let comparison = DetectorComparison(
      evaluations, resamples: resamples ?? DetectorComparison.standardResamples, seed: seed ?? 1)
    let table = ComparisonTable(paths, evaluations.map { $0.metrics() }, comparison)
    switch format {
    case .json: StandardOutput.write(String(try table.json().indented().dropLast()))
    case .text: table.lines.forEach(StandardOutput.write)
    }
  }
}
