import DeviceFleet
import MQTT

/// Everything that a fleet is told: which one, and where it publishes. As a file it is a run's `simulate.json`.
package struct FleetSettings: Hashable, Sendable, Codable {
  /// The scenario whose fleet it is, as it was given.
  package var scenario: ScenarioText
  package var broker: BrokerAddress
  /// The version of MQTT of groups that do not say theirs; nil: as the scenario says.
  package var mqtt: ProtocolVersion?
  /// The beginning of the names of our connections.
  package var session: String
  /// How fast event time passes; nil: as the scenario says.
  package var clock: PublishingClock?
  /// Processes that share the connections; nil: as the scenario says.
  package var processes: Int?
  /// Connections made a second; nil: as the scenario says.
  package var connectionRate: Double?
  /// Whether the process that started it says how far it may publish.
  package var isGoverned = false
  /// Whether it says so as an event time, in milliseconds since 1970, rather than as a number of messages.
  package var isClimbing = false

  package init(scenario: ScenarioText, broker: BrokerAddress, session: String) {
    self.scenario = scenario
    self.broker = broker
    self.session = session
  }
}
