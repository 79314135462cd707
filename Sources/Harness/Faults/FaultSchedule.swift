import Scenario
import Telemetry
import Verdict
import WindowStore

/// The faults of a scenario, each carried out as event time comes to it, and ended when the wall clock has passed its length.
///
/// Times are counted from the moment at which the fleet was started.
struct FaultSchedule {
  /// A fault that is under way.
  private struct Course {
    var index: Int
    var injector: any FaultInjector
    /// Nil until there is evidence.
    var endsAt: Duration?
  }

  private let faults: [FaultSpecification]
  private let start: Timestamp
  private var waiting: [Int]
  private var courses: [Course] = []
  /// Faults that have ended, with what ingestion had done by then.
  private var recovering: [(index: Int, endedAt: Duration, messages: Int)] = []
  private(set) var outcomes: [FaultOutcome]
  private var lastEnd: Duration?

  init(_ faults: [FaultSpecification], start: Timestamp) {
    self.faults = faults
    self.start = start
    outcomes = faults.map { FaultOutcome(fault: $0.text) }
    waiting = Array(faults.indices)
  }

  /// How often ingestion was killed.
  var kills: Int { faults.indices.count { outcomes[$0].what != nil && faults[$0].killsIngestion } }

  private var brokerWasKilled: Bool {
    faults.indices.contains {
      outcomes[$0].what != nil && faults[$0].target == .broker && faults[$0].kind == .kill
    }
  }

  private func isDue(_ index: Int, _ progress: IngestionProgress) -> Bool {
    progress.newestOfFleet.map { start + faults[index].at <= $0 } ?? false
  }

  func state(_ progress: IngestionProgress, at now: Duration) -> FaultState {
    let lacksEvidence = courses.contains { $0.endsAt == nil }
    var state = FaultState()
    state.isActive = !courses.isEmpty
    state.isWaiting = !waiting.isEmpty
    state.isHeldUp = !lacksEvidence && waiting.first.map { isDue($0, progress) } ?? false
    state.lacksEvidence = lacksEvidence
    state.excusesFailures =
      !courses.isEmpty || lastEnd.map { now - $0 < RunDefaults.faultAftermath } ?? false
    state.brokerWasKilled = brokerWasKilled
    state.lastEnd = lastEnd
    return state
  }

  /// Ends what has lasted long enough, and begins what is due. `clock` tells the time, which passes meanwhile.
  mutating func step(
    _ progress: IngestionProgress, _ parts: any BreakableParts, clock: () -> Duration,
    observe: (RunEvent) -> Void
  ) async throws {
    noteRecoveries(progress, at: clock())
    for place in courses.indices.reversed() {
      if courses[place].endsAt == nil { try look(place, parts, clock, observe) }
      try await finishIfOver(place, progress, parts, clock)
    }
    while let next = waiting.first, isDue(next, progress) {
      let injector = faults[next].kind.injector.init(faults[next])
      guard injector.canBegin(parts), !isUnderWay(faults[next]) else { return }
      waiting.removeFirst()
      courses.append(Course(index: next, injector: injector))
      let place = courses.count - 1
      do {
        try await courses[place].injector.begin(parts)
      } catch {
        throw FaultError(fault: faults[next].text, reason: "\(error)")
      }
      try look(place, parts, clock, observe)
      try await finishIfOver(place, progress, parts, clock)
    }
  }

  /// Whether the same fault hits the same part at this moment, or the process that it hits is halted or dead by another fault:
  /// the one would undo the other before it has shown.
  private func isUnderWay(_ fault: FaultSpecification) -> Bool {
    courses.contains { course in
      let other = faults[course.index]
      return other.target == fault.target
        && (other.kind == fault.kind || (other.kind.stopsProcess && fault.kind.stopsProcess))
    }
  }

  private mutating func look(
    _ place: Int, _ parts: any BreakableParts, _ clock: () -> Duration, _ observe: (RunEvent) -> Void
  ) throws {
    let index = courses[place].index
    guard let what = try courses[place].injector.happened(parts) else { return }
    outcomes[index].what = what
    outcomes[index].beganSeconds = clock().seconds
    courses[place].endsAt = clock() + faults[index].length
    observe(.notice("fault \(faults[index].text): \(what)"))
  }

  private mutating func finishIfOver(
    _ place: Int, _ progress: IngestionProgress, _ parts: any BreakableParts, _ clock: () -> Duration
  ) async throws {
    guard let end = courses[place].endsAt, end <= clock() else { return }
    var course = courses.remove(at: place)
    do {
      try await course.injector.end(parts)
    } catch {
      throw FaultError(fault: faults[course.index].text, reason: "it could not be ended: \(error)")
    }
    let now = clock()
    outcomes[course.index].endedSeconds = now.seconds
    lastEnd = now
    recovering.append((course.index, now, progress.messages))
  }

  /// Sees which faults ingestion has got over.
  private mutating func noteRecoveries(_ progress: IngestionProgress, at now: Duration) {
    recovering.removeAll { entry in
      guard progress.messages > entry.messages else { return false }
      outcomes[entry.index].recoverySeconds = (now - entry.endedAt).seconds
      return true
    }
  }

  /// Puts everything right that is still broken, as well as that goes: before the parts are stopped.
  mutating func abandon(_ parts: any BreakableParts) async {
    for place in courses.indices { try? await courses[place].injector.end(parts) }
    courses.removeAll()
  }

  /// Throws ``FaultError`` where a fault has not happened although everything has been stored.
  func requireCompletion(_ progress: IngestionProgress) throws {
    guard let index = waiting.first ?? courses.first(where: { $0.endsAt == nil })?.index else { return }
    let reason: String
    if waiting.isEmpty {
      reason = "there was no evidence of it before the last reading was stored"
    } else if isDue(index, progress) {
      reason = "when its time had come, what it hits had ended or was not to be had; let it begin earlier"
    } else {
      let newest = progress.newestOfFleet.map { "\($0)" } ?? "nothing"
      reason = "the newest reading stored is of \(newest), and then nothing more came"
    }
    throw FaultError(fault: faults[index].text, reason: reason)
  }
}
