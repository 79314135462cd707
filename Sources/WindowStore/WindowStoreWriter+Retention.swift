import GRDB
import Telemetry

extension WindowStoreWriter {
  /// The tables in the order of arrival that lose their old rows, and what of a row is its time. Windows lose theirs by
  /// the time from which they can be seen.
  private static let timedTables = [
    ("journal", "ts_ms"), ("late", "ts_ms"), ("late_outcomes", "coalesce(moved_to_ms, ts_ms)"),
    ("rejected", "received_ms"),
  ]

  /// Deletes what may go, oldest rows first. The checkpoint of the same transaction holds all that the fold still needs of
  /// them. Their pages are used again, so the file stops growing.
  func carryOut(_ retention: Retention, newest: Timestamp?, _ db: Database) throws {
    if let from = retention.from { try delete(before: from, db) }
    if let bytes = retention.bytes, let newest, let limit = retention.finalBefore {
      try shrink(to: bytes, newest: newest, notAfter: limit, db)
    }
    rowsSinceRetention = 0
  }

  private func delete(before instant: Timestamp, _ db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO settings VALUES ('retained_from_ms', ?)
        ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)
        """, arguments: [instant.milliseconds])
    let rows = StoreDefaults.deletedRowsPerTable + 2 * rowsSinceRetention
    for (table, time) in Self.timedTables {
      // Rows lie in the order of arrival, which is nearly that of time: the first young row ends the search.
      try db.execute(
        sql: """
          DELETE FROM \(table) WHERE id < (
            SELECT coalesce(
              (SELECT min(id) FROM (SELECT id, \(time) AS time FROM \(table) ORDER BY id LIMIT ?1) WHERE time >= ?2),
              (SELECT max(id) + 1 FROM (SELECT id FROM \(table) ORDER BY id LIMIT ?1)), 0))
          """, arguments: [rows, instant.milliseconds])
    }
    try deleteWindows(visibleBefore: instant, upTo: rows, db)
  }

  /// Deletes windows by their closings, oldest first, until there were `limit` or more. No window can be seen before its end.
  private func deleteWindows(visibleBefore instant: Timestamp, upTo limit: Int, _ db: Database) throws {
    let windows = try db.cachedStatement(
      sql:
        "DELETE FROM windows WHERE device = ?1 AND start_ms >= ?2 AND start_ms < ?3 AND visible_from_ms = ?3")
    let scores = try db.cachedStatement(
      sql:
        "DELETE FROM stream_scores WHERE device = ?1 AND start_ms >= ?2 AND start_ms < ?3 AND visible_from_ms = ?3"
    )
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT id, visible_from_ms, closings FROM closing_batches WHERE visible_from_ms < ?
        ORDER BY visible_from_ms, id
        """, arguments: [instant.milliseconds])
    var deleted = 0
    var done: [Int64] = []
    while deleted < limit, let row = try rows.next() {
      let visibleFrom: Int64 = row[1]
      try ClosingBatch.forEachClosing(in: row, at: 2) { closing in
        try windows.execute(arguments: [closing.device, closing.firstStart, visibleFrom])
        try scores.execute(arguments: [closing.device, closing.firstStart, visibleFrom])
        deleted += closing.windows
      }
      done.append(row[0])
    }
    let batch = try db.cachedStatement(sql: "DELETE FROM closing_batches WHERE id = ?")
    for id in done { try batch.execute(arguments: [id]) }
  }

  /// Where the file is nearly as large as it may be, deletes the oldest rows until some room is left: as many as their share
  /// of the time that the store spans lets expect, and more where that was not enough.
  private func shrink(to bytes: Int, newest: Timestamp, notAfter limit: Timestamp, _ db: Database) throws {
    guard try usedBytes(db) > Double(bytes) * StoreDefaults.retentionStartsAt else { return }
    let wanted = Double(bytes) * StoreDefaults.retentionLeaves
    for _ in 0..<StoreDefaults.retentionRounds {
      let used = try usedBytes(db)
      guard used > wanted, let oldest = try oldest(db), oldest < limit else { return }
      let span = Double((newest - oldest).milliseconds)
      let step = max(1, Int64(span * (used - wanted) / used))
      try delete(before: min(oldest + .milliseconds(step), limit), db)
    }
  }

  /// Bytes of the file that hold something.
  private func usedBytes(_ db: Database) throws -> Double {
    func value(_ pragma: String) throws -> Int { try Int.fetchOne(db, sql: "PRAGMA \(pragma)") ?? 0 }
    return Double(try (value("page_count") - value("freelist_count")) * value("page_size"))
  }

  private func oldest(_ db: Database) throws -> Timestamp? {
    var oldest = try Int64.fetchOne(
      db, sql: "SELECT visible_from_ms FROM closing_batches ORDER BY visible_from_ms LIMIT 1")
    // What was rejected has a time by the wall clock, which need not be that of the readings.
    for (table, time) in Self.timedTables where table != "rejected" {
      let first = try Int64.fetchOne(db, sql: "SELECT \(time) FROM \(table) ORDER BY id LIMIT 1")
      if let first { oldest = min(oldest ?? first, first) }
    }
    return oldest.map(Timestamp.init(milliseconds:))
  }
}
