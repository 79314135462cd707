import OneClassSVM
import Telemetry

/// Writes the rows of a prediction file as bytes: model by model, and window by window of each. Ids and numbers need no
/// quotes.
struct PredictionLines: Sendable {
  private(set) var bytes: [UInt8] = []
  private(set) var rows = 0
  /// What the rows of one model begin with, and what follows the score where it is normal and where it is an anomaly.
  private var head: [UInt8] = []
  private var normal: [UInt8] = []
  private var anomaly: [UInt8] = []
  private var times = TimeTexts()

  /// The rows that follow are those of the model of `key`.
  mutating func begin(_ key: ModelKey, modelVersion: String) {
    head = Array("\(key.device.name),\(key.sensorLabel),".utf8)
    normal = Array(",0,\(modelVersion),".utf8)
    anomaly = Array(",1,\(modelVersion),".utf8)
  }

  /// Adds the row of a window that has the decision value `score`.
  mutating func add(_ row: FeatureTable.Row, score: Double) {
    rows += 1
    bytes.append(contentsOf: head)
    bytes.append(contentsOf: times.text(of: row))
    append(score.description)
    bytes.append(contentsOf: OneClassModel.isAnomaly(score) ? anomaly : normal)
    append(String(row.revision))
    bytes.append(0x0A)
  }

  /// Adds the row of a model that gave `decisions`, which are not empty and all numbers.
  mutating func addSummary(_ key: ModelKey, decisions: [Double], modelVersion: String) {
    rows += 1
    let anomalies = decisions.count { OneClassModel.isAnomaly($0) }
    let lowest = decisions.min().map { "\($0)" } ?? ""
    append(
      "\(key.device.name),\(key.sensorLabel),\(decisions.count),\(anomalies),\(lowest),\(modelVersion)\n")
  }

  private mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { bytes.append(contentsOf: $0) }
  }
}

/// The start and the end of windows as text, each followed by a comma. Every device has windows at the same times, so most
/// have been written before.
private struct TimeTexts: Sendable {
  private struct Span: Hashable {
    var start: Timestamp
    var end: Timestamp
  }

  private var texts: [Span: [UInt8]] = [:]

  mutating func text(of row: FeatureTable.Row) -> [UInt8] {
    let span = Span(start: row.start, end: row.end)
    if let text = texts[span] { return text }
    if texts.count >= ScoringDefaults.cachedTimeTexts { texts.removeAll(keepingCapacity: true) }
    let text = Array("\(row.start),\(row.end),".utf8)
    texts[span] = text
    return text
  }
}
