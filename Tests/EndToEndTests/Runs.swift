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

/// The process that publishes the fleet of the run in `folder`, where readings are stored already; nil before, and when it has ended.
private func publishingFleet(of folder: String) -> Int32? {
  // The file comes before its tables.
  guard FileManager.default.fileExists(atPath: "\(folder)/sonde.sqlite"),
    let progress = try? WindowStoreReader(path: "\(folder)/sonde.sqlite").progress(),
    progress.storedMessages > 0
  else { return nil }
  return (try? Processes.naming("\(folder)/simulate.json"))?.first
}

/// Waits until the fleet of the run in `folder` publishes. For runs that are long enough to be met then.
func waitForFleet(of folder: String) async throws {
  try await waitUntil("the fleet of \(folder) publishes", every: .milliseconds(10)) {
    publishingFleet(of: folder) != nil
  }
}

/// Halts the fleet of the run in `folder` for three seconds, as soon as readings are stored. To be made before the run.
func haltOfFleet(of folder: String) -> PromptAction {
  let look: @Sendable () -> Int32? = { publishingFleet(of: folder) }
  return PromptAction(when: "the fleet of \(folder) publishes", look) { fleet in
    kill(fleet, SIGSTOP)
    Thread.sleep(forTimeInterval: 3)
    kill(fleet, SIGCONT)
  }
}
