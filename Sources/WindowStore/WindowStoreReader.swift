import Foundation
import GRDB
import GRDBSQLite
import Telemetry
import Wording

/// Reads a store, also while ingestion writes it. Every call sees one consistent state.
package final class WindowStoreReader: Sendable {
  package let path: String
  private let database: DatabaseQueue

  /// Opens the store at `path`. Throws ``StoreError`` where there is none.
  package init(path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else {
      throw StoreError(path: path, reason: "there is no such file", isMistake: true)
    }
    self.path = path
    database = try StoreError.wrapping(path) {
      try DatabaseQueue(path: path, configuration: StoreDefaults.reader())
    }
  }

  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try StoreError.wrapping(path) { try database.read(body) }
  }

  /// What ingestion has done so far.
  package func progress() throws -> IngestionProgress {
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
      progress.rejectedReadings = (row["rejected_readings"] as Int?) ?? 0
      progress.windowsClosed = row["windows_closed"]
      progress.windowsRevised = row["windows_revised"]
      progress.maxEvent = (row["max_event_ms"] as Int64?).map(Timestamp.init(milliseconds:))
      progress.fleetWatermark = (row["fleet_watermark_ms"] as Int64?).map(Timestamp.init(milliseconds:))
      progress.fleetTime = (row["fleet_time_ms"] as Int64?).map(Timestamp.init(milliseconds:))
      progress.deliveries = (row["deliveries"] as Int?) ?? 0
      progress.notices = (row["notices"] as Int?) ?? 0
      return progress
    }
  }

  /// The event time up to which every device that is not idle has reported; nil before the first reading.
  package func fleetWatermark() throws -> Timestamp? { try progress().fleetWatermark }

  /// Devices whose clocks were found not to be the fleet's, the worst first.
  package func deviceClocks() throws -> [DeviceClock] {
    try read { db in
      guard try db.viewExists("device_clocks") else { return [] }
      return try Row.fetchAll(
        db, sql: "SELECT * FROM device_clocks ORDER BY max(ahead_ms, behind_ms) DESC, device"
      ).map {
        DeviceClock(device: try Self.device($0[0]), aheadMs: $0[1], behindMs: $0[2])
      }
    }
  }

  /// A message that the store has taken over from the broker, whatever became of its readings.
  package struct AccountedMessage: Hashable, Sendable {
    package var device: DeviceID
    /// Nil where it came without one; then its time tells it apart.
    package var position: Message.Position?
    /// Without a position, the time that it came with, also where it was stored with another.
    package var timestamp: Timestamp
    /// Whether it stands in `late_readings` or `dropped_messages` instead of the journal.
    package var isLate: Bool
  }

  /// Hands over every message that the journal, the late readings or the dropped messages hold, in no particular order. A
  /// message that stands there twice is handed over twice.
  package func forEachAccountedMessage(_ body: (AccountedMessage) -> Void) throws {
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

  /// Hands over every payload of which something was rejected and that is still kept, in the order of arrival.
  package func forEachRejectedMessage(_ body: (RejectedMessage) -> Void) throws {
    try read { db in
      let rows = try Row.fetchCursor(
        db, sql: "SELECT received_ms, topic, reason, payload, readings FROM rejected ORDER BY id")
      while let row = try rows.next() {
        body(
          RejectedMessage(
            received: Timestamp(milliseconds: row[0]), topic: row[1], reason: row[2],
            payload: Array(row[3] as Data), readings: row[4]))
      }
    }
  }

  /// What is older than this may have been deleted; nil where nothing was.
  package func retainedFrom() throws -> Timestamp? {
    try read { db in
      try Int64.fetchOne(db, sql: "SELECT value FROM settings WHERE name = 'retained_from_ms'")
        .map(Timestamp.init(milliseconds:))
    }
  }

  /// What the windows of this store mean; nil before ingestion has made it.
  package func settings() throws -> WindowSettings? {
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
  package func devices() throws -> [DeviceID] {
    try read { db in
      try String.fetchAll(db, sql: "SELECT name FROM devices ORDER BY name").map(Self.device)
    }
  }

  /// The windows of a cut: of each window the newest revision that became visible after `visibleAfter` (nil: from the
  /// beginning) and not after `through` (nil: to the end), sorted by device, sensor, start. A window that was taken back
  /// is none.
  ///
  /// - Parameter devices: Only these; nil for all.
  package func windows(visibleAfter: Timestamp?, through: Timestamp?, devices: [DeviceID]? = nil) throws
    -> [WindowRow]
  {
    let found = try windows(
      visibleAfter: visibleAfter, through: through, devices: try (devices ?? self.devices()).sorted(),
      columns: AggregateColumn.allCases)
    return found.flatMap { device in
      device.rows.indices.map { WindowRow(device, at: $0) }
        .sorted { ($0.sensor, $0.start) < ($1.sensor, $1.start) }
    }
  }

  /// The windows of a cut, as in ``windows(visibleAfter:through:devices:)``, device by device in the order of `devices`, with
  /// the values of `columns` alone. A device without windows is left out.
  ///
  /// - Parameter from: Only windows that do not start before: nothing older of a device is looked at; nil for all.
  package func windows(
    visibleAfter: Timestamp?, through: Timestamp?, devices: [DeviceID], columns: [AggregateColumn],
    from: Timestamp? = nil
  ) throws -> [DeviceWindows] {
    try read { db in
      let sensors = try SensorPositions(Self.names(of: "sensors", db))
      // Few stores have windows that were taken back, and their index says so at once.
      let hasWithdrawn =
        try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM windows WHERE count = 0)") ?? true
      // In the order in which the rows lie, so that SQLite sorts nothing.
      let statement = try db.cachedStatement(
        sql: """
          SELECT 1 FROM windows WHERE device = (SELECT id FROM devices WHERE name = ?1)
            AND start_ms >= ?2 AND start_ms <= ?3
            AND visit(?4, sensor, start_ms, end_ms, revision, visible_from_ms, \(hasWithdrawn ? "count" : "1")
              \(columns.map { ", \($0.rawValue)" }.joined()))
          ORDER BY start_ms, sensor, revision
          """)
      let handle = statement.sqliteStatement
      let cut = Self.bounds(visibleAfter, through)
      sqlite3_bind_int64(handle, 2, from?.milliseconds ?? .min)
      // No window can be seen before its end.
      sqlite3_bind_int64(handle, 3, cut.through)
      var found: [DeviceWindows] = []
      found.reserveCapacity(devices.count)
      for device in devices {
        // The text is there until the statement is reset, so SQLite need not copy it.
        let windows = try device.name.withCString { name in
          sqlite3_bind_text(handle, 1, name, -1, nil)
          defer { sqlite3_bind_null(handle, 1) }
          // Fleets are mostly uniform: the next device has about as many windows as the one before.
          return try Self.read(
            handle, columns, sensors, cut, capacity: found.last?.rows.count ?? 0, of: device, db)
        }
        if !windows.rows.isEmpty { found.append(windows) }
      }
      return found
    }
  }

  /// What `statement` has to say of one device. Values are taken straight from it, because a job reads millions.
  private static func read(
    _ statement: SQLiteStatement, _ columns: [AggregateColumn], _ sensors: SensorPositions,
    _ cut: (after: Int64, through: Int64), capacity: Int, of device: DeviceID, _ db: Database
  ) throws -> DeviceWindows {
    var rows: [DeviceWindows.Row] = []
    rows.reserveCapacity(capacity)
    var values: [Double] = []
    values.reserveCapacity(capacity * columns.count)
    var withdrawn: Set<Int> = []
    try RowVisit.forEachRow(of: statement, parameter: 4, db) { found in
      let visibleFrom = found.integer(4)
      // Nearly all are, and SQLite would take longer to find out.
      guard visibleFrom > cut.after, visibleFrom <= cut.through else { return }
      let row = DeviceWindows.Row(
        sensor: try sensors.position(of: found.integer(0)), start: Timestamp(milliseconds: found.integer(1)),
        end: Timestamp(milliseconds: found.integer(2)), revision: Int(found.integer(3)),
        visibleFrom: Timestamp(milliseconds: visibleFrom))
      // Revisions follow each other, the newest last.
      if row.revision > 1, let last = rows.last, last.start == row.start, last.sensor == row.sensor {
        rows.removeLast()
        values.removeLast(columns.count)
        withdrawn.remove(rows.count)
      }
      if found.integer(5) == 0 { withdrawn.insert(rows.count) }
      rows.append(row)
      for place in 6..<6 + columns.count { values.append(found.number(place)) }
    }
    let windows = DeviceWindows(
      device: device, sensors: sensors.sorted, columns: columns, rows: rows, values: values)
    return withdrawn.isEmpty ? windows : windows.selecting(rows.indices.filter { !withdrawn.contains($0) })
  }

  /// The names in a table of ids.
  private static func names(of table: String, _ db: Database) throws -> [Int64: String] {
    var names: [Int64: String] = [:]
    let rows = try Row.fetchCursor(db, sql: "SELECT id, name FROM \(table)")
    while let row = try rows.next() { names[row[0]] = row[1] }
    return names
  }

  static func bounds(_ visibleAfter: Timestamp?, _ through: Timestamp?) -> (
    after: Int64, through: Int64
  ) {
    (visibleAfter?.milliseconds ?? Int64.min, through?.milliseconds ?? Int64.max)
  }

  static func device(_ name: String) throws -> DeviceID {
    guard let device = DeviceID(name) else { throw damaged("device", name) }
    return device
  }

  static func damaged(_ what: String, _ name: String) -> DatabaseError {
    DatabaseError(resultCode: .SQLITE_CORRUPT, message: "\(name.quoted) is not a \(what) id")
  }
}

/// Where the sensors of a store stand in their byte order, by the store's numbers.
private struct SensorPositions {
  let sorted: [SensorID]
  /// By number; -1 where there is no sensor. Numbers are given one after the other.
  private var positions: [Int]

  init(_ names: [Int64: String]) throws {
    let sensors = try names.map { id, name in
      // Far more than there are names: no number that the store has given.
      guard let sensor = SensorID(name), 0...Int64(2 * names.count + 1000) ~= id else {
        throw WindowStoreReader.damaged("sensor", name)
      }
      return (id: Int(id), sensor: sensor)
    }.sorted { $0.sensor < $1.sensor }
    sorted = sensors.map(\.sensor)
    positions = Array(repeating: -1, count: (sensors.map(\.id).max() ?? 0) + 1)
    for (position, sensor) in sensors.enumerated() { positions[sensor.id] = position }
  }

  func position(of id: Int64) throws -> Int {
    guard positions.indices.contains(Int(id)), positions[Int(id)] >= 0 else {
      throw WindowStoreReader.damaged("sensor", "\(id)")
    }
    return positions[Int(id)]
  }
}

extension WindowRow {
  /// The window at `index` of `windows`, which have all columns, in their order.
  fileprivate init(_ windows: DeviceWindows, at index: Int) {
    let row = windows.rows[index]
    func value(_ column: AggregateColumn) -> Double {
      windows.values[index * windows.columns.count + (windows.columns.firstIndex(of: column) ?? 0)]
    }
    self.init(
      device: windows.device, sensor: windows.sensors[row.sensor], start: row.start, end: row.end,
      aggregates: Aggregates(
        count: Int(value(.count)), mean: value(.mean), stddev: value(.stddev), min: value(.min),
        max: value(.max), first: value(.first), last: value(.last),
        slope: value(.slope).isNaN ? nil : value(.slope), p05: value(.p05), p25: value(.p25),
        median: value(.median), p75: value(.p75), p95: value(.p95)),
      revision: row.revision, visibleFrom: row.visibleFrom)
  }
}
