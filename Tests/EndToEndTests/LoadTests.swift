import Files
import Foundation
import Supervision
import TestSupport
import Testing

/// The figures of a load, stage by stage, and what was its limit. Nothing here depends on how fast the machine is: where it is too
/// busy to keep a schedule, the runs say so themselves.
@Suite(.serialized) struct LoadTests {
  private func scenario(_ more: String, stages: String = "", devices: Int = 20) -> String {
    """
    name: load
    clock: { duration: 30m, speed: x300 }
    fleet:
      - device: pump
        count: \(devices)
        every: 10s
        \(stages)
        sensors: { flow: { signal: [{ noise: { stddev: 1 } }] } }
    ingestion: { window: 5m }
    \(more)
    """
  }

  /// Runs it, and returns how it ended, with its report.
  private func run(_ text: String, in folder: String, _ arguments: [String] = []) async throws -> (
    outcome: SondeProgram.Outcome, report: [String: Any], load: [[String: Any]]
  ) {
    let file = "\(folder)/scenario.yaml"
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    let outcome = try await SondeProgram.run(["run", file, "--out", "\(folder)/run"] + arguments)
    let report = try report(of: "\(folder)/run")
    return (outcome, report, try #require(report["load"] as? [[String: Any]]))
  }

  private func number(_ row: [String: Any], _ path: String...) -> Double? {
    var value: Any? = row
    for name in path { value = (value as? [String: Any])?[name] }
    return (value as? NSNumber)?.doubleValue
  }

  private func expectVerified(_ folder: String) async throws {
    let verified = try await SondeProgram.run(["verify", "\(folder)/run"])
    #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
  }

  @Test(arguments: [1, 2]) func everyStageHasItsFigures(processes: Int) async throws {
    try await withTemporaryFolder { folder in
      let text = scenario(
        "publishing: { processes: \(processes) }\nexpect: [readings.lost == 0, \"load[stage=2].messages == 2400\"]",
        stages: "stages: [{ step: 100%, for: 10m }, { step: 200%, for: 10m }, { hold: 5m }]")
      let (outcome, report, load) = try await run(text, in: folder)
      #expect([0, 3].contains(outcome.status), "\(outcome.output)\(outcome.errors)")
      #expect(load.map { $0["name"] as? String } == ["step", "step", "hold", "hold"])
      #expect(load.compactMap { number($0, "level_percent") } == [100, 200, 200, 200])
      #expect(load.compactMap { number($0, "seconds") } == [2, 2, 1, 1])
      #expect(load.compactMap { number($0, "messages") } == [1200, 2400, 1200, 1200])
      #expect(load.compactMap { number($0, "offered_per_second") } == [600, 1200, 1200, 1200])
      for row in load {
        let (p50, p99) = (number(row, "end_to_end_ms", "p50"), number(row, "end_to_end_ms", "p99"))
        #expect((p50 ?? 0) > 0 && (p99 ?? 0) >= (p50 ?? 0), "\(row)")
        #expect(number(row, "schedule_lag_ms", "p99") != nil && (number(row, "achieved_per_second") ?? 0) > 0)
      }
      let whole = try #require((report["ingestion"] as? [String: Any])?["end_to_end_ms"] as? [String: Any])
      let greatest = load.compactMap { number($0, "end_to_end_ms", "p99.9") }.max() ?? 0
      #expect(((whole["p99.9"] as? NSNumber)?.doubleValue ?? 0) <= greatest * 1.01)
      let table = try TextFile.text(of: "\(folder)/run/load.csv").split(separator: "\n")
      #expect(table.count == 5 && table[0].hasPrefix("stage,name,level_percent"))
      #expect(outcome.output.contains("latency     p50 ") && outcome.output.contains("offered/s"))
      #expect(
        outcome.output.split(separator: "\n").filter { $0.contains("/s") }.allSatisfy { $0.count <= 80 })
      try await expectVerified(folder)
      // A figure that is put right by hand is found.
      let path = "\(folder)/run/report.json"
      let said = try TextFile.text(of: path)
      try said.replacingOccurrences(of: "\"messages\" : 2400", with: "\"messages\" : 2401")
        .write(toFile: path, atomically: true, encoding: .utf8)
      let damaged = try await SondeProgram.run(["verify", "\(folder)/run"])
      #expect(
        damaged.status == 1
          && damaged.output.contains("load[1].messages is 2401, and the files of the run give 2400"),
        "\(damaged.output)")
    }
  }

  @Test func aRunWithoutStagesIsOneStage() async throws {
    try await withTemporaryFolder { folder in
      let (outcome, _, load) = try await run(scenario("").replacing("x300", with: "max"), in: folder)
      #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
      #expect(
        load.count == 1 && load[0]["name"] as? String == "whole" && load[0]["offered_per_second"] is NSNull)
      #expect((number(load[0], "achieved_per_second") ?? 0) > 0)
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/run/load.csv"))
      #expect(!outcome.output.contains("latency  "))
      try await expectVerified(folder)
    }
  }

  /// A part that stands still is named also where other programs fill the machine.
  private func expect(_ limits: [String], _ load: [[String: Any]]) {
    let strained = load.filter { $0["carried"] as? String == "no" }
    #expect(strained.contains { limits.contains($0["limit"] as? String ?? "") }, "\(load)")
  }

  @Test func ingestionThatStandsStillIsTheLimit() async throws {
    try await withTemporaryFolder { folder in
      let (outcome, _, load) = try await run(
        scenario("faults: [{ at: 10m, pause: ingestion, for: 2500ms }]"), in: folder)
      #expect([0, 3].contains(outcome.status), "\(outcome.output)\(outcome.errors)")
      if outcome.status == 0 {
        // Where others use the disk too, transactions take most of the time that the pause leaves, and the disk is named.
        let isDiskBusy = load.contains { row in
          guard let seconds = number(row, "seconds"), let share = number(row, "commit_share") else {
            return false
          }
          return share * seconds - 2.5 > 0.5 * (seconds - 2.5)
        }
        let limits = isDiskBusy ? ["ingestion", "disk"] : ["ingestion"]
        expect(limits, load)
        #expect(
          limits.contains { outcome.output.contains("  limit       The load was not carried: \($0);") },
          "\(outcome.output)")
      }
    }
  }

  @Test func aBrokerThatDoesNotAcknowledgeMakesTheRunInvalidAndSaysWhatToTry() async throws {
    try await withTemporaryFolder { folder in
      // Twenty publications of the one gateway are soon under way.
      let (outcome, report, load) = try await run(
        scenario("faults: [{ at: 10m, pause: broker, for: 3s }]", stages: "gateways: 1", devices: 50),
        in: folder)
      #expect(outcome.status == 3, "\(outcome.output)\(outcome.errors)")
      expect(["broker"], load)
      let reason = try #require(report["reason"] as? String)
      #expect(
        reason.contains("did not keep its schedule") && reason.contains("The limit was: broker"), "\(reason)")
      #expect(reason.contains("more gateways") && reason.contains("clock.speed"), "\(reason)")
    }
  }

  @Test func aFleetThatStandsStillIsTheLimitAndMoreProcessesAreTried() async throws {
    try await withTemporaryFolder { folder in
      let file = "\(folder)/scenario.yaml"
      try scenario("").write(toFile: file, atomically: true, encoding: .utf8)
      let halt = haltOfFleet(of: "\(folder)/run")
      let run = try await Service.start(
        name: "run", executable: SondeProgram.path, arguments: ["run", file, "--out", "\(folder)/run"],
        log: "\(folder)/run.log")
      try await halt.finish()
      #expect(try await run.exit() == .exited(code: 3))
      let report = try report(of: "\(folder)/run")
      let limit = (report["load"] as? [[String: Any]])?.first?["limit"] as? String
      let reason = try #require(report["reason"] as? String)
      // Where other programs fill the machine, they may as well have held it up.
      #expect(limit == "fleet" || limit == "machine", "\(report)")
      #expect(reason.contains("clock.speed"), "\(reason)")
      if limit == "fleet" {
        #expect(reason.contains("publishing.processes: 2") || reason.contains("fewer devices"), "\(reason)")
      }
    }
  }

  @Test func simulateByHandSaysWhatToTryToo() async throws {
    try await withTemporaryFolder { folder in
      let file = "\(folder)/scenario.yaml"
      try scenario("", devices: 50).replacing("x300", with: "x1000000").write(
        toFile: file, atomically: true, encoding: .utf8)
      try await withBroker(in: folder) { address in
        let outcome = try await SondeProgram.run(["simulate", file, "--broker", "\(address)"])
        #expect(outcome.output.contains("\"stages\""))
        if outcome.status == 3 { #expect(outcome.errors.contains("try "), "\(outcome.errors)") }
      }
    }
  }
}

/// A load that climbs, on whatever machine this is.
@Suite(.serialized) struct CapacityRunTests {
  private static let scenario = ["run", "Scenarios/capacity.yaml"]

  private func expectCapacity(_ folder: String, _ changes: [String]) async throws -> [String: Any] {
    let outcome = try await SondeProgram.run(
      Self.scenario + ["--out", "\(folder)/run"] + changes.flatMap { ["--set", $0] })
    // A busy machine may carry nothing; but nothing is lost, and no window is wrong.
    #expect([0, 3].contains(outcome.status), "\(outcome.output)\(outcome.errors)")
    let report = try report(of: "\(folder)/run")
    let capacity = try #require(report["capacity"] as? [String: Any])
    let load = try #require(report["load"] as? [[String: Any]])
    #expect(capacity["steps"] as? Int == load.count)
    let knee = capacity["knee_step"] as? Int
    #expect(knee == load.last { $0["carried"] as? String == "yes" }?["stage"] as? Int)
    if outcome.status == 0 {
      #expect(outcome.output.contains("The knee: step \(try #require(knee))"), "\(outcome.output)")
      #expect(load[try #require(knee)]["limit"] as? String == capacity["limit"] as? String)
    } else {
      #expect((report["reason"] as? String)?.contains("try ") == true, "\(report["reason"] ?? "")")
    }
    let table = try TextFile.text(of: "\(folder)/run/load.csv").split(separator: "\n")
    #expect(table.count == load.count + 1)
    #expect(try TextFile.text(of: "\(folder)/run/capacity.svg").contains("offered messages/s"))
    let verified = try await SondeProgram.run(["verify", "\(folder)/run"])
    #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
    return report
  }

  private static let oneSensor = "fleet[0].sensors={ s: { signal: [{ noise: { stddev: 1 } }] } }"

  /// Four times as much each step, to a hundred thousand messages a second.
  @Test func aClimbEndsWhereTheLoadIsNotCarried() async throws {
    try await withTemporaryFolder { folder in
      _ = try await expectCapacity(
        folder,
        [
          Self.oneSensor, "fleet[0].every=1s", "capacity.from=250%", "capacity.ratio=4", "capacity.steps=5",
          "capacity.for=1s",
        ])
    }
  }

  /// Nothing is durable within a millisecond: two steps in a row are not carried, and the rest of the plan is not published.
  @Test(arguments: [1, 2]) func twoStepsThatAreNotCarriedEndTheClimb(processes: Int) async throws {
    try await withTemporaryFolder { folder in
      let report = try await expectCapacity(
        folder,
        [
          Self.oneSensor, "fleet[0].every=1s", "capacity.from=1000%", "capacity.steps=9", "capacity.for=1s",
          "capacity.latency=1ms",
          "publishing={ processes: \(processes) }",
        ])
      let capacity = try #require(report["capacity"] as? [String: Any])
      #expect(capacity["steps"] as? Int == 2 && report["verdict"] as? String == "invalid", "\(capacity)")
      #expect((report["reason"] as? String)?.contains("already the first step") == true)
      let messages = try #require(report["messages"] as? [String: Any])
      #expect(messages["planned"] as? Int == messages["stored"] as? Int)
    }
  }

  @Test func aClimbOfOneStepHasNoKnee() async throws {
    try await withTemporaryFolder { folder in
      let report = try await expectCapacity(
        folder,
        [
          Self.oneSensor, "fleet[0].every=1s", "capacity.from=100%", "capacity.steps=1", "capacity.for=1s",
          "capacity.rest=1s",
          "capacity.latency=60s",
        ])
      // On a busy machine a step may be late all the same, and then that is what it has found.
      let load = try #require(report["load"] as? [[String: Any]])
      let wasCarried = load.map { $0["carried"] as? String == "yes" }
      #expect(
        (report["verdict"] as? String == "invalid")
          == (wasCarried.allSatisfy { $0 } || !wasCarried.contains(true)))
      if wasCarried.allSatisfy({ $0 }) {
        #expect((report["reason"] as? String)?.contains("every step was carried") == true)
      }
    }
  }
}
