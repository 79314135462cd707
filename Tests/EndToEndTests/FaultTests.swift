import Foundation
import MQTT
import Supervision
import TestSupport
import Testing

/// A scenario whose parts break: two sensors of six devices for an hour, as fast as it goes.
private enum Breaks {
  static let scenario = """
    name: breaks
    seed: 3
    clock: { duration: 1h, speed: max }
    fleet:
      - device: d
        count: 6
        every: 5s
        sensors:
          a: { signal: [{ sine: { offset: 10, amplitude: 2, period: 10m } }, { noise: { stddev: 1 } }] }
          b: { signal: [{ noise: { stddev: 1 } }] }
    ingestion: { window: 1m, out_of_orderness: 30s, allowed_lateness: 2m }
    expect: [readings.lost == 0, readings.doubled == 0, readings.unaccounted == 0, windows.mismatched == 0]
    """

  /// What a run of the scenario with `faults` reports. Its verdict must be `passed`.
  @discardableResult
  static func run(_ faults: String, _ arguments: [String] = [], expect expectations: String? = nil)
    async throws
    -> [String: Any]
  {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/breaks.yaml"
      try (Self.scenario + "\nfaults: [\(faults)]\n").write(toFile: path, atomically: true, encoding: .utf8)
      let changes = expectations.map { ["--set", "expect=[\($0)]"] } ?? []
      let outcome = try await SondeProgram.run(["run", path, "--out", "\(folder)/run"] + arguments + changes)
      let logs = ["ingest", "simulate", "broker"].map { name in
        let text = (try? String(contentsOfFile: "\(folder)/run/logs/\(name).log", encoding: .utf8)) ?? ""
        return "\(name).log: …\(text.suffix(1500))"
      }
      let said =
        "\(faults) \(arguments)\n\(outcome.output)\n\(outcome.errors)\n\(logs.joined(separator: "\n"))"
      let figures = try #require(try? report(of: "\(folder)/run"), "status \(outcome.status)\n\(said)")
      #expect(outcome.status == 0, "\(said)\n\(figures["losses"] ?? "")")
      return figures
    }
  }

}

/// What became of the faults of a run.
enum FaultEvents {
  static func of(_ figures: [String: Any]) throws -> [[String: Any]] {
    let faults = try #require(figures["faults"] as? [String: Any])
    return try #require(faults["events"] as? [[String: Any]])
  }
}

/// Each kind of fault by itself.
@Suite(.serialized) struct FaultKindTests {
  @Test(arguments: [
    ("{ at: 20m, kill: ingestion }", "kill -9 of ingestion"),
    ("{ at: 20m, kill: ingestion, for: 300ms }", "kill -9 of ingestion"),
    // The last thing that happens: what has just been started again is told to stop.
    ("{ at: 59m50s, kill: ingestion }", "kill -9 of ingestion"),
    ("{ at: 20m, pause: ingestion, for: 300ms }", "SIGSTOP of ingestion"),
    // Both come to the same process at once: the one waits for the other.
    ("{ at: 20m, pause: ingestion, for: 300ms }, { at: 20m, power_cut: ingestion }", "SIGSTOP of ingestion"),
    ("{ at: 20m, pause: broker, for: 300ms }", "SIGSTOP of broker"),
    (
      "{ at: 20m, cut: ingestion }, { at: 30m, cut: ingestion, for: 200ms }",
      "a connection of ingestion was cut after"
    ),
    ("{ at: 20m, cut: fleet }, { at: 30m, cut: fleet, for: 200ms }", "a connection of fleet was cut after"),
    ("{ at: 20m, disk_full: store, for: 500ms }", "the disk of the store is full"),
    // The second hits the same commit.
    (
      "{ at: 20m, disk_full: store, for: 300ms }, { at: 20m, disk_full: store, for: 300ms }",
      "the disk of the store is full"
    ),
    ("{ at: 20m, lock: store, for: 500ms }", "the store is locked by another writer"),
    (
      "{ at: 20m, clock_step: ingestion, by: -72h, for: 100ms }, { at: 30m, clock_step: ingestion, by: 72h }",
      "ingestion's clock stepped by -72h"
    ),
    (
      "{ at: 10m, power_cut: ingestion }, { at: 20m, power_cut: ingestion }, { at: 40m, power_cut: ingestion, for: 200ms }",
      "power cut of ingestion"
    ),
    // Behind a pause, so that the broker dies with a queue.
    (
      "{ at: 20m, kill: ingestion, for: 500ms }, { at: 20m, kill: broker, saved: true, for: 100ms }",
      "kill -9 of ingestion"
    ),
    ("{ at: 20m, kill: broker, saved: true }", "kill -9 of the broker, its state saved"),
  ])
  func nothingIsLostAndEveryWindowIsRight(faults: String, evidence: String) async throws {
    let happened = try FaultEvents.of(try await Breaks.run(faults))
    #expect(happened.count == faults.components(separatedBy: "at:").count - 1)
    #expect((happened[0]["what"] as? String)?.hasPrefix(evidence) == true, "\(happened)")
    #expect(happened.allSatisfy { $0["began_seconds"] is NSNumber && $0["ended_seconds"] is NSNumber })
  }

  /// A broker that dies as it comes forgets what it has acknowledged since its last save. That is said, with the stage at which it
  /// was seen last; nothing else is lost, and windows are those of what came.
  @Test func whatAKilledBrokerForgotIsAccountedFor() async throws {
    // Whether it dies with something unsaved is a matter of moments, so it is tried until it has.
    for _ in 0..<Self.mostKills {
      let figures = try await Breaks.run(
        "{ at: 20m, kill: ingestion, for: 1s }, { at: 20m, kill: broker }",
        expect:
          "readings.lost_at.planned == 0, readings.lost_at.published == 0, readings.doubled == 0, readings.unaccounted == 0, windows.mismatched == 0"
      )
      let losses = try #require(figures["losses"] as? [[String: Any]])
      let readings = try #require(figures["readings"] as? [String: Any])
      let lost = try #require(readings["lost"] as? Int)
      #expect((lost > 0) == !losses.isEmpty)
      guard lost > 0 else { continue }
      #expect(
        losses.allSatisfy {
          $0["last_seen"] as? String == "broker" && $0["device"] is String && $0["seq"] is NSNumber
        })
      return
    }
    Issue.record("of \(Self.mostKills) killed brokers none had forgotten anything, so nothing was looked at")
  }

  /// Killed brokers until one has forgotten something.
  private static let mostKills = 10

  /// At QoS 0 nobody keeps what comes while ingestion is away, and nobody has acknowledged it: it was seen last when it was
  /// published.
  @Test func whatWasNeverAcknowledgedIsLostOnItsWay() async throws {
    let figures = try await Breaks.run(
      "{ at: 20m, kill: ingestion, for: 1s }", ["--set", "fleet[0].publish={ qos: 0 }"],
      expect:
        "readings.lost > 0, readings.lost_at.planned == 0, readings.lost_at.broker == 0, readings.doubled == 0, readings.unaccounted == 0"
    )
    let losses = try #require(figures["losses"] as? [[String: Any]])
    #expect(!losses.isEmpty && losses.allSatisfy { $0["last_seen"] as? String == "published" })
  }

  /// A process that is halted cannot be told that its parent has died.
  @Test func aRunThatIsKilledLeavesNothingHalted() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/breaks.yaml"
      let faults = "{ at: 20m, pause: ingestion, for: 20s }, { at: 20m, pause: broker, for: 20s }"
      try (Breaks.scenario + "\nfaults: [\(faults)]\n").write(toFile: path, atomically: true, encoding: .utf8)
      let run = try await Service.start(
        name: "run", executable: SondeProgram.path, arguments: ["run", path, "--out", "\(folder)/run"],
        log: "\(folder)/run.log")
      try await waitUntil("the broker is halted") {
        let said = (try? String(contentsOfFile: "\(folder)/run.log", encoding: .utf8)) ?? ""
        return said.contains("SIGSTOP of broker")
      }
      #expect(try Processes.naming(folder).count >= 3)
      run.send(signal: SIGKILL)
      _ = try await run.exit()
      try await waitUntil("no process of the run is left") { try Processes.naming(folder).isEmpty }
    }
  }

  @Test func aFaultThatDoesNotHappenFailsTheRun() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/breaks.yaml"
      // The last readings are of five seconds before the end.
      try (Breaks.scenario + "\nfaults: [{ at: 59m59s, kill: ingestion }]\n").write(
        toFile: path, atomically: true, encoding: .utf8)
      let outcome = try await SondeProgram.run(["run", path, "--out", "\(folder)/run"])
      #expect(outcome.status == 70)
      #expect(
        outcome.errors.contains(
          "the fault { at: 59m59s, kill: ingestion } could not be carried out: the newest reading stored is of"
        ),
        "\(outcome.errors)")
      #expect(try report(of: "\(folder)/run")["verdict"] as? String == "error")
    }
  }
}
