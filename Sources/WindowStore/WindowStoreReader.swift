import Foundation
import GRDB
import GRDBSQLite
import Synchronization
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
  ///
  /// Several connections count side by side, each a span of the cut. Of a cut that is not final yet, which the fleet's
  /// watermark has not passed, they may see different states.
  public func windowCounts(visibleAfter: Timestamp?, through: Timestamp?) throws -> [(
    device: DeviceID, count: Int
  )] {
    let cut = Self.bounds(visibleAfter, through)
    let spans = try spans(of: cut)
    let results = Mutex<[Result<[Int64: Int], any Error>]>([])
    DispatchQueue.concurrentPerform(iterations: spans.count) { index in
      let result = Result {
        // The first one is this connection's.
        let reader = index == 0 ? self : try WindowStoreReader(path: path)
        return try reader.counts(in: spans[index], of: cut)
      }
      results.withLock { $0.append(result) }
    }
    var counts: [Int64: Int] = [:]
    for result in results.withLock({ $0 }) { counts.merge(try result.get(), uniquingKeysWith: +) }
    let names = try read { try Self.names(of: "devices", $0) }
    return try counts.filter { $0.value != 0 }.map { id, count in
      guard let name = names[id] else {
        throw StoreError(path: path, reason: "there is no device of number \(id)")
      }
      return (device: try StoreError.wrapping(path) { try Self.device(name) }, count: count)
    }.sorted { $0.device < $1.device }
  }

  /// Cuts `cut` into spans of equal time, one for each connection that counts.
  private func spans(of cut: (after: Int64, through: Int64)) throws -> [(after: Int64, through: Int64)] {
    let ends = try read { db in
      try ["", "DESC"].compactMap { order in
        try Int64.fetchOne(
          db,
          sql: """
            SELECT visible_from_ms FROM windows WHERE visible_from_ms > ? AND visible_from_ms <= ?
            ORDER BY visible_from_ms \(order) LIMIT 1
            """, arguments: [cut.after, cut.through])
      }
    }
    guard let first = ends.first, let last = ends.last else { return [] }
    let connections = Int64(
      min(StoreDefaults.countingConnections, ProcessInfo.processInfo.activeProcessorCount))
    let length = (last - first) / connections + 1
    return (0..<connections).map { (first - 1 + $0 * length, min(last, first - 1 + ($0 + 1) * length)) }
      .filter { $0.after < $0.through }
  }

  /// How many windows of `cut` count in `span`: each at its first revision in the cut, and one less where its last one takes
  /// it back.
  private func counts(in span: (after: Int64, through: Int64), of cut: (after: Int64, through: Int64)) throws
    -> [Int64: Int]
  {
    try read { db in
      var counts: [Int64: Int] = [:]
      // Counted here: SQLite would sort all rows to group them. The index holds all that is read; devices often come
      // several times in a row, once for each sensor.
      let statement = try db.cachedStatement(
        sql: """
          SELECT w.device FROM windows w WHERE w.visible_from_ms > ?3 AND w.visible_from_ms <= ?4
            AND (w.revision = 1 OR NOT EXISTS (
              SELECT 1 FROM windows o WHERE o.device = w.device AND o.sensor = w.sensor AND o.start_ms = w.start_ms
                AND o.revision < w.revision AND o.visible_from_ms > ?1 AND o.visible_from_ms <= ?2))
          """)
      let arguments: StatementArguments = [cut.after, cut.through, span.after, span.through]
      statement.arguments = arguments
      let handle = statement.sqliteStatement
      defer { sqlite3_reset(handle) }
      var device: Int64 = 0
      var run = 0
      while try Self.step(handle, db) {
        let next = sqlite3_column_int64(handle, 0)
        if next != device {
          if run > 0 { counts[device, default: 0] += run }
          device = next
          run = 0
        }
        run += 1
      }
      if run > 0 { counts[device, default: 0] += run }
      let withdrawn = try Int64.fetchCursor(
        db,
        sql: """
          SELECT w.device FROM windows w WHERE w.count = 0 AND w.visible_from_ms > ?3 AND w.visible_from_ms <= ?4
            AND NOT EXISTS (
              SELECT 1 FROM windows n WHERE n.device = w.device AND n.sensor = w.sensor AND n.start_ms = w.start_ms
                AND n.revision > w.revision AND n.visible_from_ms > ?1 AND n.visible_from_ms <= ?2)
          """, arguments: arguments)
      while let id = try withdrawn.next() { counts[id, default: 0] -= 1 }
      return counts
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
  public func windows(
    visibleAfter: Timestamp?, through: Timestamp?, devices: [DeviceID], columns: [AggregateColumn]
  ) throws -> [DeviceWindows] {
    try read { db in
      let sensors = try SensorPositions(Self.names(of: "sensors", db))
      // In the order in which the rows lie, so that SQLite sorts nothing.
      let statement = try db.cachedStatement(
        sql: """
          SELECT sensor, start_ms, end_ms, revision, visible_from_ms, count
            \(columns.map { ", \($0.rawValue)" }.joined())
          FROM windows WHERE device = (SELECT id FROM devices WHERE name = ?1)
            AND +visible_from_ms > ?2 AND +visible_from_ms <= ?3 ORDER BY start_ms, sensor, revision
          """)
      let handle = statement.sqliteStatement
      let cut = Self.bounds(visibleAfter, through)
      sqlite3_bind_int64(handle, 2, cut.after)
      sqlite3_bind_int64(handle, 3, cut.through)
      var found: [DeviceWindows] = []
      found.reserveCapacity(devices.count)
      for device in devices {
        // The text is there until the statement is reset, so SQLite need not copy it.
        let windows = try device.name.withCString { name in
          sqlite3_bind_text(handle, 1, name, -1, nil)
          defer {
            sqlite3_reset(handle)
            sqlite3_bind_null(handle, 1)
          }
          // Fleets are mostly uniform: the next device has about as many windows as the one before.
          return try Self.read(
            handle, columns, sensors, capacity: found.last?.rows.count ?? 0, of: device, db)
        }
        if !windows.rows.isEmpty { found.append(windows) }
      }
      return found
    }
  }

  /// What `statement` has to say of one device. Values are taken straight from it, because a job reads millions.
  private static func read(
    _ statement: SQLiteStatement, _ columns: [AggregateColumn], _ sensors: SensorPositions, capacity: Int,
    of device: DeviceID, _ db: Database
  ) throws -> DeviceWindows {
    var rows: [DeviceWindows.Row] = []
    rows.reserveCapacity(capacity)
    var values: [Double] = []
    values.reserveCapacity(capacity * columns.count)
    var withdrawn: Set<Int> = []
    func time(_ column: Int32) -> Timestamp {
      Timestamp(milliseconds: sqlite3_column_int64(statement, column))
    }
    let places = 6..<6 + Int32(columns.count)
    while try step(statement, db) {
      let row = DeviceWindows.Row(
        sensor: try sensors.position(of: sqlite3_column_int64(statement, 0)), start: time(1), end: time(2),
        revision: Int(sqlite3_column_int64(statement, 3)), visibleFrom: time(4))
      // Revisions follow each other, the newest last.
      if row.revision > 1, let last = rows.last, last.start == row.start, last.sensor == row.sensor {
        rows.removeLast()
        values.removeLast(columns.count)
        withdrawn.remove(rows.count)
      }
      if sqlite3_column_int64(statement, 5) == 0 { withdrawn.insert(rows.count) }
      rows.append(row)
      for place in places { values.append(sqlite3_column_double(statement, place)) }
    }
    let windows = DeviceWindows(
      device: device, sensors: sensors.sorted, columns: columns, rows: rows, values: values)
    return withdrawn.isEmpty ? windows : windows.selecting(rows.indices.filter { !withdrawn.contains($0) })
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

  private static func bounds(_ visibleAfter: Timestamp?, _ through: Timestamp?) -> (
    after: Int64, through: Int64
  ) {
    (visibleAfter?.milliseconds ?? Int64.min, through?.milliseconds ?? Int64.max)
  }

  private static func device(_ name: String) throws -> DeviceID {
    guard let device = DeviceID(name) else { throw damaged("device", name) }
    return device
  }

  fileprivate static func damaged(_ what: String, _ name: String) -> DatabaseError {
    DatabaseError(resultCode: .SQLITE_CORRUPT, message: "“\(name)” is not a \(what) id")
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
        max: value(.max), first: value(.first), last: value(.last), slope: value(.slope), p05: value(.p05),
        p25: value(.p25), median: value(.median), p75: value(.p75), p95: value(.p95)),
      revision: row.revision, visibleFrom: row.visibleFrom)
  }
}
