import Foundation
import Service
import Telemetry
import Testing
import WindowStore

/// The grid of devices, and where its scores come from.
@Suite struct LiveDevicesTests {
  private static let settings = WindowSettings(
    window: .seconds(60), outOfOrderness: .seconds(10), allowedLateness: .seconds(20))

  private func look(
    devices: [String] = [], windows: [(Int64, Int64)] = [], readings: [(Int64, Int64, Double)] = [],
    watermark: Int64 = 0
  ) -> StoreLook {
    var look = StoreLook()
    look.settings = Self.settings
    look.progress.fleetWatermark = Timestamp(milliseconds: watermark * 1000)
    look.devices = devices.enumerated().map { StoreLook.Device(number: Int64($0 + 1), name: $1) }
    look.sensors = [7: "temperature"]
    look.windows = windows.map {
      StoreLook.Value(device: $0.0, sensor: 7, time: Timestamp(milliseconds: $0.1 * 1000), value: 1)
    }
    look.readings = readings.map {
      StoreLook.Value(device: $0.0, sensor: 7, time: Timestamp(milliseconds: $0.1 * 1000), value: $0.2)
    }
    return look
  }

  private func score(_ device: String, _ end: String, _ score: Double) -> LiveDevices.Score {
    LiveDevices.Score(device: device, end: end, score: score, isAnomalous: score < 0)
  }

  @Test func theWorstComeFirst() {
    var devices = LiveDevices()
    // c has gone silent: two windows and what a reading may be late by are 150 s.
    devices.take(
      look(
        devices: ["a", "b", "c", "d", "e", "f"], windows: [(1, 960), (2, 960), (3, 849), (4, 850), (5, 960)],
        watermark: 1000))
    devices.take([
      score("a", "T1", 0.5), score("b", "T1", -0.2), score("d", "T1", 0.1), score("e", "T1", -0.9),
    ])
    let cells = devices.worst(10)
    #expect(cells.map(\.name) == ["e", "b", "c", "d", "a", "f"])
    #expect(cells.map(\.state) == [.anomalous, .anomalous, .silent, .normal, .normal, .waiting])
    #expect(cells[0].sensor == "temperature" && cells[5].sensor == nil)
    #expect(devices.counts == [1, 2, 1, 2])
    #expect(devices.worst(2).map(\.name) == ["e", "b"])
    // It comes back.
    devices.take(look(windows: [(3, 980)], watermark: 1000))
    #expect(devices.counts == [1, 3, 0, 2])
  }

  @Test func theNewestValueAndTheNewestScoreCount() {
    var devices = LiveDevices()
    devices.take(look(devices: ["a"], readings: [(1, 100, 5), (1, 101, 6)]))
    devices.take(look(windows: [(1, 60)]))
    #expect(devices.worst(1)[0].value == 6, "a window that ended before is older")
    devices.take([score("a", "T2", 0.3), score("nobody", "T9", -1)])
    devices.take([score("a", "T1", -1)])
    #expect(devices.worst(1)[0].score == 0.3)
    // Two models of the same window: the worse one.
    devices.take([score("a", "T2", -0.1)])
    #expect(devices.worst(1)[0].score == -0.1 && devices.worst(1)[0].state == .anomalous)
    devices.take([score("a", "T3", 0.2)])
    #expect(devices.worst(1)[0].state == .normal)
  }

  @Test func devicesAreLookedUpInTurn() {
    var devices = LiveDevices()
    devices.take(look(devices: ["a", "b", "c", "d", "e"]))
    let turns = (0..<4).map { _ in devices.nextToLookUp(2) }
    #expect(turns == [[1, 2], [3, 4], [5], [1, 2]])
    #expect(devices.lastNumber == 5)
  }

  @Test func aFleetThatIsTooLargeIsCut() {
    var devices = LiveDevices(most: 3)
    devices.take(look(devices: ["a", "b", "c", "d"], windows: [(4, 10)]))
    #expect(devices.count == 3)
    #expect(devices.lastNumber == 4, "or it would be read again and again")
  }

  @Test(arguments: [120, 150, 300, 1 << 20]) func lastRowsAreFoundInPieces(piece: Int) throws {
    try withFolder { folder in
      let rows =
        ["device,sensor,window_start,window_end,score,prediction,model_version,revision"]
        + [
          ("a", "*", 0, 0.5, 0), ("a", "*", 5, 0.25, 0), ("ab", "x", 0, -0.5, 1), ("ab", "y", 0, 0.75, 0),
          ("b", "*", 0, -1, 1), ("b", "*", 5, 2, 0),
        ].map { "\($0.0),\($0.1),2026-01-01T00:0\($0.2),2026-01-01T00:1\($0.2),\($0.3),\($0.4),v1,1" }
      let path = "\(folder)/predictions.csv"
      try (rows.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
      var tail = PredictionTail()
      tail.add([path])
      var found: [LiveDevices.Score] = []
      var rounds = 0
      while tail.hasMore, rounds < 10_000 {
        found += tail.next(most: piece)
        rounds += 1
      }
      #expect(found.map(\.device) == ["a", "ab", "ab", "b"])
      #expect(found.map(\.score) == [0.25, -0.5, 0.75, 2])
      #expect(found.map(\.isAnomalous) == [false, true, false, false])
      #expect(found[0].end == "2026-01-01T00:15")
      // It is not read again.
      tail.add([path])
      #expect(!tail.hasMore)
    }
  }

  @Test func aFileThatGrowsIsReadLineByLine() throws {
    try withFolder { folder in
      let path = "\(folder)/timeline.csv"
      var tail = LineTail(path)
      #expect(tail.next() == [])
      func append(_ text: String) throws {
        let old = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        try (old + text).write(toFile: path, atomically: true, encoding: .utf8)
      }
      try append("a\nb")
      #expect(tail.next() == ["a"])
      #expect(tail.next() == [])
      try append("c\nd\n")
      #expect(tail.next() == ["bc", "d"])
      // A line that is longer than a look is passed over.
      try append(String(repeating: "x", count: 100) + "\nlast\n")
      var lines: [String] = []
      for _ in 0..<20 { lines += tail.next(most: 16) }
      #expect(lines.last == "last")
    }
  }

  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = NSTemporaryDirectory() + "sonde-live-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }
}
