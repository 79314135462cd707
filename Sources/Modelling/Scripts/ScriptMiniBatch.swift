import Files
import Foundation
import OneClassSVM
import Telemetry
import WindowStore

/// The windows of a task as CSV files, a file a device, or a device and sensor; and which rows are expected of them.
struct ScriptMiniBatch {
  /// The rows of one model: one file.
  struct Table {
    var key: ModelKey
    /// By start.
    var rows: [FeatureTable.Row]
  }

  /// What the files say of each window after its key.
  static let aggregates = Aggregate.allCases
  static let columns = AggregateColumn.allCases
  /// The header of a file of windows.
  static let headerLine = Array(
    ("device,sensor,window_start,window_end," + aggregates.map(\.rawValue).joined(separator: ",") + "\n").utf8
  )

  private let folder: String
  private let scope: ModelScope
  private(set) var tables: [Table] = []
  private(set) var files: [String] = []

  /// - Parameter folder: Is made with the first file.
  init(folder: String, scope: ModelScope) {
    self.folder = folder
    self.scope = scope
  }

  var windows: Int { tables.reduce(0) { $0 + $1.rows.count } }
  /// The file that the script writes.
  var output: String { "\(folder)/rows.csv" }

  /// Removes the files.
  func remove() { try? FileManager.default.removeItem(atPath: folder) }

  /// Writes the windows of a device; of those, the ones that are `wanted`. Throws `FileError`.
  mutating func add(_ windows: DeviceWindows, wanted: ((ModelKey, Timestamp) -> Bool)?) throws {
    for (key, indices) in Self.tables(of: windows, scope) {
      // Asked once a window, though it has a row a sensor.
      var answers: [Timestamp: Bool] = [:]
      let indices = indices.filter { index in
        guard let wanted else { return true }
        let start = windows.rows[index].start
        if let known = answers[start] { return known }
        let answer = wanted(key, start)
        answers[start] = answer
        return answer
      }
      guard !indices.isEmpty else { continue }
      if tables.isEmpty { try Folder.make(folder) }
      let path = "\(folder)/\(key.stem).csv"
      try Self.write(windows, indices, to: path)
      tables.append(Table(key: key, rows: Self.rows(windows, indices)))
      files.append(path)
    }
  }

  /// The models of a device, and the positions of their windows, by start and sensor.
  static func tables(of windows: DeviceWindows, _ scope: ModelScope) -> [(key: ModelKey, indices: [Int])] {
    let order = windows.rows.indices.sorted {
      let (a, b) = (windows.rows[$0], windows.rows[$1])
      return (a.start, a.sensor) < (b.start, b.sensor)
    }
    switch scope {
    case .device: return order.isEmpty ? [] : [(ModelKey(device: windows.device, sensor: nil), order)]
    case .sensor:
      return Dictionary(grouping: order) { windows.rows[$0].sensor }.sorted { $0.key < $1.key }.map {
        (ModelKey(device: windows.device, sensor: windows.sensors[$0.key]), $0.value)
      }
    }
  }

  /// A row for each start among `indices`, which are by start and sensor: the newest revision of its sensors, and the end of the first.
  static func rows(_ windows: DeviceWindows, _ indices: [Int]) -> [FeatureTable.Row] {
    var rows: [FeatureTable.Row] = []
    for index in indices {
      let window = windows.rows[index]
      if let last = rows.last, last.start == window.start {
        rows[rows.count - 1].revision = max(last.revision, window.revision)
      } else {
        rows.append(.init(start: window.start, end: window.end, revision: window.revision))
      }
    }
    return rows
  }

  /// The lines of a file for the windows at `indices`, which are by start.
  static func lines(of windows: DeviceWindows, _ indices: [Int]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(indices.count * 256)
    let device = Array("\(windows.device.name),".utf8)
    // The sensors of a device have windows at the same times.
    var times: (row: DeviceWindows.Row, text: [UInt8])?
    for index in indices {
      let row = windows.rows[index]
      bytes += device
      bytes += windows.sensors[row.sensor].name.utf8
      if let known = times, known.row.start == row.start, known.row.end == row.end {
        bytes += known.text
      } else {
        let text = Array(",\(row.start),\(row.end)".utf8)
        bytes += text
        times = (row, text)
      }
      ScriptWindowFields.append(
        windows.values[index * columns.count..<(index + 1) * columns.count], to: &bytes)
      bytes.append(0x0A)
    }
    return bytes
  }

  private static func write(_ windows: DeviceWindows, _ indices: [Int], to path: String) throws {
    do {
      try Data(headerLine + lines(of: windows, indices)).write(to: URL(fileURLWithPath: path))
    } catch {
      throw FileError(path: path, action: .write, reason: error.localizedDescription)
    }
  }
}

/// How a window's aggregates are written for scripts.
private enum ScriptWindowFields {
  private static let sources: [(column: Int, subtrahend: Int?)] = Aggregate.allCases.map { aggregate in
    func position(_ column: AggregateColumn) -> Int { AggregateColumn.allCases.firstIndex(of: column) ?? 0 }
    return (position(aggregate.column), aggregate.subtrahend.map(position))
  }

  /// Appends each aggregate after a comma, in shortest decimals; nothing where there is none.
  static func append(_ values: ArraySlice<Double>, to bytes: inout [UInt8]) {
    for source in sources {
      var value = values[values.startIndex + source.column]
      if let subtrahend = source.subtrahend { value -= values[values.startIndex + subtrahend] }
      bytes.append(0x2C)
      if source.column == 0, let whole = Int(exactly: value) {
        bytes += whole.description.utf8
      } else if value.isFinite {
        bytes += value.description.utf8
      }
    }
  }
}
