import MQTT

extension FleetPublisher {
  /// How the client ids of this run begin, and how fast they connect.
  package struct Options: Sendable {
    /// Makes the client ids different from those of others on the same broker.
    package var session: String
    package var share: FleetShare
    /// Connections made a second by this process; nil: as fast as can be.
    package var connectionsPerSecond: Double?
    /// The stages of the load; nil: it has one.
    package var stages: LoadStages?
    /// Whether publications say to which stage they belong, where there are several.
    package var tellsStages = false
    /// The version of MQTT of groups that do not say theirs.
    package var version = ProtocolVersion.five

    package init(session: String, share: FleetShare = .whole, connectionsPerSecond: Double? = nil) {
      self.session = session
      self.share = share
      self.connectionsPerSecond = connectionsPerSecond
    }
  }
}
