/// How the faults of a run stand, for ``RunController``.
package struct FaultState: Hashable {
  /// Whether something is broken at this moment.
  package var isActive = false
  /// Whether faults are still to come.
  package var isWaiting = false
  /// Whether a fault is due and waits for another to end. The stream had better wait as well, lest it run dry.
  package var isHeldUp = false
  /// Whether something was begun and has not shown yet.
  package var lacksEvidence = false
  /// Whether a part that gave up may have done so because of a fault.
  package var excusesFailures = false
  /// Whether the broker was killed, and may have forgotten what it had acknowledged.
  package var brokerWasKilled = false
  /// When the last fault ended.
  package var lastEnd: Duration?

  package init() {}
}
