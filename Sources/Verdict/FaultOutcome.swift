/// What became of one fault of a scenario.
package struct FaultOutcome: Hashable, Sendable, Codable {
  /// As the scenario says it.
  package var fault: String
  /// What happened, in words; nil where it has not.
  package var what: String?
  /// Wall-clock seconds since publishing began.
  package var beganSeconds: Double?
  package var endedSeconds: Double?
  /// Seconds from its end until ingestion had stored something new; nil where there was nothing more to store.
  package var recoverySeconds: Double?

  package init(
    fault: String, what: String? = nil, beganSeconds: Double? = nil, endedSeconds: Double? = nil,
    recoverySeconds: Double? = nil
  ) {
    self.fault = fault
    self.what = what
    self.beganSeconds = beganSeconds
    self.endedSeconds = endedSeconds
    self.recoverySeconds = recoverySeconds
  }
}
