import Telemetry

/// How far a run is, for a person who watches it.
package struct RunStatus: Hashable, Sendable {
  package enum Phase: String, Hashable, Sendable {
    case starting = "starting"
    case publishing = "publishing"
    case draining = "draining"
    case scoring = "scoring"
    case comparing = "comparing"
  }

  package var phase = Phase.starting
  /// Event time of the newest reading stored, as far as the fleet's time has come.
  package var eventTime: Timestamp?
  /// How much of the planned messages is stored, 0 to 1.
  package var share = 0.0
  package var messagesPlanned = 0
  package var messagesStored = 0
  package var windowsClosed = 0
  package var jobsCompleted = 0
  package var modelsTrained = 0
  package var restarts = 0
  /// The deployment that scores while others have done so before.
  package var deployment: String?

  package init() {}
}

/// What a run tells while it goes on.
package enum RunEvent: Hashable, Sendable {
  case status(RunStatus)
  /// How far that is which comes after the pipeline, in a line: other cluster sizes, the scoring service.
  case trial(String)
  /// Something that a person should read, such as a part that died.
  case notice(String)
}
