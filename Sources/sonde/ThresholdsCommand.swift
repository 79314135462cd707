import ArgumentParser
import Detection
import DetectionCharts
import Files
import Verdict

/// `sonde thresholds`: what the predictions of a run would give at other thresholds.
struct ThresholdsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "thresholds",
    abstract:
      "Show recall, precision and false alarms of a run against the threshold, without training again.",
    discussion: """
      A window is flagged whose decision value is at or below the threshold. Decision values count from the boundary that \
      LIBSVM found in training, whatever threshold the run had. So a number of the table, put into the scenario as \
      model.threshold (or given to “sonde train” and “sonde schedule” as --threshold), gives the figures of its row.

      The threshold in use is marked. So is the one with the best F1: it is chosen with the labels, as nobody can before, and \
      is an oracle's.

        sonde thresholds runs/demo --svg thresholds.svg
        sonde run Scenarios/quickstart.yaml --set model.threshold=-0.01

      RUN_DIR may also be a folder with prediction files; --labels then says what is true.
      """)

  @Argument(help: "The folder of a run.", completion: .directory)
  var runDir: String

  @Option(help: "text, json or csv.")
  var format = TableFormat.text

  @Option(
    help: "Writes the picture to this file, in place of what is there.",
    completion: .file(extensions: ["svg"]))
  var svg: String?

  @Option(
    help: "The labels: windows as labels.csv has them, or as the JSON of NAB; by default those of the run.",
    completion: .file())
  var labels: String?

  func run() throws {
    let folder = try ScoringCommandSupport.folder(runDir)
    let thresholds = try RunThresholds(folder, labels: labels)
    for notice in thresholds.notices { StandardError.write(notice) }
    if let svg {
      guard let picture = ThresholdChart.svg(thresholds.sweep, inUse: thresholds.name) else {
        throw FileError(path: svg, action: .write, reason: "no threshold can be drawn")
      }
      try AtomicFile.write(picture.utf8, to: svg, existing: .replace)
    }
    switch format {
    case .text: StandardOutput.write(ThresholdTable(thresholds).text(of: runDir))
    case .csv: StandardOutput.write(ThresholdTable(thresholds).csv)
    case .json: StandardOutput.write(try ThresholdTable(thresholds).json.indented())
    }
  }
}

/// How a command writes a table.
enum TableFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json, csv
}
