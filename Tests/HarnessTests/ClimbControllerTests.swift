import DeviceFleet
import Harness
import Supervision
import Telemetry
import Testing

/// How far a load climbs, told step by step what was seen.
@Suite struct ClimbControllerTests {
  private static let climb = LoadClimb(
    from: 1, ratio: 1.25, steps: 5, length: .seconds(5), rest: .seconds(1), latency: .milliseconds(250))
  private static let messages = [1000, 2250, 3812, 5765, 8206]

  private func controller() -> ClimbController {
    ClimbController(Self.climb, messages: Self.messages, factor: 1)
  }

  private func seen(
    _ seconds: Double, taken: Int, told step: Int? = nil, p99: Double = 60, growth: Double? = 0
  )
    -> ClimbController.Observation
  {
    let told = step.map {
      ClimbController.Told(step: $0, known: Self.messages[$0], p99: p99, growth: growth)
    }
    return .init(now: .seconds(seconds), taken: taken, told: told)
  }

  @Test func theNextStepFollowsWhenTheOneBeforeIsKnownToBeCarried() {
    var controller = controller()
    #expect(controller.next(.init(now: nil, taken: 0)) == .allow(step: 0))
    #expect(controller.next(.init(now: nil, taken: 0)) == nil)
    #expect(controller.next(seen(4.9, taken: 980)) == nil)
    #expect(controller.next(seen(5.01, taken: 1000)) == nil, "ingestion has told nothing yet")
    #expect(controller.next(seen(5.1, taken: 1000, told: 0)) == .allow(step: 1))
    #expect(controller.next(seen(5.2, taken: 1000, told: 0)) == nil)
    // What was told of the step before says nothing of this one.
    #expect(controller.next(seen(11.05, taken: 2250, told: 0)) == nil)
    #expect(controller.next(seen(11.1, taken: 2250, told: 1)) == .allow(step: 2))
  }

  /// A hiccup costs no knee; two steps in a row do.
  @Test func twoStepsInARowEndTheClimb() {
    var controller = controller()
    _ = controller.next(.init(now: nil, taken: 0))
    #expect(controller.next(seen(5.1, taken: 1000, told: 0, p99: 251)) == nil)
    #expect(controller.next(seen(5.86, taken: 1000, told: 0, p99: 251)) == .allow(step: 1))
    #expect(controller.next(seen(11.1, taken: 2250, told: 1)) == .allow(step: 2))
    #expect(controller.next(seen(17.86, taken: 3000)) == .allow(step: 3))
    #expect(controller.next(seen(23.5, taken: 4000)) == nil)
    // Not carried either: nothing more comes, and what is under way is waited for.
    #expect(controller.next(seen(23.86, taken: 4500)) == nil)
    #expect(controller.allowed == 3)
    #expect(controller.next(seen(25, taken: 5764)) == nil)
    #expect(controller.next(seen(26, taken: 5765)) == .end)
    #expect(controller.next(seen(27, taken: 5765)) == nil)
  }

  @Test func aRateThatFallsShortIsAMiss() {
    var controller = controller()
    _ = controller.next(.init(now: nil, taken: 0))
    #expect(controller.next(seen(5.1, taken: 1000, told: 0, growth: 0.02)) == nil)
    #expect(controller.next(seen(5.2, taken: 1000, told: 0, growth: 0.01)) == .allow(step: 1))
  }

  @Test func theLastStepIsTheEnd() {
    var controller = controller()
    _ = controller.next(.init(now: nil, taken: 0))
    for step in 0..<4 {
      let now = Double(step) * 6 + 5.1
      #expect(
        controller.next(seen(now, taken: Self.messages[step], told: step)) == .allow(step: step + 1),
        "\(step)")
    }
    #expect(controller.next(seen(29.1, taken: 8206, told: 4)) == .end)
  }

  @Test func whatIsLostIsNotWaitedForWithoutEnd() {
    var controller = controller()
    _ = controller.next(.init(now: nil, taken: 0))
    _ = controller.next(seen(5.86, taken: 10))
    #expect(controller.next(seen(11.86, taken: 2000)) == nil)
    #expect(controller.next(seen(15, taken: 2001)) == nil)
    #expect(controller.next(seen(24.9, taken: 2001)) == nil)
    #expect(controller.next(seen(25, taken: 2001)) == .end)
  }
}

/// What is seen of the parts, cut by stages.
@Suite struct StageMeterTests {
  private let stages = LoadStages([
    .init(name: "step", level: 1, begin: .seconds(0), end: .seconds(10)),
    .init(name: "step", level: 2, begin: .seconds(12), end: .seconds(22)),
  ])

  private func sample(_ seconds: Double, taken: Int, ingest: Double, machine: Double = 0) -> StageMeter.Sample
  {
    .init(seconds: seconds, taken: taken, cpuSeconds: [.ingest: ingest], machineSeconds: machine)
  }

  @Test func figuresAreCutWhereStagesBeginAndEnd() {
    var meter = StageMeter(stages, clock: .real)
    #expect(meter.wantsSample(at: 0))
    meter.note(sample(0, taken: 0, ingest: 1, machine: 100))
    #expect(!meter.wantsSample(at: 5))
    meter.note(sample(5, taken: 400, ingest: 2, machine: 104))
    #expect(meter.wantsSample(at: 10.01))
    meter.note(sample(10, taken: 990, ingest: 5, machine: 115))
    #expect(!meter.wantsSample(at: 11))
    meter.note(sample(12, taken: 1000, ingest: 5.5, machine: 116))
    meter.note(sample(22, taken: 2500, ingest: 15, machine: 136))
    let account = meter.account
    #expect(account.map(\.takenAtBegin) == [0, 1000] && account.map(\.takenAtEnd) == [990, 2500])
    #expect(account.map(\.ingestionCores) == [0.4, 0.95] && account.map(\.machineCores) == [1.5, 2])
    #expect(account.map(\.seconds) == [10, 10] && account.allSatisfy { $0.fleetCores == nil })
    #expect(!meter.wantsSample(at: 99))
  }

  /// Stages are event time, and figures are wall time.
  @Test func aFasterClockHasShorterStages() {
    var meter = StageMeter(stages, clock: .scaled(factor: 10))
    meter.note(sample(0, taken: 0, ingest: 0))
    meter.note(sample(1, taken: 10, ingest: 0.5))
    #expect(meter.account[0].seconds == 1 && meter.account[0].ingestionCores == 0.5)
    #expect(meter.account[1].takenAtBegin == nil)
  }

  /// A part that was started again begins to count anew.
  @Test func aPartThatIsAnotherProcessHasNoFigure() {
    var meter = StageMeter(stages, clock: .real)
    meter.note(sample(0, taken: 0, ingest: 5))
    meter.note(sample(10, taken: 10, ingest: 0.1))
    #expect(meter.account[0].ingestionCores == nil)
  }

  @Test func underMaxAStageLastsAsLongAsTheFleetPublishes() {
    var meter = StageMeter(
      LoadStages([.init(name: "whole", level: nil, begin: .zero, end: .seconds(86_400))]), clock: .max)
    meter.note(sample(0, taken: 0, ingest: 0))
    meter.note(sample(3, taken: 500, ingest: 2.25))
    #expect(meter.account[0].ingestionCores == 2.25 / 3 && meter.account[0].seconds == nil)
  }
}
