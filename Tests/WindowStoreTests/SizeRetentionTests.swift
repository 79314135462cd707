import Foundation
import GRDB
import Telemetry
import TestSupport
import Testing
import WindowStore

private let settings = WindowSettings(window: .seconds(60), outOfOrderness: .zero, allowedLateness: .zero)

@Suite struct SizeRetentionTests {
  private static let limit = 4_000_000

  /// Readings a second apart, as many as would make a file several times as large as it may become.
  private func messages(_ range: Range<Int64>) -> [Message] {
    range.map { sequence in
      Message(
        device: DeviceID("d\(sequence % 10)")!, position: .init(epoch: 1, sequence: sequence),
        timestamp: Timestamp(milliseconds: sequence * 1000),
        values: (0..<3).map { .init(sensor: SensorID("s\($0)")!, value: Double(sequence) / 7 + Double($0)) })
    }
  }

  @Test func theFileStaysWithinItsBound() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      let writer = try WindowStoreWriter(path: path, settings: settings)
      var largest = 0
      for step in Int64(0)..<60 {
        var batch = StoreBatch()
        batch.stored = messages(step * 5000..<(step + 1) * 5000)
        batch.checkpoint = [1]
        let newest = Timestamp(milliseconds: (step + 1) * 5_000_000)
        batch.progress.maxEvent = newest
        batch.retention = Retention(bytes: Self.limit, finalBefore: newest - .seconds(60))
        try writer.commit(batch)
        let pages = try await DatabaseQueue(path: path).read { db in
          (try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0)
            * (try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0)
        }
        largest = max(largest, pages)
      }
      try writer.close()
      // 300,000 rows of some 60 bytes went through.
      #expect(largest <= Self.limit, "\(largest) bytes")
      let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
      #expect(size <= Self.limit && size > Self.limit / 2, "\(size) bytes")
      // The newest readings are all there: what went, went from the old end.
      let journal = try DatabaseQueue(path: path).read { db in
        try Row.fetchOne(db, sql: "SELECT count(*), min(seq), max(seq) FROM journal")!
      }
      #expect((journal[2] as Int64) == 299_999)
      #expect((journal[0] as Int64) == 299_999 - (journal[1] as Int64) + 1)
    }
  }

  @Test func whatCanStillChangeIsKeptHoweverLargeTheFile() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      let writer = try WindowStoreWriter(path: path, settings: settings)
      var batch = StoreBatch()
      batch.stored = messages(0..<20_000)
      batch.checkpoint = [1]
      batch.progress.maxEvent = Timestamp(milliseconds: 20_000_000)
      batch.retention = Retention(bytes: 100_000, finalBefore: Timestamp(milliseconds: 5_000_000))
      try writer.commit(batch)
      try writer.close()
      let oldest = try await DatabaseQueue(path: path).read {
        try Int64.fetchOne($0, sql: "SELECT min(seq) FROM journal")
      }
      #expect(oldest == 5000)
    }
  }

  /// A table that a retention empties numbers its rows from 1 again, and the checkpoint must know.
  @Test func lateMessagesAfterARetentionAreReplayed() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      let writer = try WindowStoreWriter(path: path, settings: settings)
      func commit(_ late: [Message], from: Int64?) throws {
        var batch = StoreBatch()
        batch.late = late.map { LateMessage(message: $0, lateBy: .seconds(1)) }
        batch.checkpoint = from == nil ? nil : [1]
        batch.retention = from.map { Retention(from: Timestamp(milliseconds: $0)) }
        try writer.commit(batch)
      }
      try commit(messages(0..<100), from: 1_000_000)
      try commit(messages(100..<103), from: nil)
      var positions: [Int64] = []
      try writer.replayLate(after: writer.recover()) { positions.append($1.sequence) }
      #expect(positions.sorted() == [100, 101, 102])
      try writer.close()
    }
  }
}

@Suite struct WithdrawnWindowTests {
  private func row(_ start: Int64, revision: Int, count: Int, visibleFrom: Int64) -> WindowRow {
    WindowRow(
      device: DeviceID("d")!, sensor: SensorID("s")!, start: Timestamp(milliseconds: start),
      end: Timestamp(milliseconds: start + 60),
      aggregates: count == 0 ? .none : .init(count: count, mean: 1, stddev: 0, min: 1, max: 1),
      revision: revision,
      visibleFrom: Timestamp(milliseconds: visibleFrom))
  }

  @Test func aWindowThatWasTakenBackIsInNoViewAndInNoCut() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      let writer = try WindowStoreWriter(path: path, settings: settings)
      var batch = StoreBatch()
      batch.windows = [
        row(0, revision: 1, count: 2, visibleFrom: 60), row(0, revision: 2, count: 0, visibleFrom: 100),
        row(100, revision: 1, count: 2, visibleFrom: 160), row(100, revision: 2, count: 0, visibleFrom: 200),
        row(100, revision: 3, count: 3, visibleFrom: 220),
      ]
      try writer.commit(batch)
      let reader = try WindowStoreReader(path: path)
      func cut(_ from: Int64?, _ through: Int64?) throws -> [String] {
        let from = from.map(Timestamp.init(milliseconds:))
        let through = through.map(Timestamp.init(milliseconds:))
        let rows = try reader.windows(visibleAfter: from, through: through)
        let count = try reader.windowCounts(visibleAfter: from, through: through).first?.count ?? 0
        #expect(count == rows.count, "\(String(describing: from)) \(String(describing: through))")
        return rows.map { "\($0.start.milliseconds)r\($0.revision)" }
      }
      #expect(try cut(nil, 99) == ["0r1"])
      #expect(try cut(nil, 199) == ["100r1"])
      #expect(try cut(60, 199) == ["100r1"])
      #expect(try cut(160, 210) == [])
      #expect(try cut(160, 220) == ["100r3"])
      #expect(try cut(nil, nil) == ["100r3"])
      let view = try await DatabaseQueue(path: path).read {
        try Int64.fetchAll($0, sql: "SELECT window_start_ms FROM window_values")
      }
      #expect(view == [100])
      try writer.close()
    }
  }
}
