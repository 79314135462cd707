import Files
import Foundation
import OneClassSVM
import Telemetry

/// The text of prediction files: one row a scored window.
public enum PredictionFile {
  public static let header = "device,sensor,window_start,window_end,score,prediction,model_version,revision\n"
  public static let summaryHeader = "device,sensor,windows,anomalies,lowest_score,model_version\n"
  public static let failedHeader = "device,sensor,window_start,window_end,revision,reason\n"

  static func header(for action: OutputAction) -> String {
    switch action {
    case .appendRow: header
    case .summaryOnly: summaryHeader
    }
  }

  /// The row of a model that gave `decisions`, which are not empty and all numbers.
  static func summaryLine(_ key: ModelKey, decisions: [Double], modelVersion: String) -> String {
    let anomalies = decisions.count { OneClassModel.isAnomaly($0) }
    let lowest = decisions.min().map { "\($0)" } ?? ""
    return "\(key.device.name),\(key.sensorLabel),\(decisions.count),\(anomalies),\(lowest),\(modelVersion)\n"
  }

  /// The row of a window that `model` gave the decision value `score`. Ids and numbers need no quotes.
  static func line(_ key: ModelKey, _ row: FeatureTable.Row, score: Double, modelVersion: String) -> String {
    "\(key.device.name),\(key.sensorLabel),\(row.start),\(row.end),\(score),"
      + "\(OneClassModel.isAnomaly(score) ? 1 : 0),\(modelVersion),\(row.revision)\n"
  }

  /// The row of a window that could not be scored.
  static func line(_ row: FailedRow) -> String {
    CSVWriter.line([
      row.key.device.name, row.key.sensorLabel, "\(row.start)", "\(row.end)", "\(row.revision)", row.reason,
    ])
  }
}

/// What one task has found: the lines of the prediction file and of the failed rows.
public struct TaskPart: Hashable, Sendable {
  private struct Head: Codable {
    var predictions: Int
    var failed: Int
    /// Bytes of the prediction lines, which come first.
    var bytes: Int
  }

  /// How many lines ``predictionLines`` has.
  public var predictions = 0
  /// How many lines ``failedLines`` has.
  public var failed = 0
  public var predictionLines = ""
  public var failedLines = ""

  init() {}

  mutating func add(_ failure: FailedRow) {
    failed += 1
    failedLines += PredictionFile.line(failure)
  }

  /// One file, so that it is there whole or not at all.
  func write(to path: String) throws {
    let head = Head(predictions: predictions, failed: failed, bytes: predictionLines.utf8.count)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let line = String(decoding: try encoder.encode(head), as: UTF8.self)
    // Attempts at one task write the same bytes, so the later may replace the earlier.
    try AtomicFile.write(line + "\n" + predictionLines + failedLines, to: path, existing: .replace)
  }

  /// How many rows the part at `path` says have failed, without reading all of it. Throws as ``init(path:)`` does.
  static func failedRows(in path: String) throws -> Int {
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw FileError(path: path, action: "read", reason: "it cannot be opened")
    }
    defer { try? file.close() }
    let line = (try file.read(upToCount: headBytes) ?? Data()).prefix { $0 != 0x0A }
    guard let head = try? JSONDecoder().decode(Head.self, from: line) else { throw damaged(path) }
    return head.failed
  }

  /// More than a head of three numbers is long.
  private static let headBytes = 256

  private static func damaged(_ path: String) -> ScoringError {
    ScoringError("\(path): not the part file of a task; remove it and run the job again")
  }

  init(path: String) throws {
    let bytes = try TextFile.bytes(of: path)
    guard let end = bytes.firstIndex(of: 0x0A),
      let head = try? JSONDecoder().decode(Head.self, from: Data(bytes[..<end])),
      head.bytes >= 0, head.bytes < bytes.count - end
    else { throw Self.damaged(path) }
    predictions = head.predictions
    failed = head.failed
    predictionLines = String(decoding: bytes[(end + 1)..<(end + 1 + head.bytes)], as: UTF8.self)
    failedLines = String(decoding: bytes[(end + 1 + head.bytes)...], as: UTF8.self)
  }
}
