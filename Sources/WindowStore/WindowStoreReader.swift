import Foundation
import GRDB
import Telemetry

/// Reads a store, also while ingestion writes it. Every call sees one consistent state.
public final class WindowStoreReader: Sendable {
  public let path: String
  private let database: DatabaseQueue

  /// Opens the store at `path`. Throws ``StoreError`` where there is none.
  public init(path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else {
      throw StoreError(path: path, reason: "there is no such file")
    }
    self.path = path
    database = try StoreError.wrapping(path) {
      try DatabaseQueue(path: path, configuration: StoreDefaults.reader())
    }
  }

  private func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try StoreError.wrapping(path) { try database.read(body) }
  }

  /// What ingestion has done so far.
  public func progress() throws -> IngestionProgress {
    try read { db in
      guard let row = try Row.fetchOne(db, sql: "SELECT * FROM progress") else { return IngestionProgress() }
      var progress = IngestionProgress()
      progress.messages = row["messages"]
      progress.storedMessages = row["stored_messages"]
      progress.storedReadings = row["stored_readings"]
      progress.duplicateMessages = row["duplicate_messages"]
      progress.duplicateReadings = row["duplicate_readings"]
      progress.lateMessages = row["late_messages"]
      progress.lateReadings = row["late_readings"]
      progress.rejectedMessages = row["rejected_messages"]
      progress.windowsClosed = row["windows_closed"]
      progress.windowsRevised = row["windows_revised"]
      progress.maxEvent = (row["max_event_ms"] as Int64?).map(Timestamp.init(milliseconds:))
      progress.fleetWatermark = (row["fleet_watermark_ms"] as Int64?).map(Timestamp.init(milliseconds:))
      return progress
    }
  }

  /// The event time up to which every device that is not idle has reported; nil before the first reading.
  public func fleetWatermark() throws -> Timestamp? { try progress().fleetWatermark }

  /// A message that the store has taken over from the broker, whatever became of its readings.
  public struct AccountedMessage: Hashable, Sendable {
    public var device: DeviceID
    public var position: Message.Position
    /// Whether it stands in `late_readings` instead of the journal.
    public var isLate: Bool
  }

  /// Hands over every message with a position that the journal or the late readings hold, in no particular order. A
  /// message that stands there twice is handed over twice.
  public func forEachAccountedMessage(_ body: (AccountedMessage) -> Void) throws {
    try read { db in
      let names = try Row.fetchAll(db, sql: "SELECT id, name FROM devices")
      var devices: [Int64: DeviceID] = [:]
      for row in names { devices[row["id"]] = try Self.device(row["name"]) }
      let sources = [
        (
          "SELECT j.device, j.epoch, j.seq FROM journal j WHERE j.epoch IS NOT NULL AND j.sensor_set IN "
            + "(SELECT id FROM sensor_sets WHERE part = 0)", false
        ),
        // One message may have left several late rows, one a sensor.
        ("SELECT DISTINCT device, epoch, seq FROM late WHERE epoch IS NOT NULL", true),
      ]
      for (sql, isLate) in sources {
        let rows = try Row.fetchCursor(db, sql: sql)
        while let row = try rows.next() {
          guard let device = devices[row[0]] else { continue }
          body(
            AccountedMessage(
              device: device, position: Message.Position(epoch: row[1], sequence: row[2]), isLate: isLate))
        }
      }
    }
  }

  /// What the windows of this store mean; nil before ingestion has made it.
  public func settings() throws -> WindowSettings? {
    try read { db in
      func milliseconds(_ name: String) throws -> Int64? {
        try Int64.fetchOne(db, sql: "SELECT value FROM settings WHERE name = ?", arguments: [name])
      }
      guard let window = try milliseconds("window_ms"),
        let disorder = try milliseconds("out_of_orderness_ms"),
        let lateness = try milliseconds("allowed_lateness_ms")
      else { return nil }
      return WindowSettings(
        window: .milliseconds(window), hop: try milliseconds("hop_ms").map(Duration.milliseconds),
        outOfOrderness: .milliseconds(disorder),
        allowedLateness: .milliseconds(lateness))
    }
  }

  /// Every device the store knows, in byte order.
  public func devices() throws -> [DeviceID] {
    try read { db in
      try String.fetchAll(db, sql: "SELECT name FROM devices ORDER BY name").map(Self.device)
    }
  }

  /// How many windows of each device a cut holds; see ``windows(visibleAfter:through:devices:)``. Only devices with at
  /// least one, in byte order.
  public func windowCounts(visibleAfter: Timestamp?, through: Timestamp?) throws -> [(
    device: DeviceID, count: Int
  )] {
    try read { db in
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT d.name, count(*) FROM (
            SELECT device, sensor, start_ms FROM windows WHERE visible_from_ms > ? AND visible_from_ms <= ?
            GROUP BY device, sensor, start_ms) w
          JOIN devices d ON d.id = w.device GROUP BY d.id ORDER BY d.name
          """,
        arguments: Self.cut(visibleAfter, through))
      var counts: [(device: DeviceID, count: Int)] = []
      while let row = try rows.next() { counts.append((try Self.device(row[0]), row[1])) }
      return counts
    }
  }

  /// The windows of a cut: of each window the newest revision that became visible after `visibleAfter` (nil: from the
  /// beginning) and not after `through` (nil: to the end), sorted by device, sensor, start.
  ///
  /// - Parameter devices: Only these; nil for all.
  public func windows(visibleAfter: Timestamp?, through: Timestamp?, devices: [DeviceID]? = nil) throws
    -> [WindowRow]
  {
    try read { db in
      var arguments = Self.cut(visibleAfter, through)
      var deviceCondition = ""
      if let devices {
        // One JSON argument rather than a placeholder each: SQLite limits the number of placeholders.
        deviceCondition = "AND d.name IN (SELECT value FROM json_each(?))"
        let names = try JSONEncoder().encode(devices.map(\.name))
        arguments += [String(decoding: names, as: UTF8.self)]
      }
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT d.name, s.name, w.start_ms, w.end_ms, w.count, w.mean, w.stddev, w.min, w.max, max(w.revision),
            w.visible_from_ms
          FROM windows w JOIN devices d ON d.id = w.device JOIN sensors s ON s.id = w.sensor
          WHERE w.visible_from_ms > ? AND w.visible_from_ms <= ? \(deviceCondition)
          GROUP BY w.device, w.sensor, w.start_ms
          ORDER BY d.name, s.name, w.start_ms
          """,
        arguments: arguments)
      var windows: [WindowRow] = []
      while let row = try rows.next() {
        guard let sensor = SensorID(row[1] as String) else { throw Self.damaged("sensor", row[1]) }
        windows.append(
          WindowRow(
            device: try Self.device(row[0]), sensor: sensor, start: Timestamp(milliseconds: row[2]),
            end: Timestamp(milliseconds: row[3]),
            aggregates: Aggregates(count: row[4], mean: row[5], stddev: row[6], min: row[7], max: row[8]),
            revision: row[9], visibleFrom: Timestamp(milliseconds: row[10])))
      }
      return windows
    }
  }

  private static func cut(_ visibleAfter: Timestamp?, _ through: Timestamp?) -> StatementArguments {
    [visibleAfter?.milliseconds ?? Int64.min, through?.milliseconds ?? Int64.max]
  }

  private static func device(_ name: String) throws -> DeviceID {
    guard let device = DeviceID(name) else { throw damaged("device", name) }
    return device
  }

  private static func damaged(_ what: String, _ name: String) -> DatabaseError {
    DatabaseError(resultCode: .SQLITE_CORRUPT, message: "“\(name)” is not a \(what) id")
  }
}
