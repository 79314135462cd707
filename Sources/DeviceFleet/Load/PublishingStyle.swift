import MQTT
import Telemetry

/// How the devices of a group publish.
public struct PublishingStyle: Hashable, Sendable {
  /// What a connection says when it is made, or what the broker says for it when it breaks.
  public struct Status: Hashable, Sendable {
    public var topic: AddressTemplate
    public var payload: AddressTemplate
    /// Whether the broker keeps it for those who subscribe later.
    public var isRetained: Bool

    public init(topic: AddressTemplate, payload: AddressTemplate, isRetained: Bool = true) {
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

  public var payload = PayloadFormat.canonical
  public var topic = AddressTemplate.telemetry
  public var quality = QualityOfService.atLeastOnce
  public var isRetained = false
  public var version = ProtocolVersion.five
  /// How many instants a device gathers before it publishes them together.
  public var batch = 1
  /// How many connections carry the group; nil: one a device.
  public var gateways: Int?
  /// Published each time a connection has been made.
  public var birth: Status?
  /// Published by the broker when a connection breaks.
  public var will: Status?

  public init() {}

  /// What the group publishes as, and nobody asked to have otherwise.
  public static let standard = PublishingStyle()
}
