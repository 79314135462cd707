import MQTT
import PayloadMapping
import Telemetry

/// How the devices of a group publish.
package struct PublishingStyle: Hashable, Sendable {
  /// What a connection says when it is made, or what the broker says for it when it breaks.
  package struct Status: Hashable, Sendable {
    package var topic: AddressTemplate
    package var payload: AddressTemplate
    /// Whether the broker keeps it for those who subscribe later.
    package var isRetained: Bool

    package init(topic: AddressTemplate, payload: AddressTemplate, isRetained: Bool = true) {
      self.topic = topic
      self.payload = payload
      self.isRetained = isRetained
    }

    func publication(_ names: PublisherNames) -> StatusPublication {
      var text: [UInt8] = []
      payload.write(names, into: &text)
      return StatusPublication(topic: topic.string(names), payload: text, isRetained: isRetained)
    }
  }

  package var payload = PayloadFormat.canonical
  /// A mapping by which the group publishes, in place of ``payload`` and ``topic``.
  package var mapping: MappingEncoder?
  package var topic = AddressTemplate.telemetry
  package var quality = QualityOfService.atLeastOnce
  package var isRetained = false
  /// Nil: as all do of whom nothing is said.
  package var version: ProtocolVersion?
  /// How many instants a device gathers before it publishes them together.
  package var batch = 1
  /// How many connections carry the group; nil: one a device.
  package var gateways: Int?
  /// Published each time a connection has been made.
  package var birth: Status?
  /// Published by the broker when a connection breaks.
  package var will: Status?

  package init() {}

  /// Whether one payload may carry several instants of a device.
  package var carriesInstants: Bool { mapping?.gathersInstants ?? payload.carriesInstants }

  /// What the group publishes as, and nobody asked to have otherwise.
  package static let standard = PublishingStyle()
}
