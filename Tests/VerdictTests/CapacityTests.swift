import Compute
import DeviceFleet
import Files
import Foundation
import Telemetry
import Testing
import Verdict

/// Where a climb was carried for the last time, and what a run makes of it.
@Suite struct CapacityTests {
  @Test func theKneeIsTheLastStepThatIsCarried() {
    // The third is an accident, since the fourth was carried.
    let finding = CapacityFinding([
      LoadSamples.stage(1, offered: 1000), LoadSamples.stage(2, offered: 1250),
      LoadSamples.strained(3, offered: 1562), LoadSamples.stage(4, offered: 1953),
      LoadSamples.strained(5, offered: 2441) { $0.brokerCores = 0.97 },
      LoadSamples.strained(6, offered: 3051),
    ])
    #expect(finding.knee?.stage == 4 && finding.broken?.stage == 5 && finding.limit?.part == .broker)
    #expect(finding.failure == nil)
    #expect(finding.sentences.count == 2 && finding.sentences[0].contains("step 4, 1,953 messages/s"))
  }

  /// A knee that was found beside a build is none of the machine's.
  @Test func otherProgramsAreSaid() {
    func sentences(_ machine: Double) -> [String] {
      CapacityFinding([
        LoadSamples.stage(1), LoadSamples.strained(2) { $0.machineCores = machine },
      ]).sentences
    }
    #expect(sentences(0.85).count == 2)
    #expect(
      sentences(1.85).last
        == "Other programs used 1.25 of the 2 processors in it: with less else to do, the machine "
        + "may carry more.")
  }

  @Test func aClimbWithoutAKneeHasFoundNothing() {
    let carried = CapacityFinding([LoadSamples.stage(1), LoadSamples.stage(2, offered: 1250)])
    #expect(carried.failure?.contains("up to 1,250 messages/s; try more capacity.steps") == true)
    let strained = CapacityFinding([LoadSamples.strained(1), LoadSamples.strained(2, offered: 1250)])
    #expect(strained.failure?.contains("already the first step, 1,000 messages/s") == true)
    #expect(strained.failure?.contains("try a lower capacity.from") == true && strained.sentences.isEmpty)
    #expect(CapacityFinding([]).failure != nil)
  }

  /// Ten seconds of a stage each, of which some were carried.
  private func account(carried: [Bool], climbs: Bool, lag: Double = 2) throws -> RunAccount {
    var account = RunAccount(startedAt: Timestamp(milliseconds: 0))
    var fleet = FleetLedger()
    fleet.scheduleLagMs = .init(p50: 1, p99: lag, max: 2 * lag)
    fleet.connections = 12
    var load = LoadAccount(processors: 2, stages: [])
    var taken = 0
    for (index, isCarried) in carried.enumerated() {
      var ledger = StageLedger()
      ledger.published = 10_000
      ledger.scheduleLagMs = .init(p50: 1, p99: isCarried ? 2 : lag, max: 2 * lag)
      fleet.stages = (fleet.stages ?? []) + [ledger]
      var stage = LoadAccount.Stage(name: "step", level: Double(index + 1), seconds: 10)
      stage.takenAtBegin = taken
      taken += isCarried ? 10_000 : 7000
      stage.takenAtEnd = taken
      taken = (index + 1) * 10_000
      (stage.fleetCores, stage.brokerCores, stage.ingestionCores) = (0.4, 0.2, isCarried ? 0.5 : 0.98)
      load.stages.append(stage)
    }
    if climbs { load.climb = .init(steps: carried.count, planned: 9, latencyMs: 250) }
    account.load = load
    account.fleet = fleet
    // As it lies in the run's folder.
    return try JSONDecoder().decode(RunAccount.self, from: try JSONEncoder().encode(account))
  }

  private func report(_ account: RunAccount, expecting: [String] = []) throws -> RunReport {
    let plan = try FleetPlan(
      seed: 1, start: Timestamp(milliseconds: 0), duration: .seconds(60),
      groups: [
        DeviceGroup(
          name: "d", count: 1, every: .seconds(10),
          sensors: [SensorPlan(id: SensorID("a")!, signal: [ConstantSignal(value: Varied(1))])])
      ])
    let subject = RunSubject(
      scenario: "load", seed: 1, expectations: expecting, source: plan, replay: nil,
      compute: ComputeSettings(),
      hasOwnBroker: true)
    return try RunReport(
      RunMeasurements(subject, account), judging: try expecting.map { try Expectation($0) })
  }

  @Test func everyStageHasARowThatExpectationsCanChoose() throws {
    let report = try report(
      account(carried: [true, false, true], climbs: false),
      expecting: [
        "load[stage=1].offered_per_second == 1000", "load[stage=2].achieved_per_second == 700",
        "load[stage=2].backlog_at_end == 3000", "load[stage=3].backlog_at_begin == 0",
        "load[stage=2].limit == ingestion", "load[stage=2].carried == no", "load[stage=3].limit == none",
        "load[level_percent=200].ingestion_cores == 0.98", "load[stage=3].schedule_lag_ms.p99 <= 2",
      ])
    #expect(report.verdict == .passed, "\(report.expectations.filter { !$0.passed })")
    // One that is damaged is found.
    var other = try account(carried: [true, false, true], climbs: false)
    other.load?.stages[1].takenAtEnd = 16_999
    let damaged = try self.report(other, expecting: ["load[stage=2].backlog_at_end == 3000"])
    #expect(damaged.verdict == .failed)
  }

  /// A fleet that is late makes a run invalid, and is told what to try; a climb is late by design.
  @Test func aClimbIsNotInvalidForWhatItIsFor() throws {
    let late = try report(account(carried: [true, false], climbs: false, lag: 4000))
    #expect(late.verdict == .invalid)
    let reason = try #require(late.reason)
    #expect(
      reason.contains("4000 ms late") && reason.contains("The limit in stage 2 was: ingestion"), "\(reason)")
    #expect(reason.contains("Try fewer sensors"), "\(reason)")
    let climb = try report(account(carried: [true, false], climbs: true, lag: 4000))
    #expect(climb.verdict == .passed && climb.reason == nil)
    let knee = try #require(climb.capacity)
    #expect(knee.knee?.stage == 1 && knee.limit?.part == .ingestion)
    for carried in [[true, true], [false, false]] {
      let without = try report(account(carried: carried, climbs: true))
      #expect(without.verdict == .invalid && without.reason?.contains("capacity.from") == true)
    }
    // What an expectation finds is not covered up.
    #expect(
      try report(account(carried: [true, false], climbs: true), expecting: ["messages.planned == 5"]).verdict
        == .failed)
  }

  @Test func accountsOfEarlierVersionsAreRead() throws {
    let text = """
      {"started_at": 0, "elapsed_seconds": 1, "planned_restarts": 0, "unplanned_restarts": 0, "faults": [],
       "broker_was_killed": false}
      """
    let account = try? JSONDecoder().decode(RunAccount.self, from: Data(text.utf8))
    if let account { #expect(try report(account).load.isEmpty && account.load == nil) }
    var current = try self.account(carried: [true], climbs: false)
    current.load = nil
    let again = try JSONDecoder().decode(RunAccount.self, from: try JSONEncoder().encode(current))
    #expect(again.load == nil && LoadFigures.all(of: again).isEmpty)
  }

  @Test func theTableFitsATerminal() throws {
    let stages = (1...40).map { LoadSamples.strained($0, offered: 987_654.3) { $0.ingestionCores = 1 } }
    let table = LoadTable(stages)
    #expect(table.terminalLines.allSatisfy { $0.count <= 80 }, "\(table.terminalLines)")
    #expect(table.terminalLines.count == LoadTable.mostTerminalLines + 2)
    let lines = table.text.split(separator: "\n")
    #expect(lines.count == 41)
    #expect(lines[1].hasPrefix("1,step,") && lines[1].contains(",ingestion,"))
  }
}
