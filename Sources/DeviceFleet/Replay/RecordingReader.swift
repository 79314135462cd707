import Files
import Telemetry
import Wording

/// One row of a recording.
struct RecordedRow: Sendable {
  var timestamp: Timestamp
  var values: [Message.Value]
  /// The label columns that are set, as a bit each, in the recipe's order.
  var flags: UInt64
  /// Index of the file it came from.
  var file: Int
}

/// Reads one CSV file of a recipe into rows a device.
struct RecordingReader {
  private struct Columns {
    var time: Int
    var device: Int?
    var labels: [Int]
    /// Wide: the sensor of each value column.
    var sensors: [(id: SensorID, index: Int)]
    /// Long: the columns of the sensor's name and of the value.
    var long: (sensor: Int, value: Int)?
  }

  let recipe: ReplayRecipe
  let path: String
  let file: Int
  private let columns: Columns
  private let fixedDevice: DeviceID?
  private var reader: CSVReader
  private(set) var emptyCells = 0

  /// Throws `FileError` and `CSVError`: no such file, no such column, two columns that make the same sensor id.
  init(recipe: ReplayRecipe, file: Int) throws {
    self.recipe = recipe
    self.file = file
    path = recipe.files[file]
    reader = try CSVReader(path: path, delimiter: recipe.delimiter)
    columns = try Self.columns(reader, recipe)
    switch recipe.device {
    case .fileName: fixedDevice = try Self.device(inFileName: path)
    case .fixed(let device): fixedDevice = device
    case .column: fixedDevice = nil
    }
  }

  /// The next row with its device; nil at the end. Throws `CSVError` with the line of a broken row.
  mutating func next() throws -> (device: DeviceID, row: RecordedRow)? {
    guard let row = try reader.nextRow() else { return nil }
    let time = row.fields[columns.time]
    guard let timestamp = timestamp(time) else {
      throw broken(row, "time \(time.quoted) is not \(recipe.timeFormat.rawValue)")
    }
    var recorded = RecordedRow(timestamp: timestamp, values: [], flags: 0, file: file)
    for (bit, column) in columns.labels.enumerated() where try flag(row, column) {
      recorded.flags |= 1 << bit
    }
    if let long = columns.long {
      let name = row.fields[long.sensor]
      guard let sensor = ReplayName.identifier(name).flatMap({ SensorID($0) }) else {
        throw broken(row, "the sensor's name is empty")
      }
      try append(row, long.value, sensor, to: &recorded)
    } else {
      recorded.values.reserveCapacity(columns.sensors.count)
      for sensor in columns.sensors { try append(row, sensor.index, sensor.id, to: &recorded) }
    }
    return (try device(row), recorded)
  }

  private func broken(_ row: CSVReader.Row, _ reason: String) -> CSVError {
    CSVError(path: path, line: row.line, reason: reason)
  }

  private mutating func append(
    _ row: CSVReader.Row, _ column: Int, _ sensor: SensorID, to recorded: inout RecordedRow
  ) throws {
    let cell = row.fields[column]
    if let value = DecimalText.double(cell) {
      recorded.values.append(Message.Value(sensor: sensor, value: value))
    } else if ["", "nan", "na", "null", "none"].contains(cell.lowercased()) {
      emptyCells += 1
    } else {
      throw broken(row, "\(reader.header[column]) \(cell.quoted) is not a finite number")
    }
  }

  private func flag(_ row: CSVReader.Row, _ column: Int) throws -> Bool {
    let cell = row.fields[column]
    switch DecimalText.double(cell) {
    case 0: return false
    case 1: return true
    default: throw broken(row, "label \(reader.header[column]) \(cell.quoted) is neither 0 nor 1")
    }
  }

  private func device(_ row: CSVReader.Row) throws -> DeviceID {
    if let fixedDevice { return fixedDevice }
    guard let column = columns.device,
      let id = ReplayName.identifier(row.fields[column]).flatMap({ DeviceID($0) })
    else { throw broken(row, "the device's name is empty") }
    return id
  }

  private func timestamp(_ text: String) -> Timestamp? {
    switch recipe.timeFormat {
    case .iso8601: return Timestamp(iso8601: text)
    case .epochMilliseconds: return Int64(text).map { Timestamp(milliseconds: $0) }
    case .epochSeconds:
      guard let seconds = Double(text), abs(seconds) < 1e12 else { return nil }
      // The nearest microsecond first: 1.001 s is 1000.9999999999999 ms in binary.
      return Timestamp(milliseconds: Int64(((seconds * 1e6).rounded() / 1000).rounded(.down)))
    }
  }

  private static func device(inFileName path: String) throws -> DeviceID {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let stem = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    guard let id = ReplayName.identifier(stem).flatMap({ DeviceID($0) }) else {
      throw FileError(path: path, action: .nameDevice, reason: "its name is empty; give “device”")
    }
    return id
  }

  private static func columns(_ reader: CSVReader, _ recipe: ReplayRecipe) throws -> Columns {
    func broken(_ reason: String) -> CSVError { CSVError(path: reader.path, line: 1, reason: reason) }
    guard recipe.labelColumns.count <= 64 else { throw broken("more than 64 label columns") }
    var columns = Columns(time: 0, labels: [], sensors: [])
    if let name = recipe.timeColumn { columns.time = try reader.column(name) }
    if case .column(let name) = recipe.device { columns.device = try reader.column(name) }
    columns.labels = try recipe.labelColumns.map(reader.column)
    let excluded = try recipe.excluded.map(reader.column)
    switch recipe.values {
    case .long(let sensor, let value):
      columns.long = (try reader.column(sensor), try reader.column(value))
    case .wide(let names):
      let other = Set([columns.time] + columns.labels + excluded + [columns.device].compactMap(\.self))
      let indices = try names?.map(reader.column) ?? reader.header.indices.filter { !other.contains($0) }
      guard !indices.isEmpty else { throw broken("no column is left for a sensor") }
      var taken: [SensorID: String] = [:]
      for index in indices {
        let name = reader.header[index]
        guard let id = ReplayName.identifier(name).flatMap({ SensorID($0) }) else {
          throw broken("column \(index + 1) has no name")
        }
        if let first = taken.updateValue(name, forKey: id) {
          throw broken("the columns \(first.quoted) and \(name.quoted) both make the sensor \(id)")
        }
        columns.sensors.append((id, index))
      }
    }
    return columns
  }
}
