import Foundation
import GRDB
import TestSupport
import Testing

/// Every kind of window and late policy through the whole pipeline, with messages that are silent, late and out of order,
/// and ingestion killed on the way: the run's own oracle finds nothing that differs.
@Suite(.serialized) struct WindowKindTests {
  private static let scenario = """
    name: windows
    seed: 17
    clock: { duration: 2h, speed: max }
    fleet:
      - device: d
        count: 3
        every: 10s
        sensors:
          a: { signal: [{ sine: { offset: 10, amplitude: 2, period: 10m } }, { noise: { stddev: 1 } }] }
          b: { signal: [{ noise: { stddev: 1 } }] }
        anomalies: [{ kind: clock-skew, devices: 1, at: 85m, for: 5m, severity: -600 }]
        transport:
          - { kind: silent, between: [20m, 30m], for: 5m }
          - { kind: loss, between: [40m, 60m], share: 60% }
          - { kind: reordering, between: [60m, 80m], share: 30%, by: 25s }
          - { kind: lateness, between: [85m, 95m], devices: 1 }
    faults: [{ at: 30m, kill: ingestion }, { at: 70m, kill: ingestion }, { at: 100m, kill: ingestion }]
    expect:
      - readings.lost == 0
      - readings.doubled == 0
      - windows.mismatched == 0
    """

  @Test(arguments: [
    ("{ window: 5m, hop: 1m, allowed_lateness: 2m }", 60_000.0),
    ("{ window: 1h, session_gap: 25s, allowed_lateness: 2m }", 0),
    ("{ window: 30m, session_gap: 15s, allowed_lateness: 10s, late_policy: adjust }", 0),
    ("{ window: snapshot, allowed_lateness: 1m, late_policy: drop }", 1),
    (
      "{ window: 5m, allowed_lateness: 10s, late_policy: adjust, future_limit: off, idle_after: 10m }",
      300_000
    ),
  ])
  func everyKindOfWindowIsWhatTheOracleSays(ingestion: String, step: Double) async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/windows.yaml"
      try Self.scenario.write(toFile: path, atomically: true, encoding: .utf8)
      let outcome = try await SondeProgram.run(
        ["run", path, "--out", "\(folder)/run", "--set", "ingestion=\(ingestion)"])
      #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
      let figures = try report(of: "\(folder)/run")
      let readings = try #require(figures["readings"] as? [String: Any])
      let windows = try #require(figures["windows"] as? [String: Any])
      func count(_ section: [String: Any], _ name: String) throws -> Int {
        try #require(section[name] as? Int, "\(name)")
      }
      #expect(try count(windows, "expected") > 0)
      #expect(
        try count(readings, "stored") + count(readings, "late") + count(readings, "withheld")
          == count(readings, "planned"))
      let late = try count(readings, "late")
      #expect(try count(readings, "dropped") == (ingestion.contains("drop") ? late : 0))
      #expect(try (count(readings, "adjusted") > 0) == ingestion.contains("adjust"))
      if ingestion.contains("adjust") { #expect(late == 0) }
      let starts = try await DatabaseQueue(path: "\(folder)/run/sonde.sqlite").read { db in
        try Double.fetchAll(
          db,
          sql: "SELECT window_start_ms FROM window_values WHERE device = 'd-0001' AND sensor = 'a' ORDER BY 1"
        )
      }
      #expect(starts.count > 5)
      if step > 0 { #expect(starts.allSatisfy { $0.remainder(dividingBy: step) == 0 }) }
    }
  }

  /// Payloads without a sequence are told apart by the time that they came with, also where they are moved.
  @Test func lateReadingsWithoutASequenceAreMovedAndNotDoubled() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/foreign.yaml"
      try """
      name: foreign
      seed: 5
      clock: { duration: 2h, speed: max }
      fleet:
        - device: d
          count: 3
          every: 10s
          publish: { payload: senml }
          sensors: { a: { signal: [{ noise: { stddev: 1 } }] } }
          transport: [{ kind: reordering, between: [0h, 2h], share: 20%, by: 20m }]
      ingestion: { window: 5m, allowed_lateness: 10s, late_policy: adjust }
      faults: [{ at: 50m, kill: ingestion }]
      expect: [readings.lost == 0, readings.doubled == 0, readings.adjusted > 0, windows.mismatched == 0]
      """.write(toFile: path, atomically: true, encoding: .utf8)
      let outcome = try await SondeProgram.run(["run", path, "--out", "\(folder)/run"])
      #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
    }
  }

  /// A clock that runs ahead: what ingestion does not believe is rejected with its reason, and not lost.
  @Test func whatIsTooFarInTheFutureIsRejectedAndNotLost() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/ahead.yaml"
      try """
      name: ahead
      seed: 5
      clock: { start: 2100-01-01T00:00:00Z, duration: 10m, speed: max }
      fleet:
        - device: d
          count: 3
          every: 10s
          sensors: { a: { signal: [{ noise: { stddev: 1 } }] }, b: { signal: [{ noise: { stddev: 1 } }] } }
          anomalies: [{ kind: clock-skew, devices: [d-0002], at: 5m, for: 2m, severity: 7200 }]
      ingestion: { window: 1m, future_limit: 1h }
      expect:
        - readings.lost == 0
        - readings.rejected == 24
        - ingestion.clocks_ahead == 1
        - readings.unaccounted == 0
        - windows.mismatched == 0
      """.write(toFile: path, atomically: true, encoding: .utf8)
      let outcome = try await SondeProgram.run(["run", path, "--out", "\(folder)/run"])
      #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
    }
  }

  @Test func aFleetThatKeepsAScheduleTellsHowLongItsReadingsTook() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await SondeProgram.run(
        ["run", "Scenarios/quickstart.yaml", "--out", "\(folder)/run"] + smallScenario
          + ["--set", "clock.speed=x7200"])
      let figures = try report(of: "\(folder)/run")
      let lag = try #require(figures["schedule_lag_ms"] as? [String: Any])
      let late = try #require(lag["p99"] as? NSNumber).doubleValue
      #expect(outcome.status == (late > 1000 ? 3 : 0), "\(late) ms, \(outcome.errors)")
      let ingestion = try #require(figures["ingestion"] as? [String: Any])
      let latency = try #require(ingestion["end_to_end_ms"] as? [String: Any])
      let percentiles = try ["p50", "p90", "p99", "p99.9"].map { name in
        try #require(latency[name] as? NSNumber).doubleValue
      }
      #expect(percentiles == percentiles.sorted() && percentiles[0] > 0)
      #expect((ingestion["commit_ms"] as? [String: Any])?["p99"] is NSNumber)
    }
  }

  @Test func aStoreThatForgetsIsHeldAgainstWhatItKeeps() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/windows.yaml"
      try Self.scenario.write(toFile: path, atomically: true, encoding: .utf8)
      let outcome = try await SondeProgram.run(
        ["run", path, "--out", "\(folder)/run", "--set", "ingestion={ window: 1m, retain: 30m }"])
      #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
      let readings = try #require(try report(of: "\(folder)/run")["readings"] as? [String: Any])
      #expect((readings["expired"] as? Int ?? 0) > 0)
    }
  }

  @Test(arguments: [
    ("window: 5m, hop: 6m", "hop: longer than the window"),
    ("window: 5m, hop: 1m, session_gap: 1m", "exclude each other"),
    ("window: 5m, session_gap: 6m", "at whose multiples sessions are cut"),
    ("late_policy: kep", "did you mean “keep”?"), ("retain: 1m", "retain: shorter than"),
    ("retain_bytes: 5MB", "retain_bytes: expected a size"), ("window: snapshots", "window: expected"),
  ])
  func windowsThatCannotBeAreRefused(entry: String, reason: String) async throws {
    let outcome = try await SondeProgram.run([
      "validate", "Scenarios/transport.yaml", "--set", "ingestion={ \(entry) }",
    ])
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains(reason), "\(outcome.errors)")
  }
}
