import Files
import Foundation

/// Aggregated windows of a CSV file, for trying models on them.
///
/// A row is a window of a sensor (columns `device`, `sensor`, a time, and a value a feature: `mean`, `stddev`, … or a
/// single `value`), as the view `window_values` of a run's store gives them. Models of a sensor take the rows of their
/// device and sensor; models of a whole device, whose features are called `temperature.mean`, take the rows of all
/// sensors with one time together.
public struct WindowTable: Sendable {
  /// The names of the columns that say whose and when a window is. Case does not matter.
  public struct Columns: Sendable, Equatable {
    public var device = "device"
    public var sensor = "sensor"
    /// The first that is there is taken.
    public var time = ["window_start_ms", "window_start", "time", "ts"]
    /// The column of a model whose only feature has no column of its own.
    public var value = "value"

    public init() {}
  }

  private struct Window: Sendable {
    let time: String
    let fields: [String]
  }

  private let path: String
  private let columns: Columns
  /// Lower-case names, with their positions.
  private let positions: [String: Int]
  private let hasTime: Bool
  private let windows: [String: [String: [Window]]]

  /// Reads the file at `path`. Throws `FileError` or `CSVError`.
  public init(path: String, columns: Columns = Columns()) throws {
    var reader = try CSVReader(path: path)
    var positions: [String: Int] = [:]
    for (index, name) in reader.header.enumerated() { positions[name.lowercased()] = index }
    func position(_ name: String) throws -> Int {
      try positions[name.lowercased()] ?? reader.column(name)
    }
    let device = try position(columns.device)
    let sensor = try position(columns.sensor)
    let time = columns.time.lazy.compactMap { positions[$0.lowercased()] }.first
    var windows: [String: [String: [Window]]] = [:]
    while let row = try reader.nextRow() {
      windows[row.fields[device], default: [:]][row.fields[sensor], default: []].append(
        Window(time: time.map { row.fields[$0] } ?? "", fields: row.fields))
    }
    self.path = path
    self.columns = columns
    self.positions = positions
    self.windows = windows
    hasTime = time != nil
  }

  /// The raw rows for `model`; nil where the file has none of its device and sensor. A field that is empty or not a
  /// number is NaN. Throws ``ModelError`` where the model does not say whose it is, or the file lacks a column.
  public func rows(for model: OneClassModel) throws(ModelError) -> FeatureMatrix? {
    guard let device = model.metadata.device else {
      throw ModelError(reason: "the model does not say which device it is of")
    }
    guard let sensors = windows[device] else { return nil }
    if let sensor = model.metadata.sensor {
      guard let windows = sensors[sensor] else { return nil }
      var columns: [Int] = []
      for name in model.featureNames { columns.append(try column(name, single: model.featureCount == 1)) }
      var rows = FeatureMatrix(columns: columns.count, reservingRows: windows.count)
      for window in windows { rows.append(columns.map { Self.number(window.fields[$0]) }) }
      return rows
    }
    return try deviceRows(model, sensors)
  }

  private func deviceRows(
    _ model: OneClassModel, _ sensors: [String: [Window]]
  ) throws(ModelError) -> FeatureMatrix? {
    guard hasTime else {
      throw ModelError(
        path: path, line: 1,
        reason:
          "there is no column of time (\(columns.time.joined(separator: ", "))), which tells the windows of a "
          + "device that belong together")
    }
    var parts: [(sensor: String, column: Int)] = []
    for name in model.featureNames {
      guard let dot = name.lastIndex(of: ".") else {
        throw ModelError(reason: "the feature \(name) does not say which sensor it is of")
      }
      parts.append((String(name[..<dot]), try column(String(name[name.index(after: dot)...]), single: false)))
    }
    var values: [String: [Double]] = [:]
    var order: [String] = []
    for (index, part) in parts.enumerated() {
      for window in sensors[part.sensor] ?? [] {
        if values[window.time] == nil {
          values[window.time] = [Double](repeating: .nan, count: parts.count)
          order.append(window.time)
        }
        values[window.time]?[index] = Self.number(window.fields[part.column])
      }
    }
    guard !order.isEmpty else { return nil }
    var rows = FeatureMatrix(columns: parts.count, reservingRows: order.count)
    for time in order { if let row = values[time] { rows.append(row) } }
    return rows
  }

  private func column(_ name: String, single: Bool) throws(ModelError) -> Int {
    if let position = positions[name.lowercased()] { return position }
    if single, let position = positions[columns.value.lowercased()] { return position }
    throw ModelError(path: path, line: 1, reason: "there is no column for the feature \(name)")
  }

  private static func number(_ field: String) -> Double { Double(field) ?? .nan }
}
