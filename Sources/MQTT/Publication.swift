/// How often a message may arrive (MQTT 5, 4.3).
package enum QualityOfService: Int32, CaseIterable, Hashable, Sendable {
  case atMostOnce = 0
  case atLeastOnce = 1
  case exactlyOnce = 2
}

/// The version of MQTT that a client speaks.
package enum ProtocolVersion: String, CaseIterable, Hashable, Sendable, Codable {
  case threeOneOne = "3.1.1"
  case five = "5"

  /// As people say it.
  package var name: String { "MQTT \(rawValue)" }
}

/// What is said about a connection, by itself when it is made or by the broker when it breaks.
package struct StatusPublication: Hashable, Sendable {
  package var topic: String
  package var payload: [UInt8]
  package var isRetained: Bool

  package init(topic: String, payload: [UInt8], isRetained: Bool) {
    self.topic = topic
    self.payload = payload
    self.isRetained = isRetained
  }
}

/// What a client says when a connection is made, and what the broker says when that connection breaks.
package struct ClientGreeting: Hashable, Sendable {
  package var births: [StatusPublication]
  package var will: StatusPublication

  package init(births: [StatusPublication], will: StatusPublication) {
    self.births = births
    self.will = will
  }
}

/// One client of a ``PublisherPool``.
package struct PublisherClient: Hashable, Sendable {
  package var id: String
  package var version = ProtocolVersion.five
  package var quality = QualityOfService.atLeastOnce
  /// Whether the broker keeps what it publishes for those who subscribe later.
  package var isRetained = false
  /// Published each time it has connected.
  package var birth: StatusPublication?
  /// Published by the broker when its connection breaks.
  package var will: StatusPublication?

  package init(id: String) { self.id = id }
}
