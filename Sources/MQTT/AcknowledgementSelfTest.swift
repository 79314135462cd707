import CMosquitto
import Foundation

/// Proves against a broker that a message is acknowledged when we say so, and not before.
///
/// A message is published to a subscriber that reads it and dies without ``CommitGatedConsumer/acknowledge()``. The
/// broker must send it again to the next subscriber of the same session, and must not once that one has acknowledged.
package enum AcknowledgementSelfTest {
  /// How long the broker may take for each step.
  static let patience = Duration.seconds(5)
  /// How long silence must last to count as "no message".
  static let silence = Duration.milliseconds(50)

  /// Runs the proof with a session and a topic of its own, and leaves nothing behind.
  ///
  /// - Parameters:
  ///   - clientID: The id of the real consumer, to which a suffix is added.
  ///   - gatesAcknowledgements: Whether the consumers that are tried wait for the commit, as those of ingestion do.
  /// - Throws: ``MQTTError/acknowledgesEarly(_:observed:)`` where the proof fails, other ``MQTTError`` where it
  ///   cannot be carried out.
  package static func run(address: BrokerAddress, clientID: String, gatesAcknowledgements: Bool = true) throws
  {
    let identity = "\(clientID)-selftest-\(getpid())"
    let topic = "sonde/selftest/\(identity)"
    func subscriber() throws -> CommitGatedConsumer {
      try CommitGatedConsumer(
        address: address, clientID: identity, filter: topic, sessionExpiry: .seconds(60),
        gatesAcknowledgements: gatesAcknowledgements)
    }
    defer { forgetSession(address, identity) }

    do {
      let first = try subscriber()
      try publish(address, identity, topic)
      try first.receive(limit: 1, byteLimit: .max, within: patience)
      guard !first.batch.isEmpty else { throw MQTTError.timedOut(address, waitingFor: "self-test message") }
      // Dropped here, unacknowledged.
    }
    do {
      let second = try subscriber()
      guard second.resumedSession else {
        throw MQTTError.acknowledgesEarly(address, observed: "the broker did not keep the session")
      }
      try second.receive(limit: 1, byteLimit: .max, within: patience)
      guard !second.batch.isEmpty else {
        throw MQTTError.acknowledgesEarly(address, observed: "an unacknowledged message did not come again")
      }
      try second.acknowledge()
      second.finish()
    }
    let third = try subscriber()
    try third.receive(limit: 1, byteLimit: .max, within: silence)
    guard third.batch.isEmpty else {
      throw MQTTError.acknowledgesEarly(address, observed: "an acknowledged message came again")
    }
    third.finish()
  }

  private static func publish(_ address: BrokerAddress, _ identity: String, _ topic: String) throws {
    let publisher = try MQTTConnection(
      address: address,
      options: .init(
        clientID: "\(identity)-p", cleanStart: true, sessionExpirySeconds: 0, queuesWrites: false))
    try publisher.open()
    var acknowledged = false
    publisher.onPublished = { _ in acknowledged = true }
    _ = try Array("self-test".utf8).withUnsafeBytes {
      try publisher.publish(topic: topic, payload: $0, quality: .atLeastOnce)
    }
    let deadline = ContinuousClock.now + patience
    while !acknowledged {
      guard ContinuousClock.now < deadline else {
        throw MQTTError.timedOut(address, waitingFor: "acknowledgement of the self-test message")
      }
      if try publisher.waitUntilReadable(.milliseconds(20)) { _ = try publisher.read(upTo: 8) }
    }
    publisher.close()
  }

  private static func forgetSession(_ address: BrokerAddress, _ identity: String) {
    let last = try? MQTTConnection(
      address: address,
      options: .init(clientID: identity, cleanStart: true, sessionExpirySeconds: 0, queuesWrites: false))
    _ = try? last?.open()
    last?.close()
  }
}
