import Foundation
import GRDB
import GRDBSQLite
import Supervision
import Telemetry

/// A store as scoring inside the stream sees it: what has closed, in the order of the commits, and the scores of it.
///
/// It is a second writer beside ingestion, of tables that ingestion never looks at. A transaction of it lasts some milliseconds and waits for
/// no disk: what a power cut takes is scored again. Used from one thread.
package final class StreamScoreStore {
  /// Which windows became visible at one event time with one commit, of some devices.
  package struct ClosedBatch: Hashable, Sendable {
    package struct Device: Hashable, Sendable {
      /// The store's number of the device.
      package var number: Int64
      package var windows: Int
      package var firstStart: Timestamp
    }

    /// Ascends with the commits.
    package var id: Int64
    package var visibleFrom: Timestamp
    package var devices: [Device]
  }

  /// Which row of a prediction file a score would be.
  package struct Key: Hashable, Sendable {
    /// The store's numbers; sensor 0 is the whole device.
    package var device: Int64
    package var sensor: Int64
    package var start: Timestamp
    package var revision: Int

    package init(device: Int64, sensor: Int64, start: Timestamp, revision: Int) {
      self.device = device
      self.sensor = sensor
      self.start = start
      self.revision = revision
    }
  }

  /// A score, or why there is none.
  package struct Outcome: Hashable, Sendable {
    package enum Result: Hashable, Sendable {
      case scored(score: Double, isAnomaly: Bool, modelVersion: String)
      case failed(reason: String)
    }

    package var key: Key
    /// Which batch it came with.
    package var batch: Int64
    package var end: Timestamp
    package var visibleFrom: Timestamp
    package var result: Result

    package init(key: Key, batch: Int64, end: Timestamp, visibleFrom: Timestamp, result: Result) {
      self.key = key
      self.batch = batch
      self.end = end
      self.visibleFrom = visibleFrom
      self.result = result
    }
  }

  private let path: String
  private let database: DatabaseQueue
  private var deviceNames: [Int64: DeviceID] = [:]
  private var sensorNames: [Int64: SensorID] = [:]
  private var versions: [String: Int64] = [:]

  /// Opens the store at `path`, which ingestion has made. Throws ``StoreError``.
  package init(path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else {
      throw StoreError(path: path, reason: "there is no such file", isMistake: true)
    }
    self.path = path
    database = try StoreError.wrapping(path) {
      try DatabaseQueue(path: path, configuration: StoreDefaults.streamScorer())
    }
    try StoreError.wrapping(path) {
      try database.write { db in
        guard try db.tableExists("stream_progress") else {
          throw StoreError(
            path: path,
            reason: "an older version has made it; “sonde ingest” brings it up to date when it starts",
            isMistake: true)
        }
        try db.execute(
          sql: "INSERT OR IGNORE INTO stream_progress VALUES (1, 0, 0, 0, 0, 0, 0, NULL)")
        for row in try Row.fetchAll(db, sql: "SELECT version, id FROM stream_model_versions") {
          versions[row[0]] = row[1]
        }
      }
    }
  }

  package func close() throws { try StoreError.wrapping(path) { try database.close() } }

  // MARK: - Reading

  /// Up to which batch everything has its row, and what was sent until then.
  package func progress() throws -> StreamProgress {
    try StoreError.wrapping(path) {
      try database.read { db in try StreamProgress.fetch(db) ?? StreamProgress() }
    }
  }

  /// The fleet's watermark; nil before the first reading.
  package func fleetWatermark() throws -> Timestamp? {
    try StoreError.wrapping(path) {
      try database.read { db in
        try Int64.fetchOne(db, sql: "SELECT fleet_watermark_ms FROM progress").map(
          Timestamp.init(milliseconds:))
      }
    }
  }

  /// The number of the newest batch; 0 where there is none.
  package func newestBatch() throws -> Int64 {
    try StoreError.wrapping(path) {
      try database.read { db in try Int64.fetchOne(db, sql: "SELECT max(id) FROM closing_batches") ?? 0 }
    }
  }

  /// The batches after the one called `id`, at most `limit`, in the order of their commits.
  package func batches(after id: Int64, limit: Int) throws -> [ClosedBatch] {
    try StoreError.wrapping(path) {
      try database.read { db in
        let rows = try Row.fetchCursor(
          try db.cachedStatement(
            sql: "SELECT id, visible_from_ms, closings FROM closing_batches WHERE id > ? ORDER BY id LIMIT ?"),
          arguments: [id, limit])
        var batches: [ClosedBatch] = []
        while let row = try rows.next() {
          var batch = ClosedBatch(id: row[0], visibleFrom: Timestamp(milliseconds: row[1]), devices: [])
          // A device may have several closings, and is read once.
          var places: [Int64: Int] = [:]
          try ClosingBatch.forEachClosing(in: row, at: 2) { closing in
            let start = Timestamp(milliseconds: closing.firstStart)
            if let place = places[closing.device] {
              batch.devices[place].windows += closing.windows
              batch.devices[place].firstStart = min(batch.devices[place].firstStart, start)
            } else {
              places[closing.device] = batch.devices.count
              batch.devices.append(
                .init(number: closing.device, windows: closing.windows, firstStart: start))
            }
          }
          batches.append(batch)
        }
        return batches
      }
    }
  }

  /// What has closed after the batch called `id`: how many windows, of how many devices, and the earliest time from which one of them can be seen.
  package func closed(after id: Int64) throws -> (windows: Int, devices: Int, oldest: Timestamp?) {
    try StoreError.wrapping(path) {
      try database.read { db in
        let rows = try Row.fetchCursor(
          try db.cachedStatement(sql: "SELECT visible_from_ms, closings FROM closing_batches WHERE id > ?"),
          arguments: [id])
        var (windows, devices, oldest) = (0, 0, Int64.max)
        while let row = try rows.next() {
          oldest = min(oldest, row[0] as Int64)
          try ClosingBatch.forEachClosing(in: row, at: 1) { closing in
            windows += closing.windows
            devices += 1
          }
        }
        return (windows, devices, oldest == .max ? nil : Timestamp(milliseconds: oldest))
      }
    }
  }

  /// What was visible of a device when `batch` closed, from the first window on that the batch has changed: every revision, by start, sensor and
  /// revision. Nil where the store does not know the device.
  package func windows(
    of device: ClosedBatch.Device, in batch: ClosedBatch, columns: [AggregateColumn]
  ) throws -> ClosedWindows? {
    try StoreError.wrapping(path) {
      try database.read { db in
        guard let name = try name(ofDevice: device.number, db) else { return nil }
        let statement = try db.cachedStatement(
          sql: """
            SELECT 1 FROM windows WHERE device = ?1 AND start_ms >= ?2 AND start_ms < ?3
              AND visit(?4, sensor, start_ms, end_ms, revision, visible_from_ms, count
                \(columns.map { ", \($0.rawValue)" }.joined()))
            ORDER BY start_ms, sensor, revision
            """)
        let handle = statement.sqliteStatement
        sqlite3_bind_int64(handle, 1, device.number)
        sqlite3_bind_int64(handle, 2, device.firstStart.milliseconds)
        // No window can be seen before its end.
        sqlite3_bind_int64(handle, 3, batch.visibleFrom.milliseconds)
        var found = ClosedWindows(device: name, number: device.number, columns: columns)
        let limit = batch.visibleFrom.milliseconds
        try RowVisit.forEachRow(of: handle, parameter: 4, db) { row in
          let visibleFrom = row.integer(4)
          guard visibleFrom <= limit else { return }
          let sensor = row.integer(0)
          found.rows.append(
            ClosedWindows.Row(
              sensor: try self.name(ofSensor: sensor, db), sensorNumber: sensor,
              start: Timestamp(milliseconds: row.integer(1)), end: Timestamp(milliseconds: row.integer(2)),
              revision: Int(row.integer(3)), visibleFrom: Timestamp(milliseconds: visibleFrom),
              isWithdrawn: row.integer(5) == 0, values: (6..<6 + columns.count).map { row.number($0) }))
        }
        return found
      }
    }
  }

  /// Those of `keys` that have their row already, of this or a later batch.
  package func stored(_ keys: [(Key, batch: Int64)]) throws -> Set<Key> {
    try StoreError.wrapping(path) {
      try database.read { db in
        let statement = try db.cachedStatement(
          sql: """
            SELECT EXISTS (SELECT 1 FROM stream_scores WHERE device = ? AND start_ms = ? AND sensor = ? AND revision = ?
              AND closing_id >= ?)
            """)
        var found: Set<Key> = []
        for (key, batch) in keys {
          let isStored =
            try Bool.fetchOne(
              statement,
              arguments: [
                key.device, key.start.milliseconds, key.sensor, key.revision, batch,
              ]) ?? false
          if isStored { found.insert(key) }
        }
        return found
      }
    }
  }

  private func name(ofDevice number: Int64, _ db: Database) throws -> DeviceID? {
    if let name = deviceNames[number] { return name }
    let text = try String.fetchOne(db, sql: "SELECT name FROM devices WHERE id = ?", arguments: [number])
    guard let name = try text.map(WindowStoreReader.device) else { return nil }
    deviceNames[number] = name
    return name
  }

  private func name(ofSensor number: Int64, _ db: Database) throws -> SensorID {
    if let name = sensorNames[number] { return name }
    let text = try String.fetchOne(db, sql: "SELECT name FROM sensors WHERE id = ?", arguments: [number])
    guard let text, let name = SensorID(text) else {
      throw WindowStoreReader.damaged("sensor", text ?? "\(number)")
    }
    sensorNames[number] = name
    return name
  }

  // MARK: - Writing

  /// Stores `outcomes` and how far scoring has come, in one transaction. A revision that has its row keeps it; only where another sensor of the
  /// device was changed by a later batch, with the same number, the later one counts. What retention has deleted meanwhile is not stored.
  package func commit(_ outcomes: [Outcome], _ progress: StreamProgress, at now: Timestamp) throws {
    do {
      try write(outcomes, progress, now)
    } catch {
      // Numbers that the transaction has given are given to others again.
      versions.removeAll()
      throw error
    }
    CrashPoint.streamCommitted.pass()
  }

  private func write(_ outcomes: [Outcome], _ progress: StreamProgress, _ now: Timestamp) throws {
    try StoreError.wrapping(path) {
      try database.writeWithoutTransaction { db in
        try db.inTransaction(.immediate) {
          let watermark = try Int64.fetchOne(db, sql: "SELECT fleet_watermark_ms FROM progress") ?? 0
          var kept: [Int64: Bool] = [:]
          for outcome in outcomes {
            let isKept = try kept[outcome.batch] ?? isKept(outcome.batch, db)
            kept[outcome.batch] = isKept
            if isKept { try insert(outcome, now, watermark, db) }
          }
          try progress.write(db)
          CrashPoint.streamInserted.pass()
          return .commit
        }
      }
    }
  }

  /// Whether the windows of a batch are still there. Their scores would stay for ever otherwise: retention finds both by the batch.
  private func isKept(_ batch: Int64, _ db: Database) throws -> Bool {
    try Bool.fetchOne(
      try db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM closing_batches WHERE id = ?)"),
      arguments: [batch]) ?? false
  }

  private func insert(_ outcome: Outcome, _ now: Timestamp, _ watermark: Int64, _ db: Database) throws {
    let statement = try db.cachedStatement(
      sql: """
        INSERT INTO stream_scores (device, start_ms, sensor, revision, end_ms, visible_from_ms, closing_id, score,
          prediction, model_version, reason, scored_ms, watermark_ms)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (device, start_ms, sensor, revision) DO UPDATE SET
          end_ms = excluded.end_ms, visible_from_ms = excluded.visible_from_ms, closing_id = excluded.closing_id,
          score = excluded.score, prediction = excluded.prediction, model_version = excluded.model_version,
          reason = excluded.reason, scored_ms = excluded.scored_ms, watermark_ms = excluded.watermark_ms
          -- Two batches may become visible at one time; the later one then has the rows of both.
          WHERE excluded.closing_id > closing_id AND (excluded.visible_from_ms > visible_from_ms
            OR excluded.score IS NOT score OR excluded.prediction IS NOT prediction OR excluded.reason IS NOT reason)
        """)
    var (score, prediction, version, reason): (Double?, Int?, Int64?, String?) = (nil, nil, nil, nil)
    switch outcome.result {
    case .scored(let value, let isAnomaly, let model):
      (score, prediction, version) = (value, isAnomaly ? 1 : 0, try number(ofVersion: model, db))
    case .failed(let text): reason = text
    }
    try statement.execute(arguments: [
      outcome.key.device, outcome.key.start.milliseconds, outcome.key.sensor, outcome.key.revision,
      outcome.end.milliseconds, outcome.visibleFrom.milliseconds, outcome.batch, score, prediction, version,
      reason, now.milliseconds, watermark,
    ])
  }

  private func number(ofVersion version: String, _ db: Database) throws -> Int64 {
    if let number = versions[version] { return number }
    try db.execute(
      sql: "INSERT OR IGNORE INTO stream_model_versions (version) VALUES (?)", arguments: [version])
    guard
      let number = try Int64.fetchOne(
        db, sql: "SELECT id FROM stream_model_versions WHERE version = ?", arguments: [version])
    else { throw DatabaseError(message: "a model version was not stored") }
    versions[version] = number
    return number
  }
}
