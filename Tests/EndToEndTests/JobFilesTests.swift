import Foundation
import Telemetry
import TestSupport
import Testing

/// The files of every job are a function of scenario and seed, and one device never costs its neighbours.
@Suite(.serialized) struct JobFilesTests {
  /// At any speed, with any number of publishing processes, and however the pipeline is delayed or killed.
  @Test func jobFilesFollowFromScenarioAndSeed() async throws {
    let seed = UInt64(1)
    let fleet = OddFleet(seed: seed)
    let expected = try await fleet.run("").files
    #expect(expected.count >= 6)
    for (faults, arguments) in [
      ("", []), ("", ["--set", "publishing.processes=3"]), ("", ["--set", "clock.speed=x600"]),
      ("{ at: 20m, kill: ingestion }, { at: 30m, pause: ingestion, for: 300ms }", []),
      ("{ at: 25m, cut: fleet, for: 300ms }", ["--set", "publishing.processes=2"]),
    ] {
      let files = try await fleet.run(faults, arguments).files
      #expect(files == expected, "seed \(seed), \(faults) \(arguments)")
    }
  }

  /// Three honest devices and one whose clock is wrong: the honest ones are scored as if it were not there, and who asks is told.
  @Test(arguments: [14_400, -7200, 300, 80_000]) func aWrongClockCostsNobodyElse(severity: Int) async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/clocks.yaml"
      try """
      name: clocks
      seed: 7
      clock: { start: 2026-01-01T00:00:00Z, duration: 6h, speed: max }
      fleet:
        - device: pump
          count: 4
          every: 60s
          sensors:
            temperature: { signal: [{ sine: { offset: 60, amplitude: 4, period: 3h } }, { noise: { stddev: 0.5 } }] }
          anomalies:
            - { kind: clock-skew, devices: [pump-0004], at: 3h, for: 30m, severity: \(severity) }
      ingestion: { window: 10m, out_of_orderness: 30s, allowed_lateness: 5m }
      model: { per: device, features: [mean, stddev], nu: 0.05, train_on: [0h, 2h] }
      scoring: { from: 2h, cron: "0 * * * *" }
      expect: [readings.lost == 0, readings.doubled == 0, readings.unaccounted == 0, windows.mismatched == 0]
      """.write(toFile: path, atomically: true, encoding: .utf8)
      func rows(_ name: String, _ arguments: [String]) async throws -> [String: [String]] {
        let outcome = try await SondeProgram.run(["run", path, "--out", "\(folder)/\(name)"] + arguments)
        #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
        if arguments.isEmpty {
          #expect(outcome.output.contains("pump-0004 was up to"), "\(outcome.output)")
        }
        return try Remains(of: "\(folder)/\(name)").files.filter { $0.key.hasSuffix("predictions.csv") }
          .mapValues { $0.split(separator: "\n").map(String.init).filter { !$0.contains("pump-0004") } }
      }
      let alone = try await rows("alone", ["--set", "fleet[0].anomalies=[]"])
      #expect(alone.values.allSatisfy { $0.count > 1 } && alone.count == 4)
      #expect(try await rows("skewed", []) == alone)
      let report = try report(of: "\(folder)/skewed")
      let ingestion = try #require(report["ingestion"] as? [String: Any])
      let clock = try #require((ingestion["clocks"] as? [[String: Any]])?.first)
      #expect(clock["device"] as? String == "pump-0004")
      let side = severity > 0 ? "ahead_seconds" : "behind_seconds"
      #expect(clock[side] as? Double == Double(abs(severity)))
      let shown = try await SondeProgram.run(["jobs", "show", "\(folder)/skewed", "2026-01-01T04-00-00Z"])
      #expect(shown.output.contains("clock: pump-0004 was up to"), "\(shown.output)")
    }
  }

  /// A scenario goes by its own clock, so it may begin long after today.
  @Test func aScenarioMayLieInTheFuture() async throws {
    let fleet = OddFleet(seed: 3)
    let (figures, files) = try await fleet.run("", ["--set", "clock.start=2061-07-28T00:00:00Z"])
    #expect((figures["readings"] as? [String: Any])?["rejected"] as? Int == 0)
    #expect(files.count >= 6)
  }

  /// Random fleets with wrong clocks, sleepers, sensors that say nothing, and extreme values: ledger and windows close.
  /// `SONDE_RANDOM_FLEETS` says how many, `SONDE_FLEET_SEED` with which one they begin.
  @Test func theAccountOfRandomFleetsCloses() async throws {
    let environment = ProcessInfo.processInfo.environment
    let count = environment["SONDE_RANDOM_FLEETS"].flatMap { Int($0) } ?? 4
    let first = environment["SONDE_FLEET_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...1_000_000)
    for seed in first..<first + UInt64(count) {
      print("random fleet: seed \(seed)")
      try await withTemporaryFolder { folder in
        let path = "\(folder)/fleet.yaml"
        let scenario = RandomFleet(seed: seed).scenario
        try scenario.write(toFile: path, atomically: true, encoding: .utf8)
        let outcome = try await SondeProgram.run(["run", path, "--out", "\(folder)/run"])
        #expect(outcome.status == 0, "seed \(seed)\n\(scenario)\n\(outcome.output)\n\(outcome.errors)")
      }
    }
  }
}

/// A scenario drawn from a seed.
private struct RandomFleet {
  let scenario: String

  init(seed: UInt64) {
    var generator = SeededGenerator(seed: seed, stream: "random fleet")
    func pick<Value>(_ values: [Value]) -> Value { values[generator.index(below: values.count)] }
    func among(_ range: ClosedRange<Int>) -> Int { range.lowerBound + generator.index(below: range.count) }
    let signals = [
      "[{ constant: { value: 1.5e308 } }]", "[{ constant: { value: -0.0 } }, { noise: { stddev: 5e-324 } }]",
      "[{ constant: { value: 1e-310 } }]", "[{ constant: { value: 0.1 } }]",
      "[{ sine: { offset: 1e15, amplitude: 3, period: 7m } }, { noise: { stddev: 1 } }]",
      "[{ noise: { stddev: 1e300 } }]", "[{ random_walk: { per_hour: 3 } }]",
    ]
    let groups = (0..<among(1...3)).map { group in
      let names = (0..<among(1...3)).map { "s\($0)" }
      let sensors = names.map {
        "\($0): { resolution: \(pick(["1e-300", "1e-6", "0.1"])), signal: \(pick(signals)) }"
      }
      var transport: [String] = []
      for kind in ["lateness", "reordering", "duplicates", "silent", "loss", "garbage"]
      where among(0...2) == 0 {
        let from = among(5...40)
        transport.append("{ kind: \(kind), devices: 1, between: [\(from)m, \(from + among(2...19))m] }")
      }
      var anomalies: [String] = []
      if among(0...1) == 0 {
        let from = among(5...30)
        let severity = pick([-7200, -45, 30, 600, 7200, 86_400])
        anomalies.append(
          "{ kind: clock-skew, devices: 1, between: [\(from)m, \(from + 25)m], for: \(among(1...20))m, severity: \(severity) }"
        )
      }
      if names.count > 1, among(0...1) == 0 {
        anomalies.append(
          "{ kind: dropout, sensor: s0, devices: 1, at: \(among(5...40))m, for: \(among(1...15))m }")
      }
      let values = names.map { #""\#($0)":${values.\#($0)}"# }.joined(separator: ",")
      let template =
        #"template: '{"device":"${device}","epoch":${epoch},"seq":${seq},"ts":${ts},"values":{\#(values)}}'"#
      return """
        - { device: g\(group), count: \(among(1...5)), every: \(pick(["5s", "10s", "37s"])),
            publish: { \(pick(["qos: 1", template])) }, sensors: { \(sensors.joined(separator: ", ")) },
            transport: [\(transport.joined(separator: ", "))], anomalies: [\(anomalies.joined(separator: ", "))] }
        """
    }
    scenario = """
      name: random-fleet
      seed: \(seed)
      clock: { start: 2026-01-01T00:00:00Z, duration: 1h, speed: max }
      fleet: [\(groups.map { String($0.dropFirst(2)) }.joined(separator: ", "))]
      ingestion: { window: \(pick(["1m", "5m"])), out_of_orderness: \(pick(["0s", "10s", "1m"])), allowed_lateness: \(pick(["0s", "2m"])), idle_after: \(pick(["2m", "10m", "1h"])), late_policy: \(pick(["keep", "drop", "adjust"])) }
      expect: [readings.lost == 0, readings.doubled == 0, readings.unaccounted == 0, windows.mismatched == 0]
      """
  }
}
