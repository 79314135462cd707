import Foundation
import GRDB
import TestSupport
import Testing

/// Fleets whose readings arithmetic fails on, all the way from the broker to the verdict.
@Suite(.serialized) struct HardNumbersTests {
  /// Runs a scenario of four hours with `fleet`, `features` and what is expected, and gives its folder to `body`.
  private func run(
    _ fleet: String, features: String, expect: String, _ body: (String) throws -> Void
  ) async throws {
    try await withTemporaryFolder { folder in
      let scenario = """
        name: hard-numbers
        about: Readings that arithmetic fails on.
        seed: 7
        clock: { start: 2026-01-01T00:00:00Z, duration: 4h, speed: max }
        fleet:
        \(fleet)
        ingestion: { window: 5m, out_of_orderness: 30s, allowed_lateness: 5m }
        model: { per: sensor, features: [\(features)], nu: 0.01, train_on: [0h, 2h] }
        scoring: { from: 2h, cron: "0 * * * *" }
        expect: [\(expect)]
        """
      try scenario.write(toFile: "\(folder)/hard.yaml", atomically: true, encoding: .utf8)
      let outcome = try await SondeProgram.run(["run", "\(folder)/hard.yaml", "--out", "\(folder)/run"])
      #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
      // No window vanishes on the way into the store.
      let (closed, rows) = try await DatabaseQueue(path: "\(folder)/run/sonde.sqlite").read { db in
        (
          try Int.fetchOne(db, sql: "SELECT windows_closed FROM progress"),
          try Int.fetchOne(db, sql: "SELECT count(*) FROM window_values")
        )
      }
      #expect(closed == rows && closed ?? 0 > 0)
      try body("\(folder)/run")
    }
  }

  /// All files of the name `name` below the folder of predictions, one after another.
  private func predictions(_ name: String, _ run: String) throws -> String {
    let names =
      FileManager.default.enumerator(atPath: "\(run)/predictions")?.compactMap { $0 as? String } ?? []
    return try names.filter { $0.hasSuffix("/\(name)") }.sorted()
      .map { try String(contentsOfFile: "\(run)/predictions/\($0)", encoding: .utf8) }.joined()
  }

  @Test func aSensorThatSaysTheLargestDoublesIsStoredAndScored() async throws {
    try await run(
      """
        - device: gauge
          count: 2
          every: 10s
          sensors:
            level: { resolution: 1e300, signal: [{ constant: { value: 1.5e308 } }] }
            temperature: { signal: [{ noise: { stddev: 0.5 } }, { constant: { value: 60 } }] }
      """, features: "mean, stddev",
      expect: "windows.mismatched == 0, readings.lost == 0, scoring.failed == 0"
    ) { run in
      let levels = try DatabaseQueue(path: "\(run)/sonde.sqlite").read {
        try Row.fetchAll($0, sql: "SELECT DISTINCT mean, stddev FROM window_values WHERE sensor = 'level'")
      }
      #expect(
        levels.map { $0["mean"] as Double } == [1.5e308] && levels.map { $0["stddev"] as Double } == [0])
    }
  }

  @Test func aSlopeBeyondTheLargestDoubleFailsItsWindowsAlone() async throws {
    try await run(
      """
        - device: gauge
          count: 2
          every: 10s
          sensors:
            level: { resolution: 1e300, signal: [{ square: { amplitude: 1.7e308, period: 20s, duty: 0.5 } }] }
            temperature: { signal: [{ noise: { stddev: 0.5 } }, { constant: { value: 60 } }] }
      """, features: "mean, range",
      expect: "windows.mismatched == 0, readings.lost == 0, scoring.failed > 0, scoring.predictions > 0"
    ) { run in
      let failed = try predictions("failed.csv", run)
      #expect(failed.contains("range is beyond the largest number of double precision"))
      #expect(!failed.contains("temperature"))
      let scored = try predictions("predictions.csv", run)
      #expect(scored.contains("temperature") && !scored.contains("level"))
    }
  }

  @Test(arguments: [12.6, 14.62]) func gaugesThatAlwaysSayTheSameGiveNoAlarm(value: Double) async throws {
    try await run(
      """
        - device: gauge
          count: 4
          every: 10s
          jitter: 50%
          stages: [{ step: 100%, for: 2h }, { step: 50%, for: 2h }]
          sensors: { setpoint: { signal: [{ constant: { value: \(value) } }] } }
      """, features: "mean, stddev, slope, p95",
      expect: "windows.mismatched == 0, scoring.failed == 0, detection.false_alarms_per_device_day == 0"
    ) { run in
      let trained = try String(contentsOfFile: "\(run)/models/trained.csv", encoding: .utf8)
      #expect(trained.split(separator: "\n").count == 5)
      #expect(trained.contains("never varied in training"))
    }
  }
}
