import Foundation
import GRDB
import Telemetry
import TestSupport
import Testing
import WindowStore

/// What somebody who watches a run sees of its store, and that nothing waits for it.
@Suite struct StoreLookTests {
  private static let settings = WindowSettings(
    window: .seconds(60), outOfOrderness: .zero, allowedLateness: .zero)

  private static let device = DeviceID("a")!

  private static func batch(_ range: Range<Int>, devices: [String]) -> StoreBatch {
    var batch = StoreBatch()
    batch.stored = range.flatMap { second in
      devices.map { name in
        Message(
          device: DeviceID(name)!, position: .init(epoch: 1, sequence: Int64(second)),
          timestamp: Timestamp(milliseconds: Int64(second) * 1000),
          values: (0..<10).map { .init(sensor: SensorID("s\($0)")!, value: Double(second * 10 + $0)) })
      }
    }
    return batch
  }

  private static func window(_ device: String, start: Int64, revision: Int, last: Double) -> WindowRow {
    var aggregates = Aggregates(count: 1, mean: 0, stddev: 0, min: 0, max: 1)
    aggregates.last = last
    return WindowRow(
      device: DeviceID(device)!, sensor: SensorID("s0")!, start: Timestamp(milliseconds: start),
      end: Timestamp(milliseconds: start + 60), aggregates: aggregates, revision: revision,
      visibleFrom: Timestamp(milliseconds: start + 60))
  }

  private func bounds(after: Int64 = 0, readings: Int = 100, windowsOf: [Int64] = []) -> StoreLookBounds {
    StoreLookBounds(
      afterDevice: after, mostDevices: 2, mostReadings: readings, mostSensors: 50, windowsOf: windowsOf)
  }

  @Test func whatIsSeenIsTheNewestAndBounded() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      #expect(try WindowStoreReader.look(at: path, bounds()) == nil)
      let writer = try WindowStoreWriter(path: path, settings: Self.settings)
      var batch = Self.batch(0..<50, devices: ["a", "b", "c"])
      batch.windows = [
        Self.window("a", start: 0, revision: 1, last: 1), Self.window("a", start: 60, revision: 1, last: 2),
        Self.window("a", start: 60, revision: 2, last: 3), Self.window("b", start: 0, revision: 1, last: 4),
      ]
      batch.progress.storedMessages = 150
      try writer.commit(batch)
      let look = try #require(try WindowStoreReader.look(at: path, bounds(windowsOf: [1, 2, 3, 99])))
      #expect(look.progress.storedMessages == 150 && look.settings?.window == .seconds(60))
      #expect(look.devices.map(\.name) == ["a", "b"])
      #expect(look.sensors.values.sorted().first == "s0" && look.sensors.count == 10)
      // A message of ten sensors is two rows, of which the first counts.
      #expect(look.readings.count == 50)
      #expect(look.readings.last?.value == 490 && look.readings.last?.time == Timestamp(milliseconds: 49_000))
      #expect(Set(look.readings.map { look.sensors[$0.sensor] }) == ["s0"])
      #expect(look.windows.map(\.device) == [1, 2] && look.windows.map(\.value) == [3, 4])
      let next = try #require(try WindowStoreReader.look(at: path, bounds(after: 2)))
      #expect(next.devices.map(\.name) == ["c"])
      try writer.close()
    }
  }

  @Test func nothingStaysOpen() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      let writer = try WindowStoreWriter(path: path, settings: Self.settings)
      try writer.commit(Self.batch(0..<50, devices: ["a"]))
      func open() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count { descriptor in
          (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)"))?
            .contains(folder) ?? false
        }
      }
      // SQLite closes a file no sooner than the writer of the same process unlocks it, and takes the same descriptor again.
      _ = try WindowStoreReader.look(at: path, bounds())
      let once = try open()
      for _ in 0..<20 { _ = try WindowStoreReader.look(at: path, bounds()) }
      #expect(try open() == once)
      try writer.close()
      try WriteAheadLog.fold(intoFileAt: path)
      #expect(!FileManager.default.fileExists(atPath: path + "-wal"))
    }
  }

  @Test func aFileIsWholeWhoeverReadsIt() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      let writer = try WindowStoreWriter(path: path, settings: Self.settings)
      try writer.commit(Self.batch(0..<50, devices: ["a"]))
      let reader = try WindowStoreReader(path: path)
      _ = try reader.progress()
      // The writer was killed, and the reader is still there.
      try WriteAheadLog.fold(intoFileAt: path)
      // A copy of the file alone, as somebody takes it who knows of no log.
      try FileManager.default.copyItem(atPath: path, toPath: "\(folder)/copy.sqlite")
      let copy = try DatabaseQueue(path: "\(folder)/copy.sqlite")
      #expect(try await copy.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM journal") } == 100)
      withExtendedLifetime((reader, writer)) {}
    }
  }
}
