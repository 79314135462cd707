import Foundation
import Telemetry
import TestSupport
import Testing

/// A fleet of which one device is kept back for a while and another's clock is wrong, both drawn from a seed; scored every five
/// minutes.
struct OddFleet {
  let seed: UInt64
  let scenario: String

  init(seed: UInt64) {
    self.seed = seed
    var generator = SeededGenerator(seed: seed, stream: "odd fleet")
    func minutes(_ range: ClosedRange<Int>) -> Int {
      range.lowerBound + generator.index(below: range.count)
    }
    let sleepsFrom = minutes(15...30)
    let sleepsFor = minutes(3...20)
    let skewFrom = minutes(15...35)
    let skewFor = minutes(1...15)
    let skew = [-3600, -400, -90, 90, 400, 3600, 14_400][generator.index(below: 7)]
    let idleAfter = minutes(2...12)
    scenario = """
      name: odd-fleet
      seed: \(seed)
      clock: { start: 2026-01-01T00:00:00Z, duration: 1h, speed: max }
      fleet:
        - device: d
          count: 5
          every: 5s
          sensors:
            a: { signal: [{ sine: { offset: 10, amplitude: 2, period: 10m } }, { noise: { stddev: 1 } }] }
            b: { signal: [{ noise: { stddev: 1 } }] }
          transport:
            - { kind: lateness, devices: [d-0002], between: [\(sleepsFrom)m, \(sleepsFrom + sleepsFor)m] }
          anomalies:
            - { kind: clock-skew, devices: [d-0004], between: [\(skewFrom)m, \(skewFrom + skewFor + 1)m], for: \(skewFor)m, severity: \(skew) }
      ingestion: { window: 1m, out_of_orderness: 10s, allowed_lateness: 2m, idle_after: \(idleAfter)m }
      model: { per: device, features: [mean, stddev], nu: 0.1, train_on: [0m, 15m] }
      scoring: { from: 15m, cron: "*/5 * * * *" }
      expect: [readings.lost == 0, readings.doubled == 0, readings.unaccounted == 0, windows.mismatched == 0]
      """
  }

  /// Runs it with `faults`: what it reports, and the prediction file of each job. Its verdict must be `passed`.
  func run(_ faults: String, _ arguments: [String] = []) async throws
    -> (figures: [String: Any], files: [String: String])
  {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/odd-fleet.yaml"
      try (scenario + "\nfaults: [\(faults)]\n").write(toFile: path, atomically: true, encoding: .utf8)
      let outcome = try await SondeProgram.run(["run", path, "--out", "\(folder)/run"] + arguments)
      let said = "\(scenario)\n\(faults) \(arguments)\n\(outcome.output)\n\(outcome.errors)"
      let figures = try #require(try? report(of: "\(folder)/run"), "status \(outcome.status)\n\(said)")
      #expect(outcome.status == 0, "\(said)\n\(figures["losses"] ?? "")")
      return (figures, try Remains(of: "\(folder)/run").files.filter { $0.key.hasSuffix("predictions.csv") })
    }
  }
}

/// Many faults in one run.
@Suite(.serialized) struct FaultScheduleTests {
  @Test func theScenarioForNewcomersPasses() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await SondeProgram.run(["run", "Scenarios/faults.yaml", "--out", "\(folder)/run"])
      #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
      #expect(outcome.output.contains("13 of 13 carried out"), "\(outcome.output)")
      let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/run")
      #expect(!names.contains("faults"))
    }
  }

  /// Faults, and devices that sleep and whose clocks are wrong: nothing is lost, doubled or mismatched, and the files of all jobs
  /// are an undisturbed run's. `SONDE_FAULT_SCHEDULES` says how many, `SONDE_FAULT_SEED` with which one they begin.
  @Test func drawnFaultsLoseNothingEither() async throws {
    let environment = ProcessInfo.processInfo.environment
    let count = environment["SONDE_FAULT_SCHEDULES"].flatMap { Int($0) } ?? 4
    let first = environment["SONDE_FAULT_SEED"].flatMap { Int($0) } ?? 1
    var slowestDrain = 0.0
    var slowestRecovery = 0.0
    var kinds: [String: Int] = [:]
    for seed in first..<first + count {
      let fleet = OddFleet(seed: UInt64(seed))
      let (figures, files) = try await fleet.run("{ random: 5, between: [5m, 50m] }")
      let undisturbed = try await fleet.run("")
      #expect(files == undisturbed.files, "seed \(seed): the files of jobs differ from an undisturbed run's")
      #expect(files.count >= 6, "seed \(seed)")
      let faults = try #require(figures["faults"] as? [String: Any])
      let drained = try #require(faults["drained_seconds"] as? Double)
      let recovery = ((faults["recovery_seconds"] as? [String: Any])?["max"] as? Double) ?? 0
      let drawn = try FaultEvents.of(figures).compactMap { $0["fault"] as? String }
      #expect(drawn.count == 5)
      slowestDrain = max(slowestDrain, drained)
      slowestRecovery = max(slowestRecovery, recovery)
      for fault in drawn {
        let name = fault.split(separator: ",").dropFirst().first.map(String.init) ?? fault
        kinds[name.filter { $0 != "}" }.trimmingCharacters(in: .whitespaces), default: 0] += 1
      }
      print(
        "seed \(seed): drained in \(drained) s, slowest recovery \(recovery) s: \(drawn.joined(separator: ", "))"
      )
    }
    print(
      "\(count) schedules: slowest drain \(slowestDrain) s, slowest recovery \(slowestRecovery) s; \(kinds)")
  }
}
