import Compute
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

  /// Adds the row of a window that `model` gave the decision value `score`. Ids and numbers need no quotes.
  static func append(
    _ key: ModelKey, _ row: FeatureTable.Row, score: Double, modelVersion: String, times: inout TimeTexts,
    to lines: inout [UInt8]
  ) {
    lines += key.device.name.utf8
    lines.append(comma)
    lines += key.sensorLabel.utf8
    lines.append(comma)
    lines += times.text(of: row.start)
    lines.append(comma)
    lines += times.text(of: row.end)
    lines.append(comma)
    lines += score.description.utf8
    lines += OneClassModel.isAnomaly(score) ? ",1,".utf8 : ",0,".utf8
    lines += modelVersion.utf8
    lines.append(comma)
    lines += String(row.revision).utf8
    lines.append(0x0A)
  }

  private static let comma = UInt8(ascii: ",")

  /// The row of a window that could not be scored.
  static func line(_ row: FailedRow) -> String {
    CSVWriter.line([
      row.key.device.name, row.key.sensorLabel, "\(row.start)", "\(row.end)", "\(row.revision)", row.reason,
    ])
  }
}

/// Instants as text. Every device has windows at the same times, so most have been written before.
struct TimeTexts: Sendable {
  private var texts: [Timestamp: [UInt8]] = [:]

  mutating func text(of time: Timestamp) -> [UInt8] {
    if let text = texts[time] { return text }
    if texts.count >= ScoringDefaults.cachedTimeTexts { texts.removeAll(keepingCapacity: true) }
    let text = Array(time.description.utf8)
    texts[time] = text
    return text
  }
}

/// What one task has found: the lines of the prediction file and of the failed rows.
struct TaskPart: Sendable {
  private struct Head: Codable {
    var predictions: Int
    var failed: Int
    /// Bytes of the prediction lines, which come first.
    var bytes: Int
    /// Bytes of the failed lines, which come last.
    var failedBytes: Int
  }

  /// How many windows are scored.
  var predictions = 0
  /// How many could not be.
  var failed = 0
  var predictionLines: [UInt8] = []
  var failedLines: [UInt8] = []
  private var times = TimeTexts()

  init() {}

  mutating func add(_ failure: FailedRow) {
    failed += 1
    failedLines += PredictionFile.line(failure).utf8
  }

  mutating func add(_ key: ModelKey, _ row: FeatureTable.Row, score: Double, modelVersion: String) {
    predictions += 1
    PredictionFile.append(
      key, row, score: score, modelVersion: modelVersion, times: &times, to: &predictionLines)
  }

  /// One file. It is not flushed to disk: a power cut may leave one that is not whole, which ``counts(in:)`` tells, and
  /// then the task is done again.
  func write(to path: String) throws {
    let head = Head(
      predictions: predictions, failed: failed, bytes: predictionLines.count, failedBytes: failedLines.count)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    var bytes = Array(try encoder.encode(head))
    bytes.reserveCapacity(bytes.count + 1 + predictionLines.count + failedLines.count)
    bytes.append(0x0A)
    bytes += predictionLines
    bytes += failedLines
    // Attempts at one task write the same bytes, so the later may replace the earlier.
    try AtomicFile.write(bytes, to: path, existing: .replace, survivesPowerCut: false)
  }

  /// How many rows the part at `path` says it has, without reading all of it; nil where it is not there or not whole.
  static func counts(in path: String) -> TaskCounts? {
    guard let file = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? file.close() }
    guard let start = try? file.read(upToCount: headBytes), let size = try? file.seekToEnd() else {
      return nil
    }
    let line = start.prefix { $0 != 0x0A }
    guard let head = try? JSONDecoder().decode(Head.self, from: line),
      line.count + 1 + head.bytes + head.failedBytes == Int(size)
    else { return nil }
    return TaskCounts(items: head.predictions + head.failed, failedItems: head.failed)
  }

  /// More than a head of four numbers is long.
  private static let headBytes = 256

  init(path: String) throws {
    let bytes = try TextFile.bytes(of: path)
    guard let end = bytes.firstIndex(of: 0x0A),
      let head = try? JSONDecoder().decode(Head.self, from: Data(bytes[..<end])),
      head.bytes >= 0, head.failedBytes >= 0, end + 1 + head.bytes + head.failedBytes == bytes.count
    else { throw ScoringError("\(path): not the part file of a task; remove it and run the job again") }
    predictions = head.predictions
    failed = head.failed
    predictionLines = Array(bytes[(end + 1)..<(end + 1 + head.bytes)])
    failedLines = Array(bytes[(end + 1 + head.bytes)...])
  }
}
