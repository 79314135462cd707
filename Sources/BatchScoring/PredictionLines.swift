import Modelling
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

  /// Adds the row of a window that has `score`.
  mutating func add(_ row: FeatureTable.Row, score: Double, isAnomaly: Bool) {
    rows += 1
    bytes.append(copying: head)
    times.append(row, to: &bytes)
    append(score.description)
    if isAnomaly {
      bytes.append(copying: anomaly)
    } else {
      bytes.append(copying: normal)
    }
    append(String(row.revision))
    bytes.append(0x0A)
  }

  /// Adds the row of a model that has scored `windows`, of which `anomalies` are one each, and the least score is `lowest`.
  mutating func addSummary(
    _ key: ModelKey, windows: Int, anomalies: Int, lowest: Double?, modelVersion: String
  ) {
    rows += 1
    append(
      "\(key.device.name),\(key.sensorLabel),\(windows),\(anomalies),\(lowest.map { "\($0)" } ?? ""),\(modelVersion)\n"
    )
  }

  /// Forgets the bytes so far, but not how many rows they were.
  mutating func removeBytes() { bytes.removeAll(keepingCapacity: true) }

  private mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { bytes.append(contentsOf: $0) }
  }
}

extension [UInt8] {
  /// `append(contentsOf:)` without holding on to `other`, which shows where a row is a few short pieces.
  fileprivate mutating func append(copying other: borrowing [UInt8]) {
    other.withUnsafeBufferPointer { append(contentsOf: $0) }
  }
}

/// The start and the end of windows as text, each followed by a comma. Every device has windows at the same times, mostly in
/// the same order, so most have been written before.
private struct TimeTexts: Sendable {
  private struct Entry {
    var start: Timestamp
    var end: Timestamp
    var text: [UInt8]
  }

  private var entries: [Entry] = []
  private var places: [Timestamp: Int] = [:]
  /// Where the window after the last one was the last time.
  private var next = 0

  mutating func append(_ row: FeatureTable.Row, to bytes: inout [UInt8]) {
    var place = next
    if !isEntry(place, row) { place = places[row.start] ?? entries.count }
    if !isEntry(place, row) {
      if entries.count >= ScoringDefaults.cachedTimeTexts {
        entries.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
        place = 0
      }
      let entry = Entry(start: row.start, end: row.end, text: Array("\(row.start),\(row.end),".utf8))
      if place < entries.count { entries[place] = entry } else { entries.append(entry) }
      places[row.start] = place
    }
    bytes.append(copying: entries[place].text)
    next = place + 1
  }

  private func isEntry(_ place: Int, _ row: FeatureTable.Row) -> Bool {
    place < entries.count && entries[place].start == row.start && entries[place].end == row.end
  }
}
