import Files
import Foundation
import Modelling
import Wording

/// Scores several CSV files of aggregated rows, one after the other, into one prediction file: what a job does whose input is a folder of
/// such files.
package struct PlainFolderScoring: Sendable {
  /// One file, and what messages call it.
  package struct Input: Hashable, Sendable {
    package var name: String
    package var path: String

    package init(name: String, path: String) {
      self.name = name
      self.path = path
    }
  }

  private let inputs: [Input]
  private let output: String
  private let scoring: @Sendable (_ input: String, _ output: String) -> PlainFileScoring

  /// - Parameters:
  ///   - output: The folder of the predictions, made where there is none. What an interrupted run has left in it is made again.
  ///   - scoring: How one file is scored into a folder.
  package init(
    _ inputs: [Input], output: String,
    scoring: @escaping @Sendable (_ input: String, _ output: String) -> PlainFileScoring
  ) {
    self.inputs = inputs
    self.output = output
    self.scoring = scoring
  }

  /// Writes `predictions.csv` and `_SUCCESS`, and `failed.csv` where a row has failed, whose reasons name the file; where all have, that
  /// alone. Throws as ``PlainFileScoring/run()`` does.
  ///
  /// - Parameter scored: Is told of each file that is done, with what came of it.
  package func run(_ scored: (Input, PlainFileScoring.Result) throws -> Void) throws
    -> PlainFileScoring.Result
  {
    let files = JobFolder(path: output)
    let scratch = "\(output)/tasks"
    try? FileManager.default.removeItem(atPath: output)
    try Folder.make(scratch)
    var total = PlainFileScoring.Result()
    var predictions: [Substring] = []
    var failures: [[String]] = []
    for (number, input) in inputs.enumerated() {
      let one = JobFolder(path: "\(scratch)/\(number)")
      let result = try scoring(input.path, one.path).run()
      if !result.isFailed { predictions += try rows(of: one.predictions) }
      if result.failed > 0 { failures += try failedRows(of: one.failed, input) }
      total.predictions += result.predictions
      total.anomalies += result.anomalies
      total.failed += result.failed
      total.firstReason =
        total.firstReason ?? result.firstReason.map { $0.replacing(input.path, with: input.name) }
      total.notice = total.notice ?? result.notice
      try scored(input, result)
      try FileManager.default.removeItem(atPath: one.path)
    }
    if !failures.isEmpty {
      let lines = failures.sorted { $0.lexicographicallyPrecedes($1) }.map(CSVWriter.line)
      try AtomicFile.write(PredictionFile.failedHeader + lines.joined(), to: files.failed)
    }
    if !total.isFailed {
      let sorted = predictions.map { (place: Self.place(of: $0), row: $0) }
        .sorted { $0.place.lexicographicallyPrecedes($1.place) }
      let text = PredictionFile.header + sorted.map { "\($0.row)\n" }.joined()
      try AtomicFile.write(text, to: files.predictions)
      try AtomicFile.write(
        "{\"rows\":\(total.predictions),\"sha256\":\"\(Digest.sha256(text: text))\"}\n", to: files.success)
    }
    try FileManager.default.removeItem(atPath: scratch)
    return total
  }

  /// Without the header.
  private func rows(of path: String) throws -> [Substring] {
    Array(try TextFile.text(of: path).split(separator: "\n").dropFirst())
  }

  /// Device, sensor and start: by them prediction files are sorted. Neither has a comma in it.
  private static func place(of row: Substring) -> [Substring] {
    row.split(separator: ",", maxSplits: 3, omittingEmptySubsequences: false).prefix(3).map { $0 }
  }

  private func failedRows(of path: String, _ input: Input) throws -> [[String]] {
    var reader = try CSVReader(path: path)
    var rows: [[String]] = []
    while let row = try reader.nextRow() {
      rows.append(row.fields.dropLast() + ["\(input.name): \(row.fields.last ?? "")"])
    }
    return rows
  }
}
