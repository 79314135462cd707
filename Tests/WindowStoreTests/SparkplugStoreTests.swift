import GRDB
import Telemetry
import TestSupport
import Testing
import WindowStore

private let settings = WindowSettings(window: .seconds(60), outOfOrderness: .zero, allowedLateness: .zero)

/// What is kept of the lives of Sparkplug's nodes and devices.
@Suite struct SparkplugStoreTests {
  private func life(_ path: String, epoch: Int64 = 1, birth: [UInt8]? = nil, times: [UInt8]? = nil)
    -> SparkplugLife
  {
    SparkplugLife(
      path: path, epoch: epoch, isAlive: epoch % 2 == 1, missing: epoch, state: [1, 2], birth: birth,
      times: times)
  }

  @Test func theNewestOfEachIsKept() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      var writer: WindowStoreWriter? = try WindowStoreWriter(path: path, settings: settings)
      var batch = StoreBatch()
      batch.lives = [
        life("g/n/d", birth: [7], times: [3]), life("g/n", birth: [8, 9], times: [4]), life("g/m"),
      ]
      batch.progress.notices = 3
      try writer?.commit(batch)
      batch.removeAll()
      #expect(batch.lives.isEmpty)
      // A life goes on: its birth and its times are those that are there.
      batch.lives = [life("g/n", epoch: 2), life("g/n/d", epoch: 3, birth: [5], times: [6, 6])]
      try writer?.commit(batch)
      try writer?.close()
      writer = nil
      let again = try WindowStoreWriter(path: path, settings: settings)
      // A node before its devices.
      #expect(
        try again.sparkplugLives() == [
          life("g/m"), life("g/n", epoch: 2, birth: [8, 9], times: [4]),
          life("g/n/d", epoch: 3, birth: [5], times: [6, 6]),
        ])
      #expect(try WindowStoreReader(path: path).progress().notices == 3)
      try again.close()
    }
  }

  @Test func aStoreOfBeforeGetsTheTables() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      var writer: WindowStoreWriter? = try WindowStoreWriter(path: path, settings: settings)
      try writer?.close()
      writer = nil
      try await DatabaseQueue(path: path).write {
        try $0.execute(
          sql: """
            DROP TABLE sparkplug_lives; DROP TABLE sparkplug_births; DROP TABLE sparkplug_times;
            ALTER TABLE progress DROP COLUMN notices;
            DELETE FROM grdb_migrations WHERE identifier LIKE '10:%' OR identifier LIKE '11:%';
            """)
      }
      #expect(try WindowStoreReader(path: path).progress().notices == 0)
      let again = try WindowStoreWriter(path: path, settings: settings)
      #expect(try again.sparkplugLives().isEmpty)
      var batch = StoreBatch()
      batch.lives = [life("g/n", birth: [1])]
      try again.commit(batch)
      #expect(try again.sparkplugLives().count == 1)
      try again.close()
    }
  }
}
