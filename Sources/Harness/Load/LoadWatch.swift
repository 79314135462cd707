import DeviceFleet
import Foundation
import Scenario
import Supervision
import Telemetry
import Verdict
import WindowStore

/// Watches the load of a run: takes the samples that ``StageMeter`` wants, and carries out what ``ClimbController`` decides.
final class LoadWatch {
  private let document: ScenarioDocument
  private let events: PartEvents
  private var meter: StageMeter
  private var climb: ClimbController?
  private let processors = ProcessInfo.processInfo.activeProcessorCount

  init(_ document: ScenarioDocument, _ events: PartEvents) {
    self.document = document
    self.events = events
    meter = StageMeter(document.loadStages, clock: document.clock.speed)
    if let climb = document.climb, case .scaled(let factor) = document.clock.speed {
      self.climb = ClimbController(climb, messages: Self.messages(document, climb), factor: factor)
    }
  }

  /// Whether the fleet is told event times rather than numbers of messages.
  var climbs: Bool { climb != nil }

  /// How many messages all steps up to each have together.
  private static func messages(_ document: ScenarioDocument, _ climb: LoadClimb) -> [Int] {
    guard case .fleet(let plan) = document.source else { return [] }
    return (1...climb.steps).map { plan.messageCount(before: (climb.length + climb.rest) * $0) }
  }

  /// Looks at the parts, where it is time to.
  func look(_ parts: RunningParts, _ progress: IngestionProgress) {
    guard let seconds = secondsOfSchedule, meter.wantsSample(at: seconds) else { return }
    let table = ProcessTable()
    note(parts, progress, parts.usage(table), at: seconds)
  }

  /// Takes over what was looked at anyway.
  func note(_ parts: RunningParts, _ progress: IngestionProgress, _ usage: [TimelineEntry.Part: ProcessUsage])
  {
    if let seconds = secondsOfSchedule { note(parts, progress, usage, at: seconds) }
  }

  private func note(
    _ parts: RunningParts, _ progress: IngestionProgress, _ usage: [TimelineEntry.Part: ProcessUsage],
    at seconds: Double
  ) {
    let machine = MachineTicks.now.map { $0.busy / Double(sysconf(Int32(_SC_CLK_TCK))) }
    meter.note(
      .init(
        seconds: seconds, taken: progress.distinctMessages, cpuSeconds: usage.mapValues(\.cpuSeconds),
        machineSeconds: machine))
  }

  /// Tells the fleet how far the load may climb.
  func climb(_ parts: RunningParts, _ progress: IngestionProgress) {
    guard climb != nil, let fleet = parts.fleet, fleet.exit == nil else { return }
    let seen = ClimbController.Observation(
      now: secondsOfSchedule.map { .seconds($0) }, taken: progress.distinctMessages, told: events.toldStage)
    guard let action = climb?.next(seen), let climb = document.climb else { return }
    switch action {
    case .allow(let step):
      let end = document.clock.start + (climb.length + climb.rest) * (step + 1)
      fleet.write("\(end.milliseconds - 1)")
    case .end: fleet.closeInput()
    }
  }

  private var secondsOfSchedule: Double? { events.scheduleBegan.map { (ContinuousClock.now - $0).seconds } }

  var account: LoadAccount {
    var account = LoadAccount(processors: processors, stages: meter.account)
    if let steps = climb.map({ $0.allowed + 1 }), let climb = document.climb {
      account.climb = .init(
        steps: steps, planned: climb.steps, latencyMs: climb.latency.seconds * 1000)
    }
    return account
  }
}
