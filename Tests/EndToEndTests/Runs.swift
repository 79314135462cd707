import Files
import Foundation
import GRDB
import TestSupport
import Testing
import WindowStore

/// A small scenario of the quickstart's shape: 4 devices for 6 hours.
let smallScenario = [
  "--set", "clock.duration=6h", "--set", "fleet[0].count=4", "--set", "model.train_on=[0h, 3h]", "--set",
  "scoring.from=3h", "--set", "scoring.cron=*/30 * * * *", "--set", "fleet[0].anomalies=[]", "--set",
  "expect=[readings.lost == 0, readings.doubled == 0, windows.mismatched == 0, scoring.failed == 0]",
]

/// What a run leaves that must not depend on how it went: windows, models and predictions, as text.
struct Remains: Hashable {
  var windows: [String]
  var files: [String: String]

  init(of folder: String) throws {
    let database = try DatabaseQueue(path: "\(folder)/sonde.sqlite")
    windows = try database.read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM window_values ORDER BY device, sensor, window_start_ms")
        .map { row in
          // Bit patterns, so that equal means equal.
          row.map { _, value in
            Double.fromDatabaseValue(value).map { "\($0.bitPattern)" } ?? "\(value)"
          }.joined(separator: "|")
        }
    }
    files = [:]
    for part in ["models", "predictions"] {
      let names = FileManager.default.enumerator(atPath: "\(folder)/\(part)")
      while let name = names?.nextObject() as? String {
        guard name.hasSuffix(".model") || name.hasSuffix(".csv") else { continue }
        files["\(part)/\(name)"] = try TextFile.text(of: "\(folder)/\(part)/\(name)")
      }
    }
  }
}

/// The report of a finished run, as a dictionary.
func report(of folder: String) throws -> [String: Any] {
  let data = Data(try TextFile.bytes(of: "\(folder)/report.json"))
  return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
}

/// What runs on this machine.
enum RunningProcesses {
  /// The command lines that name `folder`.
  static func naming(_ folder: String) -> [String] {
    all().map(\.commandLine).filter { $0.contains(folder) }
  }

  /// Every process with its command line, whose words are separated by zeros.
  private static func all() -> [(id: Int32, commandLine: String)] {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return entries.compactMap { entry in
      guard let id = Int32(entry) else { return nil }
      return FileManager.default.contents(atPath: "/proc/\(entry)/cmdline").map {
        (id, String(decoding: $0, as: UTF8.self))
      }
    }
  }

  /// The process that publishes the fleet of the run in `folder`, as soon as readings are stored.
  static func waitForFleet(of folder: String) async throws -> Int32 {
    for _ in 0..<6000 {
      // The file comes before its tables.
      let progress = try? WindowStoreReader(path: "\(folder)/sonde.sqlite").progress()
      if let progress, progress.storedMessages > 0,
        let fleet = all().first(where: {
          $0.commandLine.contains("\0simulate\0") && $0.commandLine.contains("\(folder)/simulate.json")
        })
      {
        return fleet.id
      }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw CancellationError()
  }
}
