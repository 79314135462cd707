import Foundation
import GRDB
import GRDBSQLite
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
      // A store whose writer has not come to its migration yet lacks these columns.
      progress.droppedMessages = (row["dropped_messages"] as Int?) ?? 0
      progress.droppedReadings = (row["dropped_readings"] as Int?) ?? 0
      progress.adjustedMessages = (row["adjusted_messages"] as Int?) ?? 0
      progress.adjustedReadings = (row["adjusted_readings"] as Int?) ?? 0
      progress.rejectedMessages = row["rejected_messages"]
      progress.windowsClosed = row["windows_closed"]
      progress.windowsRevised = row["windows_revised"]
      progress.maxEvent = (row["max_event_ms"] as Int64?).map(Timestamp.init(milliseconds:))
      progress.fleetWatermark = (row["fleet_watermark_ms"] as Int64?).map(Timestamp.init(milliseconds:))
      progress.deliveries = (row["deliveries"] as Int?) ?? 0
      return progress
    }
  }

  /// The event time up to which every device that is not idle has reported; nil before the first reading.
  public func fleetWatermark() throws -> Timestamp? { try progress().fleetWatermark }

  /// A message that the store has taken over from the broker, whatever became of its readings.
  public struct AccountedMessage: Hashable, Sendable {
    public var device: DeviceID
    /// Nil where it came without one; then its time tells it apart.
    public var position: Message.Position?
    /// Without a position, the time that it came with, also where it was stored with another.
    public var timestamp: Timestamp
    /// Whether it stands in `late_readings` or `dropped_messages` instead of the journal.
    public var isLate: Bool
  }

  /// Hands over every message that the journal, the late readings or the dropped messages hold, in no particular order. A
  /// message that stands there twice is handed over twice.
  public func forEachAccountedMessage(_ body: (AccountedMessage) -> Void) throws {
    try read { db in
      let names = try Row.fetchAll(db, sql: "SELECT id, name FROM devices")
      var devices: [Int64: DeviceID] = [:]
      for row in names { devices[row["id"]] = try Self.device(row["name"]) }
      let sources = [
        (
          "SELECT j.device, j.epoch, j.seq, j.ts_ms FROM journal j WHERE j.sensor_set IN "
            + "(SELECT id FROM sensor_sets WHERE part = 0) AND (j.epoch IS NOT NULL OR (j.id, j.device, j.ts_ms) "
            + "NOT IN (SELECT journal_id, device, moved_to_ms FROM late_outcomes WHERE journal_id IS NOT NULL))",
          false
        ),
        // One message may have left several late rows, one a sensor.
        ("SELECT DISTINCT device, epoch, seq, ts_ms FROM late", true),
        ("SELECT device, epoch, seq, ts_ms FROM late_outcomes WHERE moved_to_ms IS NULL", true),
        // Without a position, its own time tells a message apart, not the one that it was moved to.
        (
          "SELECT device, epoch, seq, ts_ms FROM late_outcomes WHERE journal_id IS NOT NULL AND epoch IS NULL",
          false
        ),
      ]
      for (sql, isLate) in sources {
        let rows = try Row.fetchCursor(db, sql: sql)
        while let row = try rows.next() {
          guard let device = devices[row[0]] else { continue }
          let epoch: Int64? = row[1]
          body(
            AccountedMessage(
              device: device, position: epoch.map { Message.Position(epoch: $0, sequence: row[2]) },
              timestamp: Timestamp(milliseconds: row[3]), isLate: isLate))
        }
      }
    }
  }

  /// Hands over every payload that was rejected and is still kept, in the order of arrival.
  public func forEachRejectedMessage(_ body: (RejectedMessage) -> Void) throws {
    try read { db in
      let rows = try Row.fetchCursor(
        db, sql: "SELECT received_ms, topic, reason, payload FROM rejected ORDER BY id")
      while let row = try rows.next() {
        body(
          RejectedMessage(
            received: Timestamp(milliseconds: row[0]), topic: row[1], reason: row[2],
            payload: Array(row[3] as Data)))
      }
    }
  }

  /// What is older than this may have been deleted; nil where nothing was.
  public func retainedFrom() throws -> Timestamp? {
    try read { db in
      try Int64.fetchOne(db, sql: "SELECT value FROM settings WHERE name = 'retained_from_ms'")
        .map(Timestamp.init(milliseconds:))
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
        sessionGap: try milliseconds("session_gap_ms").flatMap { $0 > 0 ? .milliseconds($0) : nil },
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
      let names = try Self.names(of: "devices", db)
      var counts: [Int64: Int] = [:]
      // Counted here: SQLite would sort all rows to group them. A window counts at its first revision in the cut.
      let statement = try db.cachedStatement(
        sql: """
          SELECT w.device FROM windows w WHERE w.visible_from_ms > ?1 AND w.visible_from_ms <= ?2
            AND (w.revision = 1 OR NOT EXISTS (
              SELECT 1 FROM windows o WHERE o.device = w.device AND o.sensor = w.sensor AND o.start_ms = w.start_ms
                AND o.revision < w.revision AND o.visible_from_ms > ?1 AND o.visible_from_ms <= ?2))
          """)
      statement.arguments = Self.cut(visibleAfter, through)
      let handle = statement.sqliteStatement
      defer { sqlite3_reset(handle) }
      while try Self.step(handle, db) { counts[sqlite3_column_int64(handle, 0), default: 0] += 1 }
      // A window that the cut takes back counted at its first revision, and is none.
      let withdrawn = try Int64.fetchCursor(
        db,
        sql: """
          SELECT w.device FROM windows w WHERE w.count = 0 AND w.visible_from_ms > ?1 AND w.visible_from_ms <= ?2
            AND NOT EXISTS (
              SELECT 1 FROM windows n WHERE n.device = w.device AND n.sensor = w.sensor AND n.start_ms = w.start_ms
                AND n.revision > w.revision AND n.visible_from_ms > ?1 AND n.visible_from_ms <= ?2)
          """, arguments: Self.cut(visibleAfter, through))
      while let id = try withdrawn.next() {
        counts[id, default: 0] -= 1
        if counts[id] == 0 { counts[id] = nil }
      }
      return try counts.map { id, count in
        guard let name = names[id] else { throw Self.damaged("device", "\(id)") }
        return (try Self.device(name), count)
      }.sorted { $0.device < $1.device }
    }
  }

  /// The windows of a cut: of each window the newest revision that became visible after `visibleAfter` (nil: from the
  /// beginning) and not after `through` (nil: to the end), sorted by device, sensor, start. A window that was taken back
  /// is none.
  ///
  /// - Parameter devices: Only these; nil for all.
  public func windows(visibleAfter: Timestamp?, through: Timestamp?, devices: [DeviceID]? = nil) throws
    -> [WindowRow]
  {
    try read { db in
      var ids: [DeviceID: Int64] = [:]
      if let devices {
        let statement = try db.cachedStatement(sql: "SELECT id FROM devices WHERE name = ?")
        for device in devices { ids[device] = try Int64.fetchOne(statement, arguments: [device.name]) }
      } else {
        for (id, name) in try Self.names(of: "devices", db) { ids[try Self.device(name)] = id }
      }
      let sensors = try Self.names(of: "sensors", db).mapValues { name in
        guard let sensor = SensorID(name) else { throw Self.damaged("sensor", name) }
        return sensor
      }
      var windows: [WindowRow] = []
      for (device, id) in ids.sorted(by: { $0.key < $1.key }) {
        try Self.append(device, id, sensors, visibleAfter, through, to: &windows, db)
      }
      return windows
    }
  }

  /// Adds the windows of one device. They come in the order of their index, so that SQLite sorts nothing; values are
  /// taken straight from the statement, because a job reads millions of rows.
  private static func append(
    _ device: DeviceID, _ id: Int64, _ sensors: [Int64: SensorID], _ visibleAfter: Timestamp?,
    _ through: Timestamp?, to windows: inout [WindowRow], _ db: Database
  ) throws {
    let statement = try db.cachedStatement(
      sql: """
        SELECT sensor, start_ms, end_ms, revision, visible_from_ms, count, mean, stddev, min, max, first, last,
          slope, p05, p25, median, p75, p95 FROM windows
        WHERE device = ? AND +visible_from_ms > ? AND +visible_from_ms <= ? ORDER BY sensor, start_ms, revision
        """)
    statement.arguments = [id] + cut(visibleAfter, through)
    let handle = statement.sqliteStatement
    defer { sqlite3_reset(handle) }
    let first = windows.endIndex
    var isSorted = true
    var hasWithdrawn = false
    var sensorID: Int64?
    var sensor: SensorID?
    func time(_ column: Int32) -> Timestamp { Timestamp(milliseconds: sqlite3_column_int64(handle, column)) }
    func number(_ column: Int32) -> Double { sqlite3_column_double(handle, column) }
    while try step(handle, db) {
      let next = sqlite3_column_int64(handle, 0)
      if next != sensorID {
        let previous = sensor
        sensor = sensors[next]
        sensorID = next
        if let previous, let sensor, sensor < previous { isSorted = false }
      }
      guard let sensor else { throw damaged("sensor", "\(next)") }
      let row = WindowRow(
        device: device, sensor: sensor, start: time(1), end: time(2),
        aggregates: Aggregates(
          count: Int(sqlite3_column_int64(handle, 5)), mean: number(6), stddev: number(7), min: number(8),
          max: number(9), first: number(10), last: number(11), slope: number(12), p05: number(13),
          p25: number(14),
          median: number(15), p75: number(16), p95: number(17)),
        revision: Int(sqlite3_column_int64(handle, 3)), visibleFrom: time(4))
      if row.isWithdrawn { hasWithdrawn = true }
      // Revisions follow each other, the newest last.
      if row.revision > 1, windows.count > first, let last = windows.last, last.start == row.start,
        last.sensor == sensor
      {
        windows[windows.count - 1] = row
      } else {
        windows.append(row)
      }
    }
    if hasWithdrawn {
      let standing = windows[first...].filter { !$0.isWithdrawn }
      windows.replaceSubrange(first..., with: standing)
    }
    // Sensors are numbered as they came, and wanted in the order of their names.
    if !isSorted {
      windows[first...].sort { ($0.sensor, $0.start.milliseconds) < ($1.sensor, $1.start.milliseconds) }
    }
  }

  /// Whether there is another row. Throws SQLite's error.
  private static func step(_ handle: SQLiteStatement, _ db: Database) throws -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code:
      throw DatabaseError(resultCode: ResultCode(rawValue: code), message: db.lastErrorMessage)
    }
  }

  /// The names in a table of ids.
  private static func names(of table: String, _ db: Database) throws -> [Int64: String] {
    var names: [Int64: String] = [:]
    let rows = try Row.fetchCursor(db, sql: "SELECT id, name FROM \(table)")
    while let row = try rows.next() { names[row[0]] = row[1] }
    return names
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
