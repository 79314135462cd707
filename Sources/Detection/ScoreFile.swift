import Files
import Foundation
import Telemetry
import Wording

/// What is in a file of scores, from any tool.
package struct ScoreFile: Sendable {
  package private(set) var windows: [ScoredWindow] = []
  /// Whether the label column marks a window as anomalous; as many as ``windows``, or none without such a column.
  package private(set) var marks: [Bool] = []
  /// Whether the file says when its windows end.
  package let hasEnds: Bool
  /// What the user should know of how it was read.
  package private(set) var notices: [String] = []

  /// Reads the file at `path`. Throws `FileError` and `CSVError`, the latter with all columns that are missing.
  package init(path: String, format: ScoreFormat = ScoreFormat()) throws {
    try self.init(CSVReader(path: path, delimiter: format.delimiter), format: format)
  }

  /// The same of what `reader` gives.
  package init(_ reader: CSVReader, format: ScoreFormat = ScoreFormat()) throws {
    var reader = reader
    let header = reader.header
    let missing = format.missing(in: header)
    guard missing.isEmpty else {
      throw CSVError(
        path: reader.path, line: 1,
        reason: Self.reason(missing, reader, isWithoutPrediction: Self.needsThreshold(format, header)))
    }
    func position(_ role: ScoreColumns.Role) throws -> Int? {
      guard let position = format.columns.position(of: role, in: header) else { return nil }
      // Throws where the name is there twice.
      return try reader.column(header[position])
    }
    let label = try format.labelColumn.flatMap {
      try ScoreColumns.position(of: [$0], in: header).map { try reader.column(header[$0]) }
    }
    let columns = Positions(
      device: try position(.device), sensor: try position(.sensor), time: try position(.time) ?? 0,
      end: try position(.end), score: try position(.score) ?? 0,
      prediction: format.threshold == nil ? try position(.prediction) : nil,
      revision: try position(.revision),
      label: label)
    hasEnds = columns.end != nil
    var times = FileTimes(path: reader.path, unit: format.timeUnit)
    while let row = try reader.nextRow() {
      windows.append(try Self.window(row, columns, format, &times, path: reader.path))
      if let label {
        guard let mark = Self.truth(row.fields[label]) else {
          throw CSVError(
            path: reader.path, line: row.line,
            reason: "label \(row.fields[label].quoted) is neither 0 nor 1")
        }
        marks.append(mark)
      }
    }
    if !hasEnds { WindowEnds.fill(&windows) }
    if let notice = times.notice { notices.append(notice) }
  }

  /// Where the columns are.
  private struct Positions {
    var device: Int?
    var sensor: Int?
    var time: Int
    var end: Int?
    var score: Int
    var prediction: Int?
    var revision: Int?
    var label: Int?
  }

  private static func needsThreshold(_ format: ScoreFormat, _ header: [String]) -> Bool {
    format.threshold == nil && format.columns.position(of: .prediction, in: header) == nil
  }

  /// All that is missing, what is there, and what to do.
  private static func reason(_ missing: [String], _ reader: CSVReader, isWithoutPrediction: Bool) -> String {
    var text = "there is no column \(missing.map(\.quoted).joined(separator: ", ")); \(reader.columnNames)"
    let others = missing.filter { $0 != "prediction" }
    if !others.isEmpty {
      text += "; --columns device=NAME,time=NAME,score=NAME says what yours are called"
    }
    if isWithoutPrediction {
      text += "; in place of predictions, --threshold says from which score on a window is flagged"
    }
    return text
  }

  private static func window(
    _ row: CSVReader.Row, _ columns: Positions, _ format: ScoreFormat, _ times: inout FileTimes, path: String
  ) throws -> ScoredWindow {
    func broken(_ reason: String) -> CSVError { CSVError(path: path, line: row.line, reason: reason) }
    let device: DeviceID
    if let column = columns.device {
      guard let id = DeviceID(row.fields[column]) else {
        throw broken("\(row.fields[column].quoted) is not a device id")
      }
      device = id
    } else if let fixed = format.device {
      device = fixed
    } else {
      throw broken("nothing says which device the row is of")
    }
    var sensor: SensorID?
    if let column = columns.sensor, row.fields[column] != "*" {
      guard let id = SensorID(row.fields[column]) else {
        throw broken("\(row.fields[column].quoted) is neither a sensor id nor *")
      }
      sensor = id
    }
    let (start, end) = try instants(row, columns, &times, path: path)
    let text = row.fields[columns.score]
    guard !text.utf8.contains(0), let score = Double(text), !score.isNaN else {
      throw broken("score \(text.quoted) is not a number")
    }
    let isFlagged: Bool
    if let threshold = format.threshold {
      isFlagged = format.isHigherAnomalous ? score >= threshold : score <= threshold
    } else {
      let text = columns.prediction.map { row.fields[$0] } ?? ""
      guard let flag = truth(text) else {
        let hint =
          text == "-1"
          ? "; where -1 is an outlier, as scikit-learn has it, give --threshold 0 with its decision values"
          : ""
        throw broken("prediction \(text.quoted) is neither 0 nor 1\(hint)")
      }
      isFlagged = flag
    }
    var window = ScoredWindow(
      device: device, sensor: sensor, start: start, end: end,
      score: format.isHigherAnomalous ? -score : score, isFlagged: isFlagged)
    if let column = columns.revision {
      guard let number = Int(row.fields[column]) else {
        throw broken("revision \(row.fields[column].quoted) is not a whole number")
      }
      window.revision = number
    }
    return window
  }

  private static func instants(
    _ row: CSVReader.Row, _ columns: Positions, _ times: inout FileTimes, path: String
  ) throws(CSVError) -> (start: Timestamp, end: Timestamp) {
    func broken(_ reason: String) -> CSVError { CSVError(path: path, line: row.line, reason: reason) }
    let first = row.fields[columns.time]
    let start = try times.instant(first, line: row.line)
    guard let column = columns.end else {
      guard let start else {
        throw broken("\(first.quoted) is no time in ISO 8601 (\(Timestamp.forms))\(times.hint(first))")
      }
      return (start, start + ScoredWindow.instant)
    }
    let last = row.fields[column]
    guard let start, let end = try times.instant(last, line: row.line), start <= end else {
      throw broken("\(first.quoted) to \(last.quoted) is not a window in ISO 8601\(times.hint(first, last))")
    }
    return (start, max(end, start + ScoredWindow.instant))
  }

  /// What a field says that is true or not: 1, 0, the same as decimals, or in words.
  static func truth(_ text: String) -> Bool? {
    switch text {
    case "0": return false
    case "1": return true
    default: break
    }
    switch text.lowercased() {
    case "true": return true
    case "false": return false
    default: break
    }
    switch DecimalText.double(text) {
    case 0: return false
    case 1: return true
    default: return nil
    }
  }
}

/// Where windows end of which only the start is known.
enum WindowEnds {
  /// A time that is further away than so many usual steps is no end: the device was silent between.
  private static let longestSteps = 2.0

  /// Each of `windows` ends with the next time of its device and sensor, or after one usual step (the median) where there is none, or
  /// none within two steps.
  static func fill(_ windows: inout [ScoredWindow]) {
    struct Model: Hashable {
      var device: DeviceID
      var sensor: SensorID?
    }
    let byModel = Dictionary(grouping: windows.indices) {
      Model(device: windows[$0].device, sensor: windows[$0].sensor)
    }
    var times: [Model: [Timestamp]] = [:]
    var all: [Int64] = []
    for (model, indices) in byModel {
      let distinct = Array(Set(indices.map { windows[$0].start })).sorted()
      times[model] = distinct
      all += steps(distinct)
    }
    let usual = median(all)
    for (model, indices) in byModel {
      let times = times[model] ?? []
      guard let step = median(steps(times)) ?? usual else { continue }
      let next = Dictionary(uniqueKeysWithValues: zip(times, times.dropFirst()))
      for index in indices {
        let start = windows[index].start
        let after = next[start].map { $0 - start }
        let isNear = after.map { Double($0.milliseconds) <= longestSteps * Double(step) } ?? false
        windows[index].end = isNear ? next[start] ?? start : start + .milliseconds(step)
      }
    }
  }

  private static func steps(_ times: [Timestamp]) -> [Int64] {
    zip(times, times.dropFirst()).map { ($1 - $0).milliseconds }
  }

  private static func median(_ values: [Int64]) -> Int64? {
    values.isEmpty ? nil : values.sorted()[values.count / 2]
  }
}
