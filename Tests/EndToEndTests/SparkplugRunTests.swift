import Files
import Foundation
import GRDB
import TestSupport
import Testing

/// Fleets that publish Sparkplug B, through a real broker into a store.
@Suite(.serialized) struct SparkplugRunTests {
  private static func scenario(_ group: String, more: String = "", expect: String = "") -> String {
    """
    name: sparkplug
    seed: 11
    clock: { duration: 60m, speed: max }
    fleet:
      - device: pump
        count: 6
        every: 5s
        sensors:
          temperature: { signal: [{ sine: { offset: 60, amplitude: 4, period: 6h } }, { noise: { stddev: 0.5 } }] }
          motor.speed: { signal: [{ noise: { stddev: 1 } }] }
    \(group.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n"))
    ingestion: { window: 5m, out_of_orderness: 30s, allowed_lateness: 5m, payload: sparkplug }
    \(more)
    expect: [readings.lost == 0, readings.doubled == 0, windows.mismatched == 0\(expect)]
    """
  }

  private func run(_ text: String, in folder: String) async throws -> SondeProgram.Outcome {
    let file = "\(folder)/scenario.yaml"
    try AtomicFile.write(text, to: file, existing: .replace)
    return try await SondeProgram.run(["run", file, "--out", "\(folder)/run"])
  }

  @Test(
    .timeLimit(.minutes(30)),
    arguments: [
      "publish: { payload: sparkplug }", "gateways: 2\nbatch: 3\npublish: { payload: sparkplug, qos: 2 }",
      "gateways: 3\npublish: { payload: sparkplug, mqtt: 3.1.1 }",
      "gateways: 2\npublish: { payload: sparkplug }\ntransport: [{ kind: duplicates, between: [5m, 50m] }]",
      "gateways: 2\npublish: { payload: sparkplug }\n"
        + "transport: [{ kind: duplicates, between: [5m, 50m] }, { kind: reordering, between: [5m, 50m], by: 20s }]",
      "gateways: 2\npublish: { payload: sparkplug }\n"
        + "transport: [{ kind: flapping, between: [10m, 50m], share: 5% }]",
    ])
  func whatAFleetPublishesArrivesWhole(group: String) async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await run(Self.scenario(group, expect: ", readings.rejected == 0"), in: folder)
      #expect(outcome.status == 0, "\(group)\n\(outcome.output)\n\(outcome.errors)")
    }
  }

  /// Births are known after kills of ingestion, and each life of a node is an epoch.
  @Test(.timeLimit(.minutes(30))) func killsLoseNothing() async throws {
    try await withTemporaryFolder { folder in
      let faults =
        "faults: [{ at: 10m, kill: ingestion }, { at: 20m, kill: broker }, { at: 30m, kill: ingestion }, "
        + "{ at: 40m, kill: broker }]"
      let outcome = try await run(
        Self.scenario("gateways: 2\npublish: { payload: sparkplug }", more: faults), in: folder)
      #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
      let database = try DatabaseQueue(path: "\(folder)/run/sonde.sqlite")
      let lives = try database.read { db in
        try Row.fetchAll(db, sql: "SELECT path, epoch, is_alive FROM sparkplug_lives ORDER BY path")
      }
      #expect(
        lives.map { $0["path"] as String }.prefix(2) == [
          "pump/pump-gateway-0001", "pump/pump-gateway-0001/pump-0001",
        ])
      // A life before the first kill of the broker, and one after each.
      #expect(lives.allSatisfy { ($0["epoch"] as Int) >= 3 })
      // Every node took leave.
      #expect(lives.allSatisfy { ($0["is_alive"] as Int) == 0 })
      let epochs = try await database.read { db in
        try Int.fetchAll(db, sql: "SELECT DISTINCT epoch FROM stored_readings WHERE device = 'pump-0001'")
      }
      #expect(epochs.count >= 3)
    }
  }

  @Test(
    .timeLimit(.minutes(30)),
    arguments: [
      (
        "publish: { payload: sparkplug, topic: 'a/${device}/b' }", "topic: Sparkplug B says itself what it is"
      ),
      ("publish: { payload: senml }", "ingestion reads Sparkplug B, and the group publishes something else"),
      (
        "publish: { payload: sparkplug }\nanomalies: [{ kind: clock-skew, devices: 1, at: 20m, for: 5m, severity: -5 }]",
        "its payloads have no sequence"
      ),
    ])
  func whatCannotBeIsSaid(group: String, reason: String) async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await run(Self.scenario(group), in: folder)
      #expect(outcome.status == 64)
      #expect(outcome.errors.contains(reason), "\(outcome.errors)")
    }
  }

  @Test(.timeLimit(.minutes(30))) func ingestionMustBeTold() async throws {
    try await withTemporaryFolder { folder in
      let text = Self.scenario("publish: { payload: sparkplug }").replacing(
        ", payload: sparkplug }\n", with: " }\n")
      let outcome = try await run(text, in: folder)
      #expect(outcome.status == 64)
      #expect(outcome.errors.contains("needs ingestion: { payload: sparkplug }"), "\(outcome.errors)")
    }
  }
}
