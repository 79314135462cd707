import DeviceFleet
import Foundation
import Telemetry
import Testing

/// The stages that a load is measured by, and a load that climbs.
@Suite struct LoadStagesTests {
  private func group(_ stages: [LoadStage]?) -> DeviceGroup {
    var group = Fleets.pumps(2)
    group.rhythm = stages.map { PublishingRhythm(profile: LoadProfile($0)) }
    return group
  }

  @Test func aLoadWithoutProfileIsOneStage() {
    for groups in [[], [group(nil)], [group(nil), group(nil)]] {
      let stages = LoadStages(groups, duration: minutes(10)).all
      #expect(stages.map(\.name) == ["whole"] && stages.map(\.length) == [minutes(10)])
    }
  }

  @Test func stagesOfOneProfileAreItsOwn() {
    let profile: [LoadStage] = [
      .ramp(to: 1, over: minutes(2)), .hold(for: minutes(1)), .step(to: 0.5, for: minutes(1)),
      .burst(to: 4, for: minutes(1)),
    ]
    let stages = LoadStages([group(profile), group(profile)], duration: minutes(10)).all
    #expect(stages.map(\.name) == ["ramp", "hold", "step", "burst", "hold"])
    #expect(stages.map(\.level) == [1, 1, 0.5, 4, 0.5])
    #expect(stages.map(\.begin) == [0, 2, 3, 4, 5].map { minutes($0) })
    #expect(stages.map(\.end) == [2, 3, 4, 5, 10].map { minutes($0) })
    // What begins after the clock has ended is no stage.
    #expect(LoadStages([group(profile)], duration: minutes(3)).all.count == 2)
  }

  @Test func eachBeginningOfOneGroupBeginsAStageOfTheFleet() {
    let stages = LoadStages(
      [group([.step(to: 1, for: minutes(4))]), group(nil), group([.step(to: 2, for: minutes(3))])],
      duration: minutes(10)
    ).all
    #expect(stages.map(\.begin) == [0, 3, 4].map { minutes($0) })
    #expect(stages.allSatisfy { $0.name == "mixed" && $0.level == nil })
    let many = LoadStages(
      [group((0..<500).map { .step(to: Double($0), for: .seconds(1)) })], duration: hours(1))
    #expect(many.all.count == LoadStages.most && many.all.last?.end == hours(1))
  }

  /// A climb that ends early has published what the whole plan begins with: nothing of it depends on the steps that follow.
  @Test(arguments: [1, 2, UInt64.random(in: 3 ..< .max)])
  func aClimbThatEndsEarlyIsTheBeginningOfTheWholeOne(seed: UInt64) throws {
    func plan(_ steps: Int) throws -> FleetPlan {
      let climb = LoadClimb(
        from: 0.7, ratio: 1.3, steps: steps, length: .seconds(50), rest: .seconds(10),
        latency: .milliseconds(250))
      var group = Fleets.pumps(7)
      group.rhythm = PublishingRhythm(jitter: 0.3, profile: climb.profile)
      #expect(climb.stages.all.map(\.level) == (0..<steps).map { climb.level($0) })
      return try Fleets.plan(seed: seed, duration: climb.duration, group)
    }
    let whole = try plan(9)
    for steps in 1...9 {
      let early = try plan(steps)
      #expect(early.messageCount == whole.messageCount(before: .seconds(60) * steps), "seed \(seed)")
      for device in whole.deviceIDs.indices {
        let messages = Array(early.messages(ofDeviceAt: device))
        #expect(messages == Array(whole.messages(ofDeviceAt: device).prefix(messages.count)), "seed \(seed)")
      }
    }
    // Silence between the steps.
    let times = whole.deviceIDs.indices.flatMap { device in
      whole.messages(ofDeviceAt: device).map { ($0.timestamp - Fleets.start).seconds }
    }
    #expect(
      !times.isEmpty && times.allSatisfy { $0.truncatingRemainder(dividingBy: 60) < 50 }, "seed \(seed)")
  }

  @Test func aHorizonThatIsGivenIsPassedOnOnce() {
    var governor = FleetGovernor(
      start: Fleets.start, end: Fleets.start + minutes(10), messages: 1000, processes: 2, clock: .real)
    #expect(governor.advance(.horizon(nil)) == nil)
    #expect(governor.advance(.horizon(5_000_000_000_000)) == 5_000_000_000_000)
    #expect(governor.advance(.horizon(5_000_000_000_000)) == nil)
    #expect(governor.advance(.horizon(5_000_000_000_001)) == 5_000_000_000_001)
  }

  @Test func ledgersWithoutStagesAreRead() throws {
    var ledger = FleetLedger()
    ledger.published = 7
    var text = String(decoding: try JSONEncoder().encode(ledger), as: UTF8.self)
    #expect(!text.contains("stages"))
    ledger.stages = [StageLedger()]
    text = String(decoding: try JSONEncoder().encode(ledger), as: UTF8.self)
    let read = try JSONDecoder().decode(FleetLedger.self, from: Data(text.utf8))
    #expect(read.stages?.count == 1 && read.stages?[0].scheduleLagMs == nil)
  }
}
