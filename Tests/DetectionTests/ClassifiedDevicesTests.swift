import Detection
import Files
import Telemetry
import TestSupport
import Testing

/// Windows and their classes, read device by device: as an evaluation of the same files sees them.
@Suite struct ClassifiedDevicesTests {
  private static let header =
    "device,sensor,window_start,window_end,score,prediction,model_version,revision\n"

  private static func line(_ window: ScoredWindow) -> String {
    "\(window.device),\(window.sensor?.name ?? "*"),\(window.start),\(window.end),\(window.score),"
      + "\(window.isFlagged ? 1 : 0),v\(window.revision),\(window.revision)\n"
  }

  private static func write(_ text: String, _ name: String, in folder: String) throws -> String {
    let path = "\(folder)/\(name)"
    try AtomicFile.write(text, to: path)
    return path
  }

  /// What both ways of reading say of files, as comparable values.
  private struct Outcome: Hashable {
    let window: ScoredWindow
    let outcome: WindowClass
  }

  private static func classified(_ paths: [String], _ labels: [Label]) throws -> [Outcome] {
    var found: [Outcome] = []
    try ClassifiedDevices(paths, labels: labels).visit { device in
      #expect(device.windows.allSatisfy { $0.scored.device == device.device })
      found += device.windows.map { Outcome(window: $0.scored, outcome: $0.outcome) }
    }
    return found
  }

  private static func evaluated(_ paths: [String], _ labels: [Label]) throws -> [Outcome] {
    let windows = try paths.flatMap { try ScoredWindow.read($0) }
    return Evaluation(windows: windows, labels: labels).classifiedWindows.map {
      Outcome(window: $0.window, outcome: $0.class)
    }
  }

  /// Random fleets in several files, with later revisions and rows that contradict each other.
  @Test(arguments: UInt64(1)...40) func theyAreThoseOfAnEvaluation(seed: UInt64) async throws {
    try await withTemporaryFolder { folder in
      var generator = SeededGenerator(seed: seed, stream: "files")
      let (windows, labels) = RandomFleet.drawn(seed)
      let count = 1 + generator.index(below: 5)
      var files = Array(repeating: [ScoredWindow](), count: count)
      for window in windows {
        files[generator.index(below: count)].append(window)
        guard generator.index(below: 5) == 0 else { continue }
        var other = window
        other.isFlagged.toggle()
        other.revision += generator.index(below: 2)
        files[generator.index(below: count)].append(other)
      }
      let paths = try files.enumerated().map { number, windows in
        let ordered = windows.enumerated().sorted { a, b in
          (a.element.device.name, a.element.sensor?.name ?? "", a.element.start, a.offset)
            < (b.element.device.name, b.element.sensor?.name ?? "", b.element.start, b.offset)
        }
        return try Self.write(
          Self.header + ordered.map { Self.line($0.element) }.joined(), "\(number).csv", in: folder)
      }
      let found = try Self.classified(paths, labels)
      #expect(try found == Self.evaluated(paths, labels), "seed \(seed)")
      // The smallest damage is seen: one flag of one window.
      guard let first = files.firstIndex(where: { !$0.isEmpty }) else { return }
      let text = try TextFile.text(of: paths[first])
      let rows = text.split(separator: "\n").map(String.init)
      var changed = rows
      changed[1] = rows[1].replacing(/,[01],v/) { $0.output == ",0,v" ? ",1,v" : ",0,v" }
      var others = paths
      others[first] = try Self.write(changed.joined(separator: "\n"), "damaged.csv", in: folder)
      #expect(try Self.classified(others, labels) == Self.evaluated(others, labels), "seed \(seed)")
    }
  }

  /// Rows as other programs may write them say the same as to the reader that knows all of CSV.
  @Test(arguments: [
    "p,*,2026-01-01T00:00:00Z,2026-01-01T00:05:00Z,0.5,0,v,1",
    "p,*,2026-01-01 00:00:00.250+01:00,2026-01-01T00:05:00.000Z,-1e-7,1,v,1",
    "\"p\",\"*\",2026-01-01T00:00:00.000Z,2026-01-01T00:05:00.000Z,0.5,0,\"a,b\",1",
    "p,heat,2026-01-01T00:00:00.000Z,2026-01-01T00:05:00.000Z,-inf,1,v,1",
    "p,heat,2026-01-01T00:00:00.000Z,2026-01-01T00:00:00.000Z,0x1p3,1,,1",
    "p,*,1969-12-31T23:59:59.999Z,2026-01-01T00:05:00.000Z,-0.0,1,v,0000000000002",
    "p,*,2024-02-29T23:59:59.999Z,2024-03-01T00:05:00.000Z,1e308,0,v,7\r",
  ])
  func unusualRowsAreReadAsEver(row: String) async throws {
    try await withTemporaryFolder { folder in
      for (number, end) in ["", "\n", "\n\n\n"].enumerated() {
        let path = try Self.write(Self.header + row + end, "\(number).csv", in: folder)
        let found = try Self.classified([path], [])
        #expect(found.count == 1)
        #expect(try found == Self.evaluated([path], []))
      }
    }
  }

  @Test func otherOrdersOfColumnsAreReadAsEver() async throws {
    try await withTemporaryFolder { folder in
      let path = try Self.write(
        "score,device,extra,window_end,window_start,prediction,sensor\n"
          + "0.5,p,x,2026-01-01T00:05:00Z,2026-01-01T00:00:00Z,0,*\n"
          + "-0.5,q,x,2026-01-01T00:05:00Z,2026-01-01T00:00:00Z,1,*\n", "p.csv", in: folder)
      let found = try Self.classified([path], [])
      #expect(found.count == 2)
      #expect(try found == Self.evaluated([path], []))
    }
  }

  @Test(arguments: [
    ("p,*,2026-01-01T00:00:00.000Z,2026-01-01T00:05:00.000Z,0.5,2,v,1", "neither 0 nor 1"),
    ("p,*,2026-01-01T00:00:00.000Z,2026-01-01T00:05:00.000Z,much,0,v,1", "not a number"),
    ("p,*,2026-02-30T00:00:00.000Z,2026-01-01T00:05:00.000Z,0.5,0,v,1", "not a window"),
    ("p,*,2026-01-01T24:00:00.000Z,2026-01-02T00:05:00.000Z,0.5,0,v,1", "not a window"),
    ("p,*,2026-01-01T00:05:00.000Z,2026-01-01T00:00:00.000Z,0.5,0,v,1", "not a window"),
    ("p,**,2026-01-01T00:00:00.000Z,2026-01-01T00:05:00.000Z,0.5,0,v,1", "neither a sensor id"),
    ("<b>,*,2026-01-01T00:00:00.000Z,2026-01-01T00:05:00.000Z,0.5,0,v,1", "not a device id"),
    ("p,*,2026-01-01T00:00:00.000Z,2026-01-01T00:05:00.000Z,0.5,0,v,one", "not a whole number"),
    ("p,*,2026-01-01T00:00:00.000Z,2026-01-01T00:05:00.000Z,0.5,0,v", "7 fields"),
    ("a,*,2026-01-01T00:00:00.000Z,2026-01-01T00:05:00.000Z,0.5,0,v,1", "ordered by device"),
  ])
  func aBrokenRowIsRefusedWithItsLine(row: String, reason: String) async throws {
    try await withTemporaryFolder { folder in
      let good = "p,*,2026-01-01T00:00:00.000Z,2026-01-01T00:05:00.000Z,0.5,0,v,1\n"
      let path = try Self.write(Self.header + good + good + row + "\n" + good, "p.csv", in: folder)
      let error = try #require(throws: CSVError.self) { _ = try Self.classified([path], []) }
      #expect(error.line == 4 && error.reason.contains(reason) && error.path == path, "\(error)")
    }
  }

  @Test func filesThatAreNoneAreRefused() async throws {
    try await withTemporaryFolder { folder in
      #expect(throws: FileError.self) { try Self.classified(["\(folder)/none.csv"], []) }
      let empty = try Self.write("", "empty.csv", in: folder)
      #expect(throws: CSVError.self) { try Self.classified([empty], []) }
      let other = try Self.write("device,sensor\np,*\n", "other.csv", in: folder)
      #expect(throws: CSVError.self) { try Self.classified([other], []) }
      let headerAlone = try Self.write(Self.header, "header.csv", in: folder)
      #expect(try Self.classified([headerAlone], []).isEmpty)
    }
  }

  /// A file of many pieces, and the devices that are asked for alone.
  @Test func longFilesAndSomeDevicesOnly() async throws {
    try await withTemporaryFolder { folder in
      let devices = (0..<60).map { DeviceID("pump-\(1000 + $0)")! }
      let paths = try (0..<3).map { part in
        let rows = devices.flatMap { device in
          (0..<40).map { Windows.window(part * 40 + $0, score: 0.123, flagged: $0 == 7, device: device) }
        }
        return try Self.write(Self.header + rows.map(Self.line).joined(), "\(part).csv", in: folder)
      }
      let labels = [Windows.label(10, 70, device: devices[3], sensor: nil)]
      let all = try Self.classified(paths, labels)
      #expect(all.count == 60 * 3 * 40)
      #expect(try all == Self.evaluated(paths, labels))
      var some: [Outcome] = []
      let wanted = [devices[0], devices[3], devices[59]]
      try ClassifiedDevices(paths, labels: labels).visit(only: Set(wanted)) { device in
        some += device.windows.map { Outcome(window: $0.scored, outcome: $0.outcome) }
      }
      #expect(some == all.filter { wanted.contains($0.window.device) })
    }
  }
}
