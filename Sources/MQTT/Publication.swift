/// How often a message may arrive (MQTT 5, 4.3).
public enum QualityOfService: Int32, CaseIterable, Hashable, Sendable {
  case atMostOnce = 0
  case atLeastOnce = 1
  case exactlyOnce = 2
}

/// The version of MQTT that a client speaks.
public enum ProtocolVersion: String, CaseIterable, Hashable, Sendable {
  case threeOneOne = "3.1.1"
  case five = "5"
}

/// What is said about a connection, by itself when it is made or by the broker when it breaks.
public struct StatusPublication: Hashable, Sendable {
  public var topic: String
  public var payload: [UInt8]
  public var isRetained: Bool

  public init(topic: String, payload: [UInt8], isRetained: Bool) {
    self.topic = topic
    self.payload = payload
    self.isRetained = isRetained
  }
}

/// One client of a ``PublisherPool``.
public struct PublisherClient: Hashable, Sendable {
  public var id: String
  public var version = ProtocolVersion.five
  public var quality = QualityOfService.atLeastOnce
  /// Whether the broker keeps what it publishes for those who subscribe later.
  public var isRetained = false
  /// Published each time it has connected.
  public var birth: StatusPublication?
  /// Published by the broker when its connection breaks.
  public var will: StatusPublication?

  public init(id: String) { self.id = id }
}
