import Files

/// `faults`: what was broken on purpose, and how the pipeline recovered.
package struct FaultsSection: ReportSection {
  package let outcomes: [FaultOutcome]
  package let drainedSeconds: Double?

  package var carriedOut: Int { outcomes.count { $0.what != nil } }
  package var slowestRecoverySeconds: Double? { outcomes.compactMap(\.recoverySeconds).max() }

  package static let fields: [ReportField<Self>] = [
    .count("planned", "Faults of the scenario.") { $0.outcomes.count },
    .count("carried_out", "Those that were seen to happen.") { $0.carriedOut },
    .section("recovery_seconds", "From the end of a fault until something new was stored.") {
      RecoverySection(max: $0.slowestRecoverySeconds)
    },
    .measured("drained_seconds", "From the end of the last fault, or of publishing, until all was stored.") {
      $0.drainedSeconds
    },
    .detail("events", "Each fault: what happened, and when.") { section in
      .array(try section.outcomes.map { try $0.json() })
    },
  ]
}

/// `faults.recovery_seconds`.
struct RecoverySection: ReportSection {
  let max: Double?

  static let fields: [ReportField<Self>] = [.measured("max", "The slowest.") { $0.max }]
}

extension FaultOutcome: ReportSection {
  package static let fields: [ReportField<Self>] = [
    .text("fault", "As the scenario says it.") { $0.fault },
    .text("what", "What happened.") { $0.what },
    .measured("began_seconds", "Since publishing began.") { $0.beganSeconds },
    .measured("ended_seconds", "Since publishing began.") { $0.endedSeconds },
    .measured("recovery_seconds", "From its end until something new was stored.") { $0.recoverySeconds },
  ]
}
