import Telemetry

/// How far a run is, for whoever watches it.
public struct RunStatus: Hashable, Sendable {
  public enum Phase: String, Hashable, Sendable {
    case starting = "starting"
    case publishing = "publishing"
    case draining = "draining"
    case scoring = "scoring"
  }

  public var phase = Phase.starting
  /// Event time of the newest reading stored, as far as the fleet's time has come.
  public var eventTime: Timestamp?
  /// How much of the planned messages is stored, 0 to 1.
  public var share = 0.0
  public var messagesPlanned = 0
  public var messagesStored = 0
  public var windowsClosed = 0
  public var jobsCompleted = 0
  public var modelsTrained = 0
  public var restarts = 0

  public init() {}
}

/// What a run tells while it goes on.
public enum RunEvent: Hashable, Sendable {
  case status(RunStatus)
  /// Something that a person should read, such as a part that died.
  case notice(String)
}
