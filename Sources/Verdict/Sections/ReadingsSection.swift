import Files

/// `readings`: values of sensors, at every stage of their way, and where those are that did not come to its end.
package struct ReadingsSection: ReportSection {
  let run: RunMeasurements

  private var ledger: ReadingLedger? { run.judged?.ledger }

  /// Those rejected. What is in a payload that cannot be read is not known; it counts as one.
  package var rejected: Int? {
    run.judged.map {
      $0.progress.rejectedMessages + $0.progress.rejectedReadings + $0.ledger.rejectedReadings
        - $0.ledger.rejectedPayloads
    }
  }

  /// Planned readings that are in none of the places where they could be. Nil on a foreign broker, where others publish too.
  package var unaccounted: Int? {
    guard let fleet = run.account.fleet, let judged = run.judged, run.subject.hasOwnBroker else { return nil }
    let (progress, ledger) = (judged.progress, judged.ledger)
    let neverLeft = ledger.lostAtStage[.planned] ?? 0
    let left = run.subject.plannedReadings - ledger.withheldReadings - neverLeft
    return abs(left - fleet.publishedReadings)
      + abs(
        left - progress.storedReadings - progress.lateReadings - ledger.rejectedReadings
          - progress.rejectedReadings - (ledger.lostReadings - neverLeft))
  }

  package static let fields: [ReportField<Self>] = [
    .count("planned", "Readings of the plan.") { $0.run.subject.plannedReadings },
    .count("published", "In messages handed to the broker.") { $0.run.account.fleet?.publishedReadings },
    .count("acknowledged", "In messages that the broker acknowledged.") {
      $0.run.account.fleet?.acknowledgedReadings
    },
    .count("stored", "In the journal.") { $0.run.judged?.progress.storedReadings },
    .count("duplicates", "Dropped, because they had been taken before.") {
      $0.run.judged?.progress.duplicateReadings
    },
    .count("late", "Came when their windows could no longer change.") {
      $0.run.judged?.progress.lateReadings
    },
    .count("rejected", "Not taken, each with a reason; a payload that cannot be read counts as one.") {
      $0.rejected
    },
    .count("lost", "Planned, and neither stored nor late nor rejected.") { $0.ledger?.lostReadings },
    .count("withheld", "Kept from leaving by transport faults of the scenario; not the pipeline's loss.") {
      $0.ledger?.withheldReadings
    },
    .count("dropped", "Late ones of which only the name was kept.") {
      $0.run.judged?.progress.droppedReadings
    },
    .count("adjusted", "Stored ones that were late, with a later time.") {
      $0.run.judged?.progress.adjustedReadings
    },
    .count("expired", "As old as what retention deletes, and not there.") { $0.ledger?.expiredReadings },
    .count("doubled", "In the store more than once.") { $0.ledger?.doubledReadings },
    .detail("doubled_messages", "The first messages of these, in words.") {
      .array(($0.ledger?.doubles ?? []).map(JSONValue.text))
    },
    .count("misfiled", "Stored though they were late, or late though they were in time.") {
      $0.run.judged?.windows.misfiledReadings
    },
    .detail("misfiled_messages", "The first messages of these, in words.") {
      .array(($0.run.judged?.windows.misfiled ?? []).map(JSONValue.text))
    },
    .section("lost_at", "The lost ones by the stage at which they were seen last.") {
      $0.ledger.map { LostAtSection(lost: $0.lostAtStage) }
    },
    .count("unaccounted", "Planned readings that are in none of these places.", from: .ownBroker) {
      $0.unaccounted
    },
  ]
}

/// `readings.lost_at`.
struct LostAtSection: ReportSection {
  let lost: [ReadingLedger.Stage: Int]

  static let fields: [ReportField<Self>] = ReadingLedger.Stage.allCases.map { stage in
    .count(stage.rawValue, stage.about) { $0.lost[stage] ?? 0 }
  }
}
