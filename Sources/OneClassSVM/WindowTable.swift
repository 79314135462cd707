import Files
import Foundation
import Wording

/// Aggregated windows of a CSV file, for training models on them, scoring them and trying models on them.
///
/// A row is a window of a sensor (columns `device`, `sensor`, a time, and a value a feature: `mean`, `stddev`, … or a
/// single `value`), as the view `window_values` of a run's store gives them. Models of a sensor take the rows of their
/// device and sensor; models of a whole device, whose features are called `temperature.mean`, take the rows of all
/// sensors with one time together.
package struct WindowTable: Sendable {
  /// The names of the columns that say whose and when a window is. Case does not matter.
  package struct Columns: Sendable, Hashable {
    package var device = "device"
    package var sensor = "sensor"
    /// The first that is there is taken.
    package var time = ["window_start_ms", "window_start", "time", "ts"]
    /// The column of a model whose only feature has no column of its own.
    package var value = "value"

    package init() {}

    /// Reads `time=TS,device=Device,sensor=Sensor,value=Value`; what is not named keeps its own name. Throws
    /// ``ModelError``.
    package init(_ text: String) throws(ModelError) {
      for pair in text.split(separator: ",", omittingEmptySubsequences: false) {
        let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].isEmpty else {
          throw ModelError(reason: "columns \(text.quoted): \(pair.quoted) is not of the form time=NAME")
        }
        let name = String(parts[1])
        switch parts[0] {
        case "time": time = [name]
        case "device": device = name
        case "sensor": sensor = name
        case "value": value = name
        default:
          throw ModelError(
            reason: "columns \(text.quoted): \(parts[0].quoted) is none of time, device, sensor, value")
        }
      }
    }
  }

  /// The rows of one model.
  package struct Rows: Sendable {
    /// Where a row comes from.
    package struct Origin: Sendable, Hashable {
      /// What the file has as its time; empty where there is no column of time.
      package var time: String
      /// The line of the file, from 1; of a whole device the first of its sensors' lines.
      package var line: Int
      /// Why the row has no full set of numbers; nil where it has.
      package var fault: String?
    }

    /// A column a feature. A field that is empty or not a number is NaN.
    package fileprivate(set) var features: FeatureMatrix
    /// An element a row.
    package fileprivate(set) var origins: [Origin] = []
  }

  private struct Window: Sendable {
    let time: String
    let line: Int
    let fields: [String]
  }

  package let path: String
  private let columns: Columns
  /// The names of the columns as the file has them.
  private let header: [String]
  /// The same in a sentence.
  private let columnNames: String
  /// Lower-case names, with their positions.
  private let positions: [String: Int]
  private let hasTime: Bool
  private let windows: [String: [String: [Window]]]

  /// Reads the file at `path`, whose fields are separated by `delimiter`. Throws `FileError`, and `CSVError` also where
  /// two columns have one name.
  package init(path: String, columns: Columns = Columns(), delimiter: Character = ",") throws {
    var reader = try CSVReader(path: path, delimiter: delimiter)
    var positions: [String: Int] = [:]
    for (index, name) in reader.header.enumerated() where !name.isEmpty {
      guard positions.updateValue(index, forKey: name.lowercased()) == nil else {
        throw CSVError(
          path: path, line: 1,
          reason:
            "there are two columns \(name.quoted) (case does not matter); rename one of them")
      }
    }
    func position(_ name: String) throws -> Int {
      try positions[name.lowercased()] ?? reader.column(name)
    }
    let device = try position(columns.device)
    let sensor = try position(columns.sensor)
    let time = columns.time.lazy.compactMap { positions[$0.lowercased()] }.first
    var windows: [String: [String: [Window]]] = [:]
    while let row = try reader.nextRow() {
      let window = Window(
        time: time.map { Self.name(row.fields[$0]) } ?? "", line: row.line, fields: row.fields)
      windows[Self.name(row.fields[device]), default: [:]][Self.name(row.fields[sensor]), default: []]
        .append(window)
    }
    header = reader.header
    columnNames = reader.columnNames
    self.path = path
    self.columns = columns
    self.positions = positions
    self.windows = windows
    hasTime = time != nil
  }

  /// The devices that have rows, in byte order.
  package var devices: [String] { Self.sorted(windows.keys) }

  /// The sensors of `device` that have rows, in byte order.
  package func sensors(of device: String) -> [String] { Self.sorted((windows[device] ?? [:]).keys) }

  /// Where the rows of `sensor` are, or those of all sensors of the device.
  package func origins(device: String, sensor: String?) -> [Rows.Origin] {
    let sensors = windows[device] ?? [:]
    let found = sensor.map { sensors[$0] ?? [] } ?? sensors.values.flatMap { $0 }.sorted { $0.line < $1.line }
    return found.map { Rows.Origin(time: $0.time, line: $0.line, fault: nil) }
  }

  /// The times of all rows as the file has them, by line; empty where there is no column of time.
  package var times: [(line: Int, text: String)] {
    guard hasTime else { return [] }
    return windows.values.flatMap(\.values).joined().map { ($0.line, $0.time) }.sorted { $0.line < $1.line }
  }

  /// Whether there is a column of this name.
  package func hasColumn(_ name: String) -> Bool { positions[name.lowercased()] != nil }

  /// Throws where no column says when a window was.
  package func requireTime() throws(ModelError) {
    guard !hasTime else { return }
    throw ModelError(
      path: path, line: 1,
      reason: "there is no column of time (\(columns.time.listed)); \(columnNames)")
  }

  /// The raw rows for `model`; nil where the file has none of its device and sensor. Throws ``ModelError`` where the
  /// model does not say whose it is, or the file lacks a column.
  package func rows(for model: OneClassModel) throws(ModelError) -> FeatureMatrix? {
    guard let device = model.metadata.device else {
      throw ModelError(reason: "the model does not say which device it is of")
    }
    return try rows(device: device, sensor: model.metadata.sensor, featureNames: model.featureNames)?.features
  }

  /// The rows of a model with the features `featureNames` of `sensor`, or of the whole device where that is nil; nil
  /// where the file has none. In the order of the file; of a whole device by first appearance of their time.
  ///
  /// Throws ``ModelError`` where the file lacks a column.
  package func rows(
    device: String, sensor: String?, featureNames: [String]
  ) throws(ModelError) -> Rows? {
    guard let sensors = windows[device] else { return nil }
    guard let sensor else { return try deviceRows(featureNames, sensors) }
    guard let windows = sensors[sensor] else { return nil }
    var positions: [Int] = []
    for name in featureNames { positions.append(try column(name, single: featureNames.count == 1)) }
    var rows = Rows(features: FeatureMatrix(columns: positions.count, reservingRows: windows.count))
    for window in windows {
      rows.features.append(positions.map { Self.number(window.fields[$0]) })
      let broken = positions.first { !Self.number(window.fields[$0]).isFinite }
      rows.origins.append(
        Rows.Origin(time: window.time, line: window.line, fault: broken.map { fault(window, $0) }))
    }
    return rows
  }

  private func deviceRows(
    _ featureNames: [String], _ sensors: [String: [Window]]
  ) throws(ModelError) -> Rows? {
    try requireTime()
    var parts: [(sensor: String, column: Int)] = []
    for name in featureNames {
      guard let dot = name.lastIndex(of: ".") else {
        throw ModelError(reason: "the feature \(name) does not say which sensor it is of")
      }
      let aggregate = String(name[name.index(after: dot)...])
      // A file of single values has one feature a sensor, whatever its column is called.
      parts.append((String(name[..<dot]), try column(aggregate, single: aggregate == Columns().value)))
    }
    struct Joined {
      var values: [Double]
      /// For each value the line that it is from; 0 for none.
      var lines: [Int]
      var line: Int
      var fault: String?
    }
    var joined: [String: Joined] = [:]
    var order: [String] = []
    for (index, part) in parts.enumerated() {
      for window in sensors[part.sensor] ?? [] {
        if joined[window.time] == nil { order.append(window.time) }
        var row =
          joined[window.time]
          ?? Joined(
            values: [Double](repeating: .nan, count: parts.count),
            lines: [Int](repeating: 0, count: parts.count),
            line: window.line, fault: nil)
        var value = Self.number(window.fields[part.column])
        let earlier = row.lines[index]
        if earlier > 0, row.values[index] != value {
          // Neither is the right one, whichever comes last.
          row.fault =
            "\(part.sensor) has two rows of this time that differ (lines \(earlier) and \(window.line))"
          value = .nan
        }
        row.values[index] = value
        row.lines[index] = window.line
        row.line = min(row.line, window.line)
        if !value.isFinite, row.fault == nil { row.fault = fault(window, part.column) }
        joined[window.time] = row
      }
    }
    guard !order.isEmpty else { return nil }
    var rows = Rows(features: FeatureMatrix(columns: parts.count, reservingRows: order.count))
    for time in order {
      guard let row = joined[time] else { continue }
      rows.features.append(row.values)
      let missing = row.values.firstIndex { $0.isNaN }.map { "there is no \(featureNames[$0]) at this time" }
      rows.origins.append(Rows.Origin(time: time, line: row.line, fault: row.fault ?? missing))
    }
    return rows
  }

  private func column(_ name: String, single: Bool) throws(ModelError) -> Int {
    if let position = positions[name.lowercased()] { return position }
    if single, let position = positions[columns.value.lowercased()] { return position }
    throw ModelError(
      path: path, line: 1,
      reason: "there is no column for the feature \(name.quoted); \(columnNames)")
  }

  private func fault(_ window: Window, _ column: Int) -> String {
    "\(header[column].excerpt) is \(window.fields[column].quoted), not a finite number"
  }

  private static func sorted(_ names: some Sequence<String>) -> [String] {
    names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func number(_ field: String) -> Double { DecimalText.double(field) ?? .nan }

  /// A name or a time, without blanks around it.
  private static func name(_ field: String) -> String {
    guard field.utf8.first == 0x20 || field.utf8.last == 0x20 else { return field }
    return String(field.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
