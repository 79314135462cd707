import Foundation
import GRDB
import Telemetry
import TestSupport
import Testing
import WindowStore

private let settings = WindowSettings(window: .seconds(60), outOfOrderness: .zero, allowedLateness: .zero)

private func wide(_ device: String, _ sequence: Int64, sensors: Int) -> Message {
  Message(
    device: DeviceID(device)!, position: .init(epoch: 1, sequence: sequence),
    timestamp: Timestamp(milliseconds: 1000 * sequence),
    values: (0..<sensors).map { .init(sensor: SensorID("s\($0)")!, value: Double($0) / 3 + Double(sequence)) }
  )
}

private func window(_ device: String, start: Int64, revision: Int, visibleFrom: Int64) -> WindowRow {
  WindowRow(
    device: DeviceID(device)!, sensor: SensorID("s")!, start: Timestamp(milliseconds: start),
    end: Timestamp(milliseconds: start + 60),
    aggregates: .init(count: 1, mean: Double(revision), stddev: 0, min: 0, max: 1),
    revision: revision, visibleFrom: Timestamp(milliseconds: visibleFrom))
}

@Suite struct WindowStoreTests {
  @Test func whatIsJournaledIsReadBackBitForBit() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      let messages = [
        wide("a", 0, sensors: 1), wide("b", 0, sensors: 8), wide("a", 1, sensors: 9),
        wide("a", 2, sensors: 20),
        Message(
          device: DeviceID("foreign")!, position: nil, timestamp: Timestamp(milliseconds: 5),
          values: [.init(sensor: SensorID("s0")!, value: -0.1)]),
      ]
      let writer = try WindowStoreWriter(path: path, settings: settings)
      var batch = StoreBatch()
      batch.stored = messages
      try writer.commit(batch)
      var replayed: [Message] = []
      try writer.replay(after: writer.recover()) { message, _ in replayed.append(message) }
      #expect(replayed == messages)

      let database = try DatabaseQueue(path: path)
      let rows = try database.read { db in
        try Row.fetchAll(
          db, sql: "SELECT * FROM stored_readings WHERE device = 'a' AND seq = 2 ORDER BY value")
      }
      #expect(rows.map { $0["sensor"] as String } == (0..<20).map { "s\($0)" })
      #expect(rows.map { $0["value"] as Double } == messages[3].values.map(\.value))
      try writer.close()
    }
  }

  @Test func aMovedMessageIsKnownByTheTimeThatItCameWith() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      let device = DeviceID("foreign")!
      func foreign(_ milliseconds: Int64, sensors: Int) -> Message {
        Message(
          device: device, position: nil, timestamp: Timestamp(milliseconds: milliseconds),
          values: (0..<sensors).map { .init(sensor: SensorID("s\($0)")!, value: Double($0)) })
      }
      let writer = try WindowStoreWriter(path: path, settings: settings)
      var batch = StoreBatch()
      // The widest takes several rows; the one that was not moved has the time to which the others were.
      batch.stored = [foreign(500, sensors: 20), foreign(500, sensors: 1), foreign(500, sensors: 2)]
      batch.adjusted = [(0, 100), (2, 200)].map { place, original in
        AdjustedMessage(
          message: batch.stored[place], original: Timestamp(milliseconds: original), lateBy: .seconds(1),
          place: place)
      }
      try writer.commit(batch)
      var originals: [Int64?] = []
      try writer.replay(after: writer.recover()) { originals.append($1?.milliseconds) }
      #expect(originals == [100, nil, 200])
      var accounted: [Int64] = []
      try WindowStoreReader(path: path).forEachAccountedMessage {
        accounted.append($0.timestamp.milliseconds)
      }
      #expect(accounted.sorted() == [100, 200, 500])
      try writer.close()
    }
  }

  @Test func aCutHoldsTheNewestRevisionThatWasVisible() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      let writer = try WindowStoreWriter(path: path, settings: settings)
      var batch = StoreBatch()
      batch.windows = [
        window("a", start: 0, revision: 1, visibleFrom: 60),
        window("a", start: 0, revision: 2, visibleFrom: 100),
        window("b", start: 0, revision: 1, visibleFrom: 60),
        window("a", start: 60, revision: 1, visibleFrom: 120),
      ]
      try writer.commit(batch)
      try writer.commit(batch)  // Windows that are there already are not added again.
      let reader = try WindowStoreReader(path: path)
      func cut(_ from: Int64?, _ through: Int64?, _ devices: [DeviceID]? = nil) throws -> [String] {
        try reader.windows(
          visibleAfter: from.map(Timestamp.init(milliseconds:)),
          through: through.map(Timestamp.init(milliseconds:)),
          devices: devices
        ).map { "\($0.device)@\($0.start.milliseconds)r\($0.revision)=\($0.aggregates.mean)" }
      }
      #expect(try cut(nil, 60) == ["a@0r1=1.0", "b@0r1=1.0"])
      #expect(try cut(60, 119) == ["a@0r2=2.0"])
      #expect(try cut(nil, nil) == ["a@0r2=2.0", "a@60r1=1.0", "b@0r1=1.0"])
      #expect(try cut(nil, nil, [DeviceID("b")!]) == ["b@0r1=1.0"])
      #expect(try reader.windowCounts(visibleAfter: nil, through: nil).map(\.count) == [2, 1])
      try writer.close()
    }
  }

  @Test func aStoreHasOneWriterAndOneMeaning() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      let writer = try WindowStoreWriter(path: path, settings: settings)
      let second = #expect(throws: StoreError.self) { try WindowStoreWriter(path: path, settings: settings) }
      #expect("\(try #require(second))".contains("another process is writing it"))
      try writer.close()
      _ = consume writer
      var other = settings
      other.window = .seconds(30)
      let changed = #expect(throws: StoreError.self) { try WindowStoreWriter(path: path, settings: other) }
      #expect("\(try #require(changed))".contains("window_ms = 60000, not 30000"))
    }
  }

  @Test func aSlopeThatIsNoNumberIsMissingAndAnythingElseIsAnError() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      let writer = try WindowStoreWriter(path: path, settings: settings)
      var steep = window("a", start: 0, revision: 1, visibleFrom: 60)
      steep.aggregates.slope = nil
      let flat = window("a", start: 60, revision: 1, visibleFrom: 120)
      var batch = StoreBatch()
      batch.windows = [steep, flat]
      try writer.commit(batch)
      let reader = try WindowStoreReader(path: path)
      #expect(try reader.windows(visibleAfter: nil, through: nil) == [steep, flat])
      let columns = try reader.windows(
        visibleAfter: nil, through: nil, devices: [steep.device], columns: [.slope])
      #expect(columns[0].values[0].isNaN && columns[0].values[1] == 0)
      let slopes = try DatabaseQueue(path: path).read {
        try Row.fetchAll($0, sql: "SELECT slope FROM window_aggregates ORDER BY window_start_ms")
      }
      #expect(slopes.map { $0["slope"] as Double? } == [nil, 0])

      // No other aggregate can be missing: a row without one must not vanish in silence.
      var broken = window("a", start: 120, revision: 1, visibleFrom: 180)
      broken.aggregates.mean = .nan
      batch.windows = [broken]
      #expect(throws: (any Error).self) { try writer.commit(batch) }
      try writer.close()
    }
  }

  @Test func aFileThatIsNoDatabaseIsRefusedWithASentence() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/notes.txt"
      try String(repeating: "not a database ", count: 100).write(
        toFile: path, atomically: true, encoding: .utf8)
      let error = #expect(throws: StoreError.self) { try WindowStoreWriter(path: path, settings: settings) }
      #expect("\(try #require(error))".contains("not a database"))
      #expect(throws: StoreError.self) { try WindowStoreReader(path: "\(folder)/none") }
    }
  }
}

@Suite struct MigrationTests {
  private static let columns = """
    device, sensor, start_ms, end_ms, count, mean, stddev, min, max, first, last, slope, p05, p25, median, p75, p95,
    revision, visible_from_ms
    """

  /// Gives the store at `path` the table of windows that it had before they lay by device and time.
  private func makeOld(_ path: String) throws {
    try DatabaseQueue(path: path).write { db in
      let views = try Row.fetchAll(
        db, sql: "SELECT name, sql FROM sqlite_schema WHERE type = 'view' AND sql LIKE '%FROM windows %'")
      for view in views { try db.execute(sql: "DROP VIEW \(view["name"] as String)") }
      try db.execute(
        sql: """
          CREATE TABLE old (id INTEGER PRIMARY KEY, \(Self.columns));
          INSERT INTO old (\(Self.columns)) SELECT \(Self.columns) FROM windows ORDER BY visible_from_ms;
          DROP TABLE windows;
          ALTER TABLE old RENAME TO windows;
          CREATE UNIQUE INDEX windows_by_key ON windows (device, sensor, start_ms, revision);
          CREATE INDEX windows_by_visibility ON windows (visible_from_ms);
          CREATE INDEX windows_withdrawn ON windows (visible_from_ms) WHERE count = 0;
          DROP TABLE closing_batches;
          DELETE FROM grdb_migrations WHERE identifier LIKE '4:%' OR identifier LIKE '5:%'
            OR identifier LIKE '6:%';
          """)
      for view in views { try db.execute(sql: view["sql"]) }
    }
  }

  @Test func aStoreOfBeforeKeepsItsWindows() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      var rows: [WindowRow] = []
      // Sensors are numbered as they come, and sorted by name.
      for (device, sensor) in [("b", "z"), ("b", "a"), ("a", "m")] {
        for number in Int64(0)..<3 {
          var row = window(device, start: 60 * number, revision: 1, visibleFrom: 60 * number + 60)
          row.sensor = SensorID(sensor)!
          rows.append(row)
          row.revision = 2
          row.visibleFrom = Timestamp(milliseconds: 200)
          row.aggregates = number == 1 ? .none : .init(count: 2, mean: 7, stddev: 1, min: 0, max: 9)
          if number > 0 { rows.append(row) }
        }
      }
      var batch = StoreBatch()
      batch.windows = rows
      var writer: WindowStoreWriter? = try WindowStoreWriter(path: path, settings: settings)
      try writer?.commit(batch)
      try writer?.close()
      writer = nil
      func seen() throws -> ([WindowRow], [String], [WindowStoreReader.WindowCount]) {
        let values = try DatabaseQueue(path: path).read {
          try Row.fetchAll($0, sql: "SELECT * FROM window_values ORDER BY device, sensor, window_start_ms")
        }
        let reader = try WindowStoreReader(path: path)
        let windows = try reader.windows(visibleAfter: nil, through: nil)
        let counts =
          try reader.windowCounts(visibleAfter: nil, through: nil)
          + reader.windowCounts(
            visibleAfter: Timestamp(milliseconds: 100), through: Timestamp(milliseconds: 190))
        return (windows, values.map(\.description), counts)
      }
      let before = try seen()
      #expect(
        before.0.map { "\($0.device)/\($0.sensor)@\($0.start.milliseconds)r\($0.revision)" } == [
          "a/m@0r1", "a/m@120r2", "b/a@0r1", "b/a@120r2", "b/z@0r1", "b/z@120r2",
        ])
      #expect(before.1.count == 6)
      #expect(before.2.map(\.count) == [2, 4, 2, 4])
      try makeOld(path)
      // A reader need not wait for the writer's migration.
      #expect(try seen() == before)
      writer = try WindowStoreWriter(path: path, settings: settings)
      #expect(try seen() == before)
      try writer?.commit(batch)
      #expect(try seen() == before)
      try writer?.close()
    }
  }
}

@Suite struct RetentionTests {
  @Test func whatIsOldGoesAndTheFileStopsGrowing() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      let writer = try WindowStoreWriter(path: path, settings: settings)
      func commit(_ range: Range<Int64>, retainFrom: Int64?) throws {
        var batch = StoreBatch()
        batch.stored = range.map { wide("a", $0, sensors: 3) }
        batch.windows = range.map {
          window("a", start: $0 * 1000, revision: 1, visibleFrom: $0 * 1000 + 60)
        }
        batch.checkpoint = [1]
        batch.retention = Retention(from: retainFrom.map { Timestamp(milliseconds: $0 * 1000) })
        try writer.commit(batch)
      }
      func pages() throws -> Int {
        try DatabaseQueue(path: path).read { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
      }
      var sizes: [Int] = []
      for step in Int64(0)..<20 {
        try commit(step * 2000..<(step + 1) * 2000, retainFrom: step * 2000 - 1000)
        sizes.append(try pages())
      }
      // Four times the rows went through since; free places in index pages cost a little.
      #expect(sizes[19] < sizes[4] * 3 / 2, "\(sizes)")
      let oldest = try DatabaseQueue(path: path).read { db in
        (
          try Int64.fetchOne(db, sql: "SELECT min(ts_ms) FROM stored_readings"),
          try Int64.fetchOne(db, sql: "SELECT min(window_end_ms) FROM window_values")
        )
      }
      #expect(oldest.0 == 37_000_000)
      #expect((oldest.1 ?? 0) >= 37_000_000)
      try writer.close()
    }
  }
}
