import Files
import Foundation
import GRDB
import GRDBSQLite
import Supervision
import Telemetry

/// Writes a store: the one connection of the one process that owns it.
///
/// The hot path binds through the statements' own SQLite handles; GRDB keeps the connection, the migrations and the
/// transaction. Not to be shared between threads: it is used by the ingestion loop alone.
package final class WindowStoreWriter {
  package let path: String
  // Closed after the database; see DatabaseLock.
  private let lock: DatabaseLock
  let database: DatabaseQueue
  var deviceIDs: [DeviceID: Int64] = [:]
  var sensorIDs: [SensorID: Int64] = [:]
  var sensorSets: [[SensorID]: [SensorSet]] = [:]
  /// What each device sent last. Its next message nearly always has the same sensors, and comparing is cheaper than
  /// hashing a list of names.
  var recentSets: [Int64: (values: [Message.Value], sets: [SensorSet])] = [:]
  var nextSensorSet: Int64 = 1
  /// Journal rows inserted since the last retention: what it deletes must keep up with them.
  var rowsSinceRetention = 0

  /// One journal row's share of a message: which set it names and which of the message's values it holds.
  struct SensorSet {
    var id: Int64
    var positions: Range<Int>
  }

  /// Opens the store at `path`, or makes it. Throws ``StoreError`` where the store exists with other settings, or where
  /// another process writes it.
  package init(path: String, settings: WindowSettings) throws {
    self.path = path
    try FaultyDisk.installIfAsked(path: path)
    do throws(DatabaseLock.Failure) {
      lock = try DatabaseLock(path: path)
    } catch .heldByAnother {
      throw StoreError(path: path, reason: "another process is writing it", isMistake: true)
    } catch .cannotOpen(let reason) {
      throw StoreError(path: path, reason: "it cannot be opened: \(reason)")
    }
    database = try StoreError.wrapping(path) {
      let queue = try DatabaseQueue(path: path, configuration: StoreDefaults.writer())
      try StoreSchema.migrator.migrate(queue)
      return queue
    }
    try StoreError.wrapping(path) {
      try database.write { db in
        try Self.fix(settings, in: db, path: path)
        try loadNames(db)
      }
    }
  }

  deinit { try? database.close() }

  private static func fix(_ settings: WindowSettings, in db: Database, path: String) throws {
    let wanted: [(String, Duration)] = [
      ("window_ms", settings.window), ("hop_ms", settings.hop),
      ("session_gap_ms", settings.sessionGap ?? .zero),
      ("out_of_orderness_ms", settings.outOfOrderness),
      ("allowed_lateness_ms", settings.allowedLateness),
    ]
    for (name, duration) in wanted {
      let stored = try Int64.fetchOne(db, sql: "SELECT value FROM settings WHERE name = ?", arguments: [name])
      if let stored, stored != duration.milliseconds {
        throw StoreError(
          path: path,
          reason: "it was made with \(name) = \(stored), not \(duration.milliseconds); "
            + "use the same settings, or another file", isMistake: true)
      }
      try db.execute(
        sql: "INSERT OR IGNORE INTO settings VALUES (?, ?)", arguments: [name, duration.milliseconds])
    }
  }

  private func loadNames(_ db: Database) throws {
    for row in try Row.fetchAll(db, sql: "SELECT id, name FROM devices") {
      if let device = DeviceID(row["name"] as String) { deviceIDs[device] = row["id"] }
    }
    for row in try Row.fetchAll(db, sql: "SELECT id, name FROM sensors") {
      if let sensor = SensorID(row["name"] as String) { sensorIDs[sensor] = row["id"] }
    }
    nextSensorSet = try (Int64.fetchOne(db, sql: "SELECT max(id) FROM sensor_sets") ?? 0) + 1
  }

  // MARK: - Writing

  /// Makes `batch` durable in one transaction. When this returns, it survives a power cut; when it throws
  /// ``StoreError``, nothing of it was stored.
  package func commit(_ batch: StoreBatch) throws {
    do {
      try StoreError.wrapping(path) {
        try database.writeWithoutTransaction { db in
          CrashPoint.beforeBegin.pass()
          try db.inTransaction(.immediate) {
            CrashPoint.begun.pass()
            try insert(batch, into: db)
            CrashPoint.beforeCommit.pass()
            return .commit
          }
          CrashPoint.committed.pass()
        }
      }
    } catch {
      // Ids handed out by the transaction that failed must not be used again.
      deviceIDs.removeAll()
      sensorIDs.removeAll()
      sensorSets.removeAll()
      recentSets.removeAll()
      try? database.read { try loadNames($0) }
      throw error
    }
  }

  private func insert(_ batch: StoreBatch, into db: Database) throws {
    let moved = batch.stored.isEmpty ? [] : try insertJournal(batch.stored, batch.adjusted, db)
    CrashPoint.journaled.pass()
    if !batch.windows.isEmpty {
      try insertWindows(batch.windows, db)
      CrashPoint.windowsInserted.pass()
    }
    for late in batch.late { try insertLate(late, db) }
    for late in batch.dropped {
      try insert(late.message, late.message.timestamp, late.lateBy, movedTo: nil, journalID: nil, db)
    }
    for (late, journalID) in zip(batch.adjusted, moved) {
      try insert(
        late.message, late.original, late.lateBy, movedTo: late.message.timestamp, journalID: journalID, db)
    }
    if !batch.marks.isEmpty { try insert(batch.marks, db) }
    if !batch.retained.isEmpty { try insert(batch.retained, db) }
    for rejected in batch.rejected {
      try db.cachedStatement(
        sql: "INSERT INTO rejected (received_ms, topic, reason, payload, readings) VALUES (?, ?, ?, ?, ?)"
      )
      .execute(arguments: [
        rejected.received.milliseconds, rejected.topic, rejected.reason, Data(rejected.payload),
        rejected.readings,
      ])
    }
    for clock in batch.clocks.values { try insert(clock, db) }
    if !batch.lives.isEmpty { try insert(batch.lives, db) }
    try update(batch.progress, db)
    if let checkpoint = batch.checkpoint {
      if let retention = batch.retention {
        try carryOut(retention, newest: batch.progress.newestOfFleet, db)
        CrashPoint.retained.pass()
      }
      // After the retention: a table that it emptied numbers its rows from 1 again.
      try db.execute(
        sql: """
          INSERT OR REPLACE INTO checkpoint (id, journal_id, late_id, late_outcome_id, state) VALUES
            (1, (SELECT coalesce(max(id), 0) FROM journal), (SELECT coalesce(max(id), 0) FROM late),
            (SELECT coalesce(max(id), 0) FROM late_outcomes), ?)
          """, arguments: [Data(checkpoint)])
      CrashPoint.checkpointed.pass()
    }
  }

  /// Returns the first row of each of the `adjusted` ones among `messages`.
  private func insertJournal(_ messages: [Message], _ adjusted: [AdjustedMessage], _ db: Database) throws
    -> [Int64]
  {
    var moved: [Int64] = []
    let columns = (0..<StoreSchema.valuesPerJournalRow).map { "v\($0)" }.joined(separator: ", ")
    let marks = Array(repeating: "?", count: 5 + StoreSchema.valuesPerJournalRow).joined(separator: ", ")
    let statement = try db.cachedStatement(
      sql: "INSERT INTO journal (device, epoch, seq, ts_ms, sensor_set, \(columns)) VALUES (\(marks))")
    let handle = statement.sqliteStatement
    for (place, message) in messages.enumerated() {
      let device = try id(of: message.device, db)
      for set in try sets(of: message, device, db) {
        sqlite3_bind_int64(handle, 1, device)
        if let position = message.position {
          sqlite3_bind_int64(handle, 2, position.epoch)
          sqlite3_bind_int64(handle, 3, position.sequence)
        } else {
          sqlite3_bind_null(handle, 2)
          sqlite3_bind_null(handle, 3)
        }
        sqlite3_bind_int64(handle, 4, message.timestamp.milliseconds)
        sqlite3_bind_int64(handle, 5, set.id)
        for column in 0..<StoreSchema.valuesPerJournalRow {
          let place = Int32(6 + column)
          if column < set.positions.count {
            sqlite3_bind_double(handle, place, message.values[set.positions.lowerBound + column].value)
          } else {
            sqlite3_bind_null(handle, place)
          }
        }
        try step(handle, db)
        rowsSinceRetention += 1
        if moved.count < adjusted.count, adjusted[moved.count].place == place {
          moved.append(db.lastInsertedRowID)
        }
      }
    }
    return moved
  }

  private func insertWindows(_ windows: [WindowRow], _ db: Database) throws {
    // After a crash the fold closes windows again that the file already has, bit for bit the same. Anything else that is wrong
    // with a row is an error, which OR IGNORE would swallow.
    let statement = try db.cachedStatement(
      sql: """
        INSERT INTO windows
          (device, sensor, start_ms, end_ms, revision, visible_from_ms, count, mean, stddev, min, max, first, last,
           slope, p05, p25, median, p75, p95)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (device, start_ms, sensor, revision) DO NOTHING
        """)
    let handle = statement.sqliteStatement
    var closings = ClosingBatches()
    for window in windows {
      let device = try id(of: window.device, db)
      sqlite3_bind_int64(handle, 1, device)
      sqlite3_bind_int64(handle, 2, try id(of: window.sensor, db))
      sqlite3_bind_int64(handle, 3, window.start.milliseconds)
      sqlite3_bind_int64(handle, 4, window.end.milliseconds)
      sqlite3_bind_int64(handle, 5, Int64(window.revision))
      sqlite3_bind_int64(handle, 6, window.visibleFrom.milliseconds)
      let aggregates = window.aggregates
      sqlite3_bind_int64(handle, 7, Int64(aggregates.count))
      sqlite3_bind_double(handle, 8, aggregates.mean)
      sqlite3_bind_double(handle, 9, aggregates.stddev)
      sqlite3_bind_double(handle, 10, aggregates.min)
      sqlite3_bind_double(handle, 11, aggregates.max)
      sqlite3_bind_double(handle, 12, aggregates.first)
      sqlite3_bind_double(handle, 13, aggregates.last)
      if let slope = aggregates.slope {
        sqlite3_bind_double(handle, 14, slope)
      } else {
        sqlite3_bind_null(handle, 14)
      }
      sqlite3_bind_double(handle, 15, aggregates.p05)
      sqlite3_bind_double(handle, 16, aggregates.p25)
      sqlite3_bind_double(handle, 17, aggregates.median)
      sqlite3_bind_double(handle, 18, aggregates.p75)
      sqlite3_bind_double(handle, 19, aggregates.p95)
      try step(handle, db)
      guard db.changesCount > 0 else { continue }
      closings.add(
        windowOf: device, visibleFrom: window.visibleFrom.milliseconds, start: window.start.milliseconds)
    }
    for batch in closings.batches { try batch.insert(db) }
  }

  private func insertLate(_ late: LateMessage, _ db: Database) throws {
    let device = try id(of: late.message.device, db)
    let statement = try db.cachedStatement(
      sql:
        "INSERT INTO late (device, epoch, seq, ts_ms, sensor, value, late_by_ms) VALUES (?, ?, ?, ?, ?, ?, ?)"
    )
    for value in late.message.values {
      try statement.execute(arguments: [
        device, late.message.position?.epoch, late.message.position?.sequence,
        late.message.timestamp.milliseconds,
        try id(of: value.sensor, db), value.value, late.lateBy.milliseconds,
      ])
    }
  }

  /// A late message that was dropped, or moved.
  private func insert(
    _ message: Message, _ original: Timestamp, _ lateBy: Duration, movedTo: Timestamp?, journalID: Int64?,
    _ db: Database
  ) throws {
    try db.cachedStatement(
      sql: """
        INSERT INTO late_outcomes (device, epoch, seq, ts_ms, readings, late_by_ms, moved_to_ms, journal_id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      try id(of: message.device, db), message.position?.epoch, message.position?.sequence,
      original.milliseconds, message.values.count, lateBy.milliseconds, movedTo?.milliseconds,
      journalID,
    ])
  }

  private func insert(_ marks: [DeliveryMark], _ db: Database) throws {
    let statement = try db.cachedStatement(sql: "INSERT INTO deliveries VALUES (?, ?, ?)")
    for mark in marks {
      try statement.execute(arguments: [mark.number, Int(mark.packetID), Data(mark.digest)])
    }
    guard let newest = marks.last?.number else { return }
    try db.cachedStatement(sql: "DELETE FROM deliveries WHERE number <= ?")
      .execute(arguments: [newest - StoreDefaults.rememberedDeliveries])
  }

  private func insert(_ clock: DeviceClock, _ db: Database) throws {
    try db.cachedStatement(
      sql: """
        INSERT INTO clocks VALUES (?, ?, ?) ON CONFLICT (device) DO UPDATE SET
          ahead_ms = max(ahead_ms, excluded.ahead_ms), behind_ms = max(behind_ms, excluded.behind_ms)
        """
    ).execute(arguments: [try id(of: clock.device, db), clock.aheadMs, clock.behindMs])
  }

  private func update(_ progress: IngestionProgress, _ db: Database) throws {
    try db.cachedStatement(
      sql: """
        UPDATE progress SET messages = ?, stored_messages = ?, stored_readings = ?, duplicate_messages = ?,
          duplicate_readings = ?, late_messages = ?, late_readings = ?, rejected_messages = ?,
          rejected_readings = ?, windows_closed = ?, windows_revised = ?, max_event_ms = ?,
          fleet_watermark_ms = ?, dropped_messages = ?, dropped_readings = ?, adjusted_messages = ?,
          adjusted_readings = ?, deliveries = ?, fleet_time_ms = ?, notices = ?
        """
    ).execute(arguments: [
      progress.messages, progress.storedMessages, progress.storedReadings, progress.duplicateMessages,
      progress.duplicateReadings, progress.lateMessages, progress.lateReadings, progress.rejectedMessages,
      progress.rejectedReadings, progress.windowsClosed, progress.windowsRevised,
      progress.maxEvent?.milliseconds,
      progress.fleetWatermark?.milliseconds, progress.droppedMessages, progress.droppedReadings,
      progress.adjustedMessages, progress.adjustedReadings, progress.deliveries,
      progress.fleetTime?.milliseconds, progress.notices,
    ])
  }

  /// Runs a bound statement once and makes it ready for the next row.
  private func step(_ handle: OpaquePointer?, _ db: Database) throws {
    let result = sqlite3_step(handle)
    sqlite3_reset(handle)
    guard result == SQLITE_DONE else {
      throw DatabaseError(resultCode: ResultCode(rawValue: result), message: db.lastErrorMessage)
    }
  }

  /// Copies the write-ahead log into the file, so that the file alone is whole.
  package func close() throws {
    try StoreError.wrapping(path) {
      try database.writeWithoutTransaction { db in
        _ = try db.checkpoint(.truncate)
      }
      try database.close()
    }
  }
}
