import ArgumentParser
import Detection
import Telemetry

/// How files of scores and labels are read that other tools have written.
struct ScoreFormatOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What the columns of scores are called, such as device=Pump,time=TS,score=Anomaly.",
      discussion: "Names: device, sensor, time, end, score, prediction, revision."))
  var columns: String?

  @Option(help: "What separates the fields: comma, semicolon, tab, or a character; by default comma.")
  var delimiter: FieldDelimiter?

  @Option(
    help:
      "What times that are numbers count since 1970: s, ms, us or ns; by default the unit in which they lie between 2000 and 2100."
  )
  var timeUnit: EpochUnit?

  @Option(help: "The device of every row, where no column says it.")
  var device: String?

  @Option(help: "What a higher score is: anomalous or normal; by default normal, as with Sonde's own scores.")
  var higherIs: HigherScore?

  @Option(
    help:
      "A window is flagged whose score is at or below this (at or above it with --higher-is anomalous), whatever a column of predictions says."
  )
  var threshold: Double?

  @Option(
    help: "The column of ones and zeros that says which rows are anomalous; there is no file of labels then.")
  var labelColumn: String?

  @Option(
    help: ArgumentHelp(
      "What the columns of the labels are called, such as device=Pump,start=From,end=To.",
      discussion: "Names: device, sensor, start, end, kind."))
  var labelColumns: String?

  /// Throws `EvaluationError` and `ValidationError`.
  func format() throws -> ScoreFormat {
    var format = ScoreFormat()
    if let columns { format.columns = try ScoreColumns(columns) }
    if let delimiter { format.delimiter = delimiter.character }
    format.timeUnit = timeUnit
    if let device {
      guard let id = DeviceID(device) else { throw ValidationError("--device \(device) is no device id") }
      format.device = id
    }
    format.isHigherAnomalous = higherIs == .anomalous
    if let threshold, !threshold.isFinite {
      throw ValidationError("--threshold is \(threshold); it must be finite")
    }
    format.threshold = threshold
    format.labelColumn = labelColumn
    return format
  }

  func columnsOfLabels() throws -> LabelSource.Columns {
    try labelColumns.map { try LabelSource.Columns($0) } ?? LabelSource.Columns()
  }
}

/// What a high score says.
enum HigherScore: String, ExpressibleByArgument, CaseIterable {
  case anomalous, normal
}

extension ScoredFiles.DelayEnd: ExpressibleByArgument {}
