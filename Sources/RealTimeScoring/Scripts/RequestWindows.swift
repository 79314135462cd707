import HTTP
import Modelling
import Telemetry
import WindowStore
import Wording

/// The rows of a request as windows, for what scores windows and not features.
///
/// A row is a window of all sensors of a device, its columns named as features are (`temperature.mean`); or with a column `sensor` the window
/// of one sensor, its columns named as aggregates are (`mean`). `window_start_ms` and `window_end_ms`, milliseconds since 1970, say which window
/// it is; without them, rows are minutes that follow each other.
struct RequestWindows: Sendable {
  static let startColumn = "window_start_ms"
  static let endColumn = "window_end_ms"
  /// The length of windows that do not say when they were.
  private static let length: Int64 = 60_000

  /// The windows of each device, once.
  let devices: [DeviceWindows]
  /// Of each row of the request, what it is scored as.
  private let keys: [Key]

  private struct Key: Hashable, Sendable {
    var model: ModelKey
    var start: Timestamp
  }

  /// What a column of the request is.
  private enum Column {
    case start, end
    /// Its device or sensor, which are read already.
    case owner
    /// The position among the aggregates of a window; of this sensor where the row is of several.
    case value(Int, of: SensorID?)
  }

  /// The windows of one device, while they are put together.
  private struct Found {
    var rows: [(sensor: SensorID, start: Timestamp, end: Timestamp, values: [Double])] = []
    var seen: Set<Key> = []
  }

  /// Throws ``RequestFault`` where rows are no windows.
  init(_ rows: RequestRows, scope: ModelScope) throws(RequestFault) {
    let columns = try Self.columns(of: rows)
    guard rows.count == 0 || !rows.devices.isEmpty else {
      throw RequestFault(
        "the rows do not say of which device they are: add a column \(RequestRows.deviceColumn)")
    }
    let sensors = try Self.sensors(of: columns, rows)
    var found: [DeviceID: Found] = [:]
    var order: [DeviceID] = []
    var keys: [Key] = []
    keys.reserveCapacity(rows.count)
    for row in 0..<rows.count {
      guard let device = DeviceID(rows.devices[row]) else {
        throw RequestFault("row \(row): \(rows.devices[row].quoted) is no device, \(IdentifierRule.sentence)")
      }
      let own: SensorID? = rows.sensors.isEmpty ? nil : sensors[row]
      let (start, end) = try Self.times(columns, rows, row)
      if found[device] == nil { order.append(device) }
      for sensor in own.map({ [$0] }) ?? sensors {
        let values = Self.values(columns, rows, row, own == nil ? sensor : nil)
        let key = Key(model: ModelKey(device: device, sensor: sensor), start: start)
        guard found[device, default: Found()].seen.insert(key).inserted else {
          throw RequestFault(
            "row \(row): there is another one of the same window, \(start) of \(key.model.stem)")
        }
        found[device]?.rows.append((sensor, start, end, values))
      }
      // A row of several sensors has one score: that of its device.
      keys.append(Key(model: ModelKey(device: device, sensor: scope == .sensor ? own : nil), start: start))
    }
    if scope == .sensor, rows.sensors.isEmpty, rows.count > 0 {
      throw RequestFault(
        "a score is of one sensor here: add a column \(RequestRows.sensorColumn), and name columns as aggregates are"
      )
    }
    self.keys = keys
    devices = order.map { Self.windows(of: $0, found[$0] ?? Found()) }
  }

  /// The scores of the rows, in their order. Throws ``RequestFault`` where one has none: an answer with gaps would be taken for whole.
  func scores(_ tables: [ScoredTable]) throws(RequestFault) -> RequestScores {
    var calls: [Key: ScoredTable.Call] = [:]
    var failures: [Key: String] = [:]
    for table in tables {
      for (index, row) in table.rows.enumerated() {
        let score = table.scores[index]
        calls[Key(model: table.key, start: row.start)] = .init(
          score: score, isAnomaly: table.flags?[index] ?? (score <= 0))
      }
      for failure in table.failures {
        failures[Key(model: table.key, start: failure.start)] = failure.reason
      }
    }
    var result = RequestScores(scores: [], version: tables.first?.modelVersion, flags: [])
    for (row, key) in keys.enumerated() {
      guard failures[key] == nil, let call = calls[key], call.score.isFinite else {
        throw RequestFault(.internalError, "row \(row): \(failures[key] ?? "the script has not scored it")")
      }
      result.scores.append(call.score)
      result.flags?.append(call.isAnomaly)
    }
    return result
  }

  // MARK: - Columns

  private static func columns(of rows: RequestRows) throws(RequestFault) -> [Column] {
    guard let names = rows.columns else {
      throw RequestFault(
        "the columns need names here, such as temperature.mean: say them, or send a tensor a column")
    }
    let isOfOneSensor = !rows.sensors.isEmpty
    var columns: [Column] = []
    for name in names {
      if name == startColumn {
        columns.append(.start)
      } else if name == endColumn {
        columns.append(.end)
      } else if name == RequestRows.deviceColumn || name == RequestRows.sensorColumn {
        columns.append(.owner)
      } else {
        columns.append(try column(name, isOfOneSensor))
      }
    }
    return columns
  }

  private static func column(_ name: String, _ isOfOneSensor: Bool) throws(RequestFault) -> Column {
    let dot = isOfOneSensor ? nil : name.lastIndex(of: ".")
    let aggregate = dot.map { name[name.index(after: $0)...] } ?? name[...]
    let sensor = dot.flatMap { SensorID(name[..<$0]) }
    let position = AggregateColumn.allCases.firstIndex { $0.rawValue == aggregate }
    guard let position, isOfOneSensor || sensor != nil else {
      let known = AggregateColumn.allCases.map(\.rawValue).listed
      throw RequestFault(
        "the column \(name.quoted) is no aggregate of \(isOfOneSensor ? "a window" : "a sensor, such as temperature.mean"); there are \(known)"
      )
    }
    return .value(position, of: sensor)
  }

  /// The sensors of the columns; where each row has its own, that of each row.
  private static func sensors(of columns: [Column], _ rows: RequestRows) throws(RequestFault) -> [SensorID] {
    guard rows.sensors.isEmpty else {
      var sensors: [SensorID] = []
      for (row, name) in rows.sensors.enumerated() {
        guard let sensor = SensorID(name) else {
          throw RequestFault("row \(row): \(name.quoted) is no sensor, \(IdentifierRule.sentence)")
        }
        sensors.append(sensor)
      }
      return sensors
    }
    var sensors: Set<SensorID> = []
    for case .value(_, let sensor?) in columns { sensors.insert(sensor) }
    guard !sensors.isEmpty || rows.count == 0 else { throw RequestFault("there is no column of a sensor") }
    return sensors.sorted()
  }

  private static func times(_ columns: [Column], _ rows: RequestRows, _ row: Int) throws(RequestFault) -> (
    start: Timestamp, end: Timestamp
  ) {
    var start = Int64(row) * length
    var end: Int64?
    for (index, column) in columns.enumerated() {
      let value = rows.values[row * rows.width + index]
      switch column {
      case .start: start = try time(value, row, startColumn)
      case .end: end = try time(value, row, endColumn)
      case .owner, .value: break
      }
    }
    let last = end ?? start + length
    guard last > start else { throw RequestFault("row \(row): its window ends before it begins") }
    return (Timestamp(milliseconds: start), Timestamp(milliseconds: last))
  }

  private static func time(_ value: Double, _ row: Int, _ column: String) throws(RequestFault) -> Int64 {
    guard let time = Int64(exactly: value), abs(time) <= mostMilliseconds else {
      throw RequestFault("row \(row): \(column) must be whole milliseconds since 1970")
    }
    return time
  }

  /// What a double holds to the millisecond, and far beyond every calendar.
  private static let mostMilliseconds: Int64 = 1 << 53

  private static func values(_ columns: [Column], _ rows: RequestRows, _ row: Int, _ sensor: SensorID?)
    -> [Double]
  {
    var values = [Double](repeating: .nan, count: AggregateColumn.allCases.count)
    for (index, column) in columns.enumerated() {
      if case .value(let position, let owner) = column, owner == sensor {
        values[position] = rows.values[row * rows.width + index]
      }
    }
    return values
  }

  private static func windows(of device: DeviceID, _ found: Found) -> DeviceWindows {
    let rows = found.rows.sorted { ($0.start, $0.sensor) < ($1.start, $1.sensor) }
    let sensors = Set(rows.map(\.sensor)).sorted()
    let positions = Dictionary(uniqueKeysWithValues: sensors.enumerated().map { ($1, $0) })
    return DeviceWindows(
      device: device, sensors: sensors, columns: AggregateColumn.allCases,
      rows: rows.map { row in
        DeviceWindows.Row(
          sensor: positions[row.sensor] ?? 0, start: row.start, end: row.end, revision: 1,
          visibleFrom: row.end)
      }, values: rows.flatMap(\.values))
  }
}
