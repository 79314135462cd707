import Foundation
import GRDB
import Telemetry
import TestSupport
import Testing
import WindowStore

private let settings = WindowSettings(window: .seconds(60), outOfOrderness: .zero, allowedLateness: .zero)

/// The closings say what the windows say.
@Suite struct ClosingsTests {
  /// Windows of a few devices and sensors with up to three revisions each, in the order in which they become visible. Some are
  /// taken back, and some devices sleep, so that what they have becomes visible late.
  private func revisions(_ generator: inout SeededGenerator) -> [WindowRow] {
    var rows: [WindowRow] = []
    for device in 0..<4 {
      let sleep = device == 3 ? Int64(400) : 0
      for sensor in 0..<3 {
        for number in Int64(0)..<12 {
          let start = 60 * number
          var visibleFrom = start + 60 + sleep
          for revision in 1...1 + Int(generator.next() % 3) {
            let isWithdrawn = revision > 1 && generator.next() % 4 == 0
            rows.append(
              WindowRow(
                device: DeviceID("d\(9 - device)")!, sensor: SensorID("s\(sensor)")!,
                start: Timestamp(milliseconds: start), end: Timestamp(milliseconds: start + 60),
                aggregates: isWithdrawn
                  ? .none : .init(count: revision, mean: Double(revision), stddev: 0, min: 0, max: 9),
                revision: revision, visibleFrom: Timestamp(milliseconds: visibleFrom)))
            visibleFrom += Int64(1 + generator.next() % 200)
          }
        }
      }
    }
    return rows.sorted { ($0.visibleFrom, $0.device) < ($1.visibleFrom, $1.device) }
  }

  /// What a cut holds, looked for in all rows.
  private func naive(_ rows: [WindowRow], _ after: Timestamp?, _ through: Timestamp?) -> [WindowRow] {
    struct Key: Hashable {
      var device: DeviceID
      var sensor: SensorID
      var start: Timestamp
    }
    var newest: [Key: WindowRow] = [:]
    for row in rows where after.map({ row.visibleFrom > $0 }) ?? true {
      guard through.map({ row.visibleFrom <= $0 }) ?? true else { continue }
      let key = Key(device: row.device, sensor: row.sensor, start: row.start)
      if row.revision > newest[key]?.revision ?? 0 { newest[key] = row }
    }
    return newest.values.filter { $0.aggregates.count > 0 }
      .sorted { ($0.device, $0.sensor, $0.start) < ($1.device, $1.sensor, $1.start) }
  }

  private func expectAgreement(_ path: String, _ comment: Comment) throws {
    try DatabaseQueue(path: path).read { db in
      // A row's value: 16 bytes a closing, of which the device has four, the windows four and the first start eight.
      var kept: [[Int64]: (windows: Int64, first: Int64)] = [:]
      for row in try Row.fetchAll(db, sql: "SELECT visible_from_ms, closings FROM closing_batches") {
        let bytes: Data = row[1]
        func number(_ place: Int, _ length: Int) -> Int64 {
          (0..<length).reduce(0) { $0 | Int64(bytes[bytes.startIndex + place + $1]) << (8 * $1) }
        }
        for place in stride(from: 0, to: bytes.count, by: 16) {
          let key = [row[0], number(place, 4)]
          let before = kept[key] ?? (0, .max)
          kept[key] = (before.windows + number(place + 4, 4), min(before.first, number(place + 8, 8)))
        }
      }
      let expected = try Row.fetchAll(
        db,
        sql:
          "SELECT visible_from_ms, device, count(*), min(start_ms) FROM windows GROUP BY 1, 2 ORDER BY 1, 2"
      ).map { [$0[0], $0[1], $0[2], $0[3]] as [Int64] }
      let found = kept.map { $0 + [$1.windows, $1.first] }.sorted { $0.lexicographicallyPrecedes($1) }
      #expect(found == expected, comment)
    }
  }

  @Test(arguments: UInt64(1)...12) func theyCountWhatIsThere(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed, stream: "closings")
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      let rows = revisions(&generator)
      let writer = try WindowStoreWriter(path: path, settings: settings)
      var start = 0
      while start < rows.count {
        let end = min(rows.count, start + 1 + Int(generator.next() % 40))
        var batch = StoreBatch()
        batch.windows = Array(rows[start..<end])
        try writer.commit(batch)
        // After a crash some come again.
        if generator.next() % 3 == 0 { try writer.commit(batch) }
        start = end
      }
      try expectAgreement(path, "seed \(seed)")

      let reader = try WindowStoreReader(path: path)
      for _ in 0..<40 {
        func instant() -> Timestamp? {
          generator.next() % 8 == 0 ? nil : Timestamp(milliseconds: Int64(generator.next() % 1600))
        }
        let (after, through) = (instant(), instant())
        let comment: Comment =
          "seed \(seed), after \(String(describing: after)) through \(String(describing: through))"
        let expected = naive(rows, after, through)
        #expect(try reader.windows(visibleAfter: after, through: through) == expected, comment)
        let counts = try reader.windowCounts(visibleAfter: after, through: through)
        let devices = Dictionary(grouping: expected, by: \.device).sorted { $0.key < $1.key }
        #expect(counts.map(\.device) == devices.map(\.key), comment)
        #expect(counts.map(\.count) == devices.map(\.value.count), comment)
        // What lies before the first start is not needed.
        for count in counts {
          func read(from: Timestamp?) throws -> [DeviceWindows.Row] {
            try reader.windows(
              visibleAfter: after, through: through, devices: [count.device], columns: [.mean], from: from
            ).flatMap(\.rows)
          }
          #expect(try read(from: count.firstStart) == read(from: nil), comment)
          #expect(count.firstStart <= (try read(from: nil).map(\.start).min() ?? count.firstStart), comment)
        }
      }

      // Retention takes both, a bounded number at a time.
      let limit = Timestamp(milliseconds: Int64(generator.next() % 1600))
      var batch = StoreBatch()
      batch.checkpoint = [1]
      batch.retention = Retention(from: limit)
      try writer.commit(batch)
      try expectAgreement(path, "seed \(seed), retained from \(limit)")
      let left = try await DatabaseQueue(path: path).read {
        try Int.fetchOne($0, sql: "SELECT count(*) FROM windows")
      }
      #expect(left == rows.count { $0.visibleFrom >= limit }, "seed \(seed)")
      // The fold may close again what retention has deleted already.
      batch = StoreBatch()
      batch.windows = rows
      try writer.commit(batch)
      try expectAgreement(path, "seed \(seed), closed again")
      try writer.close()
    }
  }

  /// Each life of the writer ends without a word, and the next one closes again what came after the checkpoint.
  @Test(arguments: UInt64(1)...4) func theyGoWithTheirWindows(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed, stream: "lives")
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      let rows = revisions(&generator)
      var sinceCheckpoint: [WindowRow] = []
      for first in stride(from: 0, to: rows.count, by: 40) {
        let writer = try WindowStoreWriter(path: path, settings: settings)
        let next = rows[first..<min(first + 40, rows.count)]
        var batch = StoreBatch()
        batch.windows = sinceCheckpoint + next
        if generator.next() % 2 == 0 {
          batch.checkpoint = [1]
          batch.retention = Retention(from: rows[first].visibleFrom - .milliseconds(100))
          sinceCheckpoint = []
        } else {
          sinceCheckpoint += next
        }
        try writer.commit(batch)
        try expectAgreement(path, "seed \(seed), from row \(first)")
        if let from = batch.retention?.from {
          let oldest = try await DatabaseQueue(path: path).read {
            try Int64.fetchOne($0, sql: "SELECT min(visible_from_ms) FROM windows")
          }
          #expect(oldest.map { $0 >= from.milliseconds } ?? true, "seed \(seed), from row \(first)")
        }
      }
    }
  }

  @Test func aDeviceThatSleptIsReadFromItsOldStarts() async throws {
    func row(_ device: String, _ start: Int64, visibleFrom: Int64) -> WindowRow {
      WindowRow(
        device: DeviceID(device)!, sensor: SensorID("s")!, start: Timestamp(milliseconds: start),
        end: Timestamp(milliseconds: start + 10),
        aggregates: .init(count: 1, mean: 1, stddev: 0, min: 1, max: 1), revision: 1,
        visibleFrom: Timestamp(milliseconds: visibleFrom))
    }
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      let writer = try WindowStoreWriter(path: path, settings: settings)
      var batch = StoreBatch()
      batch.windows = (0..<100).map { row("a", $0 * 10, visibleFrom: $0 * 10 + 10) }
      // The other one tells in the end what it measured in the beginning.
      batch.windows += (0..<5).map { row("b", $0 * 10, visibleFrom: 995) }
      try writer.commit(batch)
      let counts = try WindowStoreReader(path: path)
        .windowCounts(visibleAfter: Timestamp(milliseconds: 980), through: nil)
      #expect(counts.map(\.count) == [2, 5])
      #expect(counts.map(\.firstStart.milliseconds) == [980, 0])
      try writer.close()
    }
  }
}
