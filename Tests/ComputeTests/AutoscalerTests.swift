import Compute
import Foundation
import Telemetry
import Testing

@Suite struct AutoscalerTests {
  private static func seconds(_ seconds: Int) -> Duration { .seconds(seconds) }

  private func provisioned(_ actions: [Autoscaler.Action]) -> [Int] {
    actions.compactMap { if case .provision(let node) = $0 { node } else { nil } }
  }

  private func released(_ actions: [Autoscaler.Action]) -> [Int] {
    actions.compactMap { if case .release(let node) = $0 { node } else { nil } }
  }

  @Test func fromZeroToFourAndBack() {
    var scaler = Autoscaler(
      AutoscaleSettings(maxInstances: 4, idleTimeBeforeScaleDown: .seconds(60)), tasksPerNode: 2)
    #expect(scaler.handle(.tick, at: .zero).isEmpty && scaler.states.isEmpty)
    #expect(provisioned(scaler.handle(.demand(tasks: 3), at: .seconds(1))) == [1, 2])
    #expect(provisioned(scaler.handle(.demand(tasks: 100), at: .seconds(2))) == [3, 4])
    for node in 1...4 {
      _ = scaler.handle(.ready(node: node), at: .seconds(5))
      _ = scaler.handle(.busy(node: node), at: .seconds(5))
    }
    #expect(scaler.states == [1: .running, 2: .running, 3: .running, 4: .running])
    #expect(released(scaler.handle(.demand(tasks: 0), at: .seconds(90))).isEmpty, "none is idle")
    for node in 1...4 { _ = scaler.handle(.idle(node: node), at: .seconds(100 + node)) }
    #expect(scaler.nextRelease == .seconds(161))
    #expect(released(scaler.handle(.tick, at: .seconds(160))).isEmpty)
    #expect(released(scaler.handle(.tick, at: .seconds(162))) == [2, 1], "the last that came goes first")
    #expect(released(scaler.handle(.tick, at: .seconds(164))) == [4, 3])
    #expect(scaler.nextRelease == nil)
    for node in 1...4 { _ = scaler.handle(.gone(node: node), at: .seconds(170)) }
    #expect(scaler.states.isEmpty)
    #expect(scaler.nodeTime(at: .seconds(999)) == .seconds(169 * 2 + 168 * 2))
  }

  @Test func theFewestStayAndWorkKeepsNodes() {
    var scaler = Autoscaler(
      AutoscaleSettings(minInstances: 1, maxInstances: 3, idleTimeBeforeScaleDown: .seconds(10)),
      tasksPerNode: 1)
    #expect(provisioned(scaler.handle(.tick, at: .zero)) == [1])
    #expect(provisioned(scaler.handle(.demand(tasks: 2), at: .zero)) == [2])
    for node in 1...2 { _ = scaler.handle(.ready(node: node), at: .zero) }
    #expect(released(scaler.handle(.tick, at: .seconds(99))).isEmpty, "there is work for both")
    #expect(released(scaler.handle(.demand(tasks: 0), at: .seconds(100))) == [2])
    #expect(released(scaler.handle(.tick, at: .seconds(1000))).isEmpty)
  }

  @Test func aNodeThatIsTakenAwayIsReplacedAsSoonAsThereIsRoom() {
    var scaler = Autoscaler(AutoscaleSettings(maxInstances: 2), tasksPerNode: 1)
    _ = scaler.handle(.demand(tasks: 9), at: .zero)
    for node in 1...2 { _ = scaler.handle(.ready(node: node), at: .zero) }
    #expect(
      provisioned(scaler.handle(.preempted(node: 2), at: .seconds(1))).isEmpty, "it still holds its place")
    #expect(scaler.states[2] == .preempted)
    #expect(provisioned(scaler.handle(.gone(node: 2), at: .seconds(2))) == [2])
    #expect(provisioned(scaler.handle(.unusable(node: 1), at: .seconds(3))).isEmpty)
    #expect(provisioned(scaler.handle(.gone(node: 1), at: .seconds(4))) == [1])
  }

  /// Whatever happens in whatever order: never too many nodes, never one released that works or has not rested, the
  /// node-seconds are those that a stopwatch a node gives, and in the end only the fewest are left.
  @Test(arguments: 0..<200) func holdsWhateverHappens(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed), stream: "autoscaler")
    func pick(_ count: Int) -> Int { min(count - 1, Int(generator.uniform(in: 0...1) * Double(count))) }
    let most = 1 + pick(5)
    let settings = AutoscaleSettings(
      minInstances: pick(most + 1), maxInstances: most, idleTimeBeforeScaleDown: .seconds(pick(30)))
    var scaler = Autoscaler(settings, tasksPerNode: 1 + pick(3))
    var idleSince: [Int: Duration] = [:]
    var born: [Int: Duration] = [:]
    var spent = Duration.zero
    var now = Duration.zero
    func check(_ actions: [Autoscaler.Action]) {
      for action in actions {
        switch action {
        case .provision(let node): #expect(born[node] == now)
        case .release(let node):
          #expect(
            idleSince[node].map { now - $0 >= settings.idleTimeBeforeScaleDown } == true, "seed \(seed)")
          idleSince[node] = nil
        case .changed(let change):
          #expect(change.at == now)
          switch change.state {
          case .provisioning: born[change.node] = now
          case .idle: idleSince[change.node] = now
          case .running, .preempted, .unusable: idleSince[change.node] = nil
          case .leaving: break
          case nil:
            idleSince[change.node] = nil
            if let start = born.removeValue(forKey: change.node) { spent += now - start }
          }
        }
      }
      #expect(scaler.states.count <= most, "seed \(seed)")
      #expect(scaler.nodeTime(at: now) == born.values.reduce(spent) { $0 + (now - $1) }, "seed \(seed)")
    }
    for _ in 0..<300 {
      now += .seconds(pick(5))
      let node = 1 + pick(most)
      let events: [Autoscaler.Event] = [
        .demand(tasks: pick(12)), .ready(node: node), .busy(node: node), .idle(node: node), .tick,
        .preempted(node: node), .unusable(node: node), .gone(node: node),
      ]
      check(scaler.handle(events[pick(events.count)], at: now))
    }
    check(scaler.handle(.demand(tasks: 0), at: now))
    for _ in 0...2 * most {
      for (node, state) in scaler.states.sorted(by: { $0.key < $1.key }) {
        switch state {
        case .provisioning: check(scaler.handle(.ready(node: node), at: now))
        case .running: check(scaler.handle(.idle(node: node), at: now))
        case .leaving, .preempted, .unusable: check(scaler.handle(.gone(node: node), at: now))
        case .idle: break
        }
      }
      now += .seconds(31)
      check(scaler.handle(.tick, at: now))
    }
    #expect(scaler.states.count == settings.minInstances, "seed \(seed)")
  }

  @Test func powerSavingIsReadFromSlurmsConfiguration() {
    let on = SlurmPowerSaving(
      configuration: """
        Configuration data as of 2026-01-01T00:00:00
        ResumeProgram           = /opt/resume
        ResumeTimeout           = 90 sec
        SuspendProgram          = /opt/suspend
        SuspendTime             = 300 sec
        """)
    #expect(on.isConfigured && on.sentence.contains("300 sec") && on.sentence.contains("90 sec"))
    let off = SlurmPowerSaving(
      configuration: "ResumeProgram = (null)\nSuspendProgram = (null)\nSuspendTime = INFINITE\n")
    #expect(!off.isConfigured && off.sentence.contains("no power saving"))
  }
}
