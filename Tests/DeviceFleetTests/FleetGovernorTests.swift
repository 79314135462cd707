import DeviceFleet
import Telemetry
import Testing

/// Processes that publish together, without any process.
@Suite struct FleetGovernorTests {
  /// A thousand messages a second for an hour.
  private func governor(_ processes: Int, hasSchedule: Bool) -> FleetGovernor {
    FleetGovernor(
      start: Fleets.start, end: Fleets.start + hours(1), messages: 3_600_000, processes: processes,
      clock: hasSchedule ? .real : .max)
  }

  private func at(_ seconds: Int64) -> Timestamp { Fleets.start + .seconds(seconds) }

  @Test func aScheduleWithoutABrakeHasNoHorizon() {
    var governor = governor(3, hasSchedule: true)
    #expect(governor.advance(allowance: .max) == .max)
    #expect(governor.advance(allowance: .max) == nil)
  }

  @Test func theHorizonFollowsTheSlowest() {
    var governor = governor(2, hasSchedule: false)
    let step = Int64(2 * FleetGovernor.messagesPerStep)
    #expect(governor.advance(allowance: .max) == Fleets.start.milliseconds + step - 1)
    governor.note(process: 0, published: 4000, reached: at(8))
    #expect(governor.advance(allowance: .max) == nil)
    governor.note(process: 1, published: 1000, reached: at(2))
    #expect(governor.advance(allowance: .max) == at(2).milliseconds + step)
    // Who has finished holds nobody up.
    governor.noteEnd(process: 1)
    #expect(governor.advance(allowance: .max) == at(8).milliseconds + step)
    governor.note(process: 1, published: 1500, reached: at(3))
    #expect(governor.advance(allowance: .max) == nil)
    governor.noteEnd(process: 0)
    #expect(governor.advance(allowance: .max) == nil)
  }

  @Test(arguments: [true, false]) func whatIsAllowedIsShared(hasSchedule: Bool) {
    var governor = governor(2, hasSchedule: hasSchedule)
    #expect(governor.advance(allowance: 0) == nil)
    #expect(governor.advance(allowance: 2000) == at(2).milliseconds - 1)
    governor.note(process: 0, published: 1000, reached: at(2))
    governor.note(process: 1, published: 1000, reached: at(2))
    #expect(governor.advance(allowance: 2000) == nil)
    #expect(governor.advance(allowance: 2500) == at(2).milliseconds + 500)
  }

  /// However processes report, a simulated fleet comes to its end and is never much further than allowed.
  @Test func everyFleetFinishes() {
    for seed in UInt64(1)...10 {
      var generator = SeededGenerator(seed: seed)
      let processes = 1 + generator.index(below: 5)
      var governor = governor(processes, hasSchedule: false)
      var reached = Array(repeating: Int64(0), count: processes)
      var horizon = Int64(0)
      var rounds = 0
      while reached.contains(where: { $0 < 3_600_000 }), rounds < 100_000 {
        rounds += 1
        let published = reached.reduce(0) { $0 + Int($1) / processes }
        if let next = governor.advance(allowance: published + 5000) {
          horizon = next - Fleets.start.milliseconds
        }
        #expect(horizon <= (reached.min() ?? 0) + 5001, "seed \(seed)")
        let process = generator.index(below: processes)
        let step = Int64(1 + generator.index(below: 2000))
        reached[process] = min(min(reached[process] + step, horizon), 3_600_000)
        governor.note(
          process: process, published: Int(reached[process]) / processes,
          reached: Fleets.start + .milliseconds(reached[process]))
        if reached[process] == 3_600_000 { governor.noteEnd(process: process) }
      }
      #expect(rounds < 100_000, "seed \(seed)")
    }
  }
}
