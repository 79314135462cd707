import Foundation
import Telemetry
import WindowStore

/// What became of one fault of a scenario.
struct FaultRecord: Sendable {
  var fault: ScenarioDocument.Fault
  /// What happened, in words; nil where it has not.
  var what: String?
  /// Wall-clock seconds since publishing began.
  var beganSeconds: Double?
  var endedSeconds: Double?
  /// Seconds from its end until ingestion had stored something new; nil where there was nothing more to store.
  var recoverySeconds: Double?
}

/// The faults of a scenario, each carried out as event time comes to it, and ended when the wall clock has passed its length.
struct FaultSchedule {
  private struct Course {
    var record: Int
    var fault: any PipelineFault
    /// Nil until there is evidence.
    var endsAt: ContinuousClock.Instant?
  }

  private var waiting: [Int]
  private var courses: [Course] = []
  /// Faults that have ended, by record, with what ingestion had done by then.
  private var recovering: [(record: Int, endedAt: ContinuousClock.Instant, messages: Int)] = []
  private let start: Timestamp
  private let begin = ContinuousClock.now
  private(set) var records: [FaultRecord]
  private(set) var lastEnd: ContinuousClock.Instant?

  init(_ faults: [ScenarioDocument.Fault], start: Timestamp) {
    records = faults.map { FaultRecord(fault: $0) }
    waiting = Array(records.indices)
    self.start = start
  }

  var isOver: Bool { waiting.isEmpty && courses.isEmpty }
  var isWaiting: Bool { !waiting.isEmpty }
  /// Whether something is broken at this moment.
  var isActive: Bool { !courses.isEmpty }

  /// Whether something was begun and has not shown yet.
  var lacksEvidence: Bool { courses.contains { $0.endsAt == nil } }

  /// Whether a fault is due and waits for another to end. The stream had better wait as well, lest it run dry.
  func isHeldUp(_ progress: IngestionProgress) -> Bool {
    guard let next = waiting.first, let eventTime = progress.newestOfFleet, !lacksEvidence else {
      return false
    }
    return start + records[next].fault.at <= eventTime
  }

  /// Whether a part that gave up may have done so because of a fault.
  var excusesFailures: Bool {
    isActive || lastEnd.map { ContinuousClock.now - $0 < RunDefaults.faultAftermath } ?? false
  }

  /// How often ingestion was killed.
  var kills: Int { records.count { $0.what != nil && Self.killsIngestion($0.fault) } }
  /// Whether the broker was killed, and may have forgotten what it had acknowledged.
  var brokerWasKilled: Bool {
    records.contains { $0.what != nil && $0.fault.target == .broker && $0.fault.kind == KillFault.self }
  }

  private static func killsIngestion(_ fault: ScenarioDocument.Fault) -> Bool {
    fault.target == .ingestion && (fault.kind == KillFault.self || fault.kind == PowerCutFault.self)
  }

  private func seconds(_ instant: ContinuousClock.Instant) -> Double { (instant - begin).seconds }

  /// Ends what has lasted long enough, and begins what is due.
  mutating func step(
    _ progress: IngestionProgress, _ parts: RunningParts, observe: (RunEvent) -> Void
  ) async throws {
    note(progress)
    for index in courses.indices.reversed() {
      if courses[index].endsAt == nil { try await look(index, parts, observe) }
      if let end = courses[index].endsAt, end <= .now { try await finish(index, progress, parts) }
    }
    while let next = waiting.first, let eventTime = progress.newestOfFleet,
      start + records[next].fault.at <= eventTime
    {
      let fault = records[next].fault.kind.init(records[next].fault)
      guard fault.canBegin(parts), !isUnderWay(records[next].fault) else { return }
      waiting.removeFirst()
      courses.append(Course(record: next, fault: fault))
      let index = courses.count - 1
      do {
        try await courses[index].fault.begin(parts)
      } catch {
        throw FaultError(fault: records[next].fault.text, reason: "\(error)")
      }
      try await look(index, parts, observe)
      if let end = courses[index].endsAt, end <= .now { try await finish(index, progress, parts) }
    }
  }

  /// Whether the same befalls the same at this moment, or the process that it befalls is halted or dead by another fault: the
  /// one would undo the other before it has shown.
  private func isUnderWay(_ fault: ScenarioDocument.Fault) -> Bool {
    courses.contains { course in
      let other = records[course.record].fault
      return other.target == fault.target
        && (other.name == fault.name || (other.kind.stopsProcess && fault.kind.stopsProcess))
    }
  }

  private mutating func look(_ index: Int, _ parts: RunningParts, _ observe: (RunEvent) -> Void) async throws
  {
    let record = courses[index].record
    guard let what = try courses[index].fault.happened(parts) else { return }
    records[record].what = what
    records[record].beganSeconds = seconds(.now)
    courses[index].endsAt = .now + records[record].fault.length
    observe(.notice("fault \(records[record].fault.text): \(what)"))
  }

  private mutating func finish(_ index: Int, _ progress: IngestionProgress, _ parts: RunningParts)
    async throws
  {
    var course = courses.remove(at: index)
    do {
      try await course.fault.end(parts)
    } catch {
      throw FaultError(fault: records[course.record].fault.text, reason: "it could not be ended: \(error)")
    }
    records[course.record].endedSeconds = seconds(.now)
    lastEnd = .now
    recovering.append((course.record, .now, progress.messages))
  }

  /// Sees which faults ingestion has got over.
  private mutating func note(_ progress: IngestionProgress) {
    recovering.removeAll { entry in
      guard progress.messages > entry.messages else { return false }
      records[entry.record].recoverySeconds = (ContinuousClock.now - entry.endedAt).seconds
      return true
    }
  }

  /// Puts everything right that is still broken, as well as that goes: before the parts are stopped.
  mutating func abandon(_ parts: RunningParts) async {
    for index in courses.indices { try? await courses[index].fault.end(parts) }
    courses.removeAll()
  }

  /// Throws ``FaultError`` where a fault has not happened although everything has been stored.
  func requireCompletion(_ progress: IngestionProgress) throws {
    guard let index = waiting.first ?? courses.first(where: { $0.endsAt == nil })?.record else { return }
    let reason: String
    if waiting.isEmpty {
      reason = "there was no evidence of it before the last reading was stored"
    } else if let newest = progress.newestOfFleet, start + records[index].fault.at <= newest {
      reason = "when its time had come, what it befalls had ended or was not to be had; let it begin earlier"
    } else {
      let newest = progress.newestOfFleet.map { "\($0)" } ?? "nothing"
      reason = "the newest reading stored is of \(newest), and then nothing more came"
    }
    throw FaultError(fault: records[index].fault.text, reason: reason)
  }
}
