import GRDB
import Telemetry

extension WindowStoreReader {
  /// What a cut holds of a device.
  package struct WindowCount: Hashable, Sendable {
    package var device: DeviceID
    /// How many windows; see ``windows(visibleAfter:through:devices:)``.
    package var count: Int
    /// The start of the first of them.
    package var firstStart: Timestamp

    package init(device: DeviceID, count: Int, firstStart: Timestamp) {
      self.device = device
      self.count = count
      self.firstStart = firstStart
    }
  }

  /// How many windows of each device a cut holds. Only devices with at least one, in byte order.
  package func windowCounts(visibleAfter: Timestamp?, through: Timestamp?) throws -> [WindowCount] {
    let cut = Self.bounds(visibleAfter, through)
    return try read { db in
      var devices: [(id: Int64, name: String)] = []
      let rows = try Row.fetchCursor(db, sql: "SELECT id, name FROM devices ORDER BY name")
      while let row = try rows.next() { devices.append((row[0], row[1])) }
      var counts = try DeviceCounts(ids: devices.map(\.id))
      try Self.forEachClosing(in: cut, db) { try counts.add($0) }
      for id in try Self.revisionsOfOneWindow(in: cut, db) { try counts.subtractOne(of: id) }
      return try devices.compactMap { id, name in
        try counts[id].map { count in
          WindowCount(
            device: try Self.device(name), count: count.windows,
            firstStart: Timestamp(milliseconds: count.firstStart))
        }
      }
    }
  }

  /// The sensors of which each device has windows. All windows are looked at.
  package func sensors() throws -> [DeviceID: [SensorID]] {
    try read { db in
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT d.name, s.name FROM (SELECT DISTINCT device, sensor FROM windows WHERE count > 0) w
            JOIN devices d ON d.id = w.device JOIN sensors s ON s.id = w.sensor ORDER BY d.name, s.name
          """)
      var found: [DeviceID: [SensorID]] = [:]
      while let row = try rows.next() {
        guard let sensor = SensorID(row[1] as String) else { throw Self.damaged("sensor", row[1]) }
        found[try Self.device(row[0]), default: []].append(sensor)
      }
      return found
    }
  }

  private static func forEachClosing(
    in cut: (after: Int64, through: Int64), _ db: Database, _ body: (Closing) throws -> Void
  ) throws {
    guard try db.tableExists(ClosingBatch.tableName) else {
      // The store's writer has not come to its migration yet.
      return try ClosingBatch.forEachClosing(
        ofWindowsVisibleAfter: cut.after, through: cut.through, db
      ) { _, closing in try body(closing) }
    }
    let rows = try Row.fetchCursor(
      db,
      sql: "SELECT closings FROM closing_batches WHERE visible_from_ms > ? AND visible_from_ms <= ?",
      arguments: [cut.after, cut.through])
    while let row = try rows.next() { try ClosingBatch.forEachClosing(in: row, at: 0, body) }
  }

  /// The devices of what closings count too much, one by one: a window counts once, and not at all where its last revision in
  /// the cut takes it back.
  private static func revisionsOfOneWindow(in cut: (after: Int64, through: Int64), _ db: Database) throws
    -> [Int64]
  {
    func other(_ comparison: String) -> String {
      """
      EXISTS (SELECT 1 FROM windows o WHERE o.device = w.device AND o.sensor = w.sensor AND o.start_ms = w.start_ms
        AND o.revision \(comparison) w.revision AND o.visible_from_ms > ?1 AND o.visible_from_ms <= ?2)
      """
    }
    return try Int64.fetchAll(
      db,
      sql: """
        SELECT w.device FROM windows w WHERE w.revision > 1 AND w.visible_from_ms > ?1 AND w.visible_from_ms <= ?2
          AND \(other("<"))
        UNION ALL
        SELECT w.device FROM windows w WHERE w.count = 0 AND w.visible_from_ms > ?1 AND w.visible_from_ms <= ?2
          AND NOT \(other(">"))
        """, arguments: [cut.after, cut.through])
  }
}

/// The windows of devices, by the store's numbers of them.
private struct DeviceCounts {
  struct Count {
    var windows = 0
    var firstStart = Int64.max
  }

  /// By number: numbers are given one after the other, and there are many closings.
  private var counts: [Count]

  init(ids: [Int64]) throws {
    let highest = ids.max() ?? 0
    // Far more than there are names: no number that the store has given.
    guard 0...Int64(2 * ids.count + 1000) ~= highest else {
      throw WindowStoreReader.damaged("device", "\(highest)")
    }
    counts = Array(repeating: Count(), count: Int(highest) + 1)
  }

  /// Nil where there are none.
  subscript(_ device: Int64) -> Count? {
    let count = counts[Int(device)]
    return count.windows > 0 ? count : nil
  }

  mutating func add(_ closing: Closing) throws {
    let device = try place(of: closing.device)
    counts[device].windows += closing.windows
    counts[device].firstStart = min(counts[device].firstStart, closing.firstStart)
  }

  mutating func subtractOne(of device: Int64) throws { counts[try place(of: device)].windows -= 1 }

  private func place(of device: Int64) throws -> Int {
    guard counts.indices.contains(Int(device)) else {
      throw WindowStoreReader.damaged("device", "\(device)")
    }
    return Int(device)
  }
}
