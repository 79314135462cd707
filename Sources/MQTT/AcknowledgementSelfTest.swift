import CMosquitto
import Foundation
import Wording

/// How a broker sends again what was not acknowledged.
package enum RedeliveryForm: String, CaseIterable, Hashable, Sendable, Codable {
  /// Under the packet id that it had before, as the protocol demands (MQTT 5 and MQTT 3.1.1, 4.4).
  case samePacketID = "same_packet_id"
  /// Under the next packet id that is free, and marked as a repetition.
  case newPacketID = "new_packet_id"
  /// Under another packet id, and without a mark: nothing but its content tells it from a new message.
  case unmarked
}

/// Proves against a broker that a message is acknowledged when we say so, and not before.
///
/// Two messages are published to a subscriber that acknowledges the first, reads the second, and dies without
/// ``CommitGatedConsumer/acknowledge()``. The broker must send the second again to the next subscriber of the same session, and must
/// not once that one has acknowledged. How it sends it again is found out on the way. Whether it sends the first again as well says
/// nothing: it may read the connection of the next subscriber before the last bytes of the dead one's.
package enum AcknowledgementSelfTest {
  /// How long the broker may take for each step.
  static let patience = Duration.seconds(5)
  /// How long silence must last to count as "no message".
  static let silence = Duration.milliseconds(50)

  /// How long it may take to forget the session of a test that was stopped.
  static let lastPatience = Duration.seconds(1)

  /// Runs the proof with a session and a topic of its own, and leaves nothing behind. Where it is killed, the next one with the same
  /// client id removes what it has left.
  ///
  /// - Parameters:
  ///   - clientID: The id of the real consumer, to which a suffix is added. Two tests with one id at a time disturb each other.
  ///   - gatesAcknowledgements: Whether the consumers that are tried wait for the commit, as those of ingestion do.
  ///   - isStopped: Asked while it waits; where it says so, ``MQTTError/stopped`` is thrown.
  /// - Throws: ``MQTTError/acknowledgesEarly(_:observed:)`` where the proof fails,
  ///   ``MQTTError/deliversNothing(_:topic:)`` where the broker keeps its messages from its subscriber, other ``MQTTError`` where
  ///   it cannot be carried out.
  @discardableResult
  package static func run(
    address: BrokerAddress, clientID: String, version: ProtocolVersion = .five,
    gatesAcknowledgements: Bool = true, until isStopped: () -> Bool = { false }
  ) throws -> RedeliveryForm {
    let identity = "\(clientID)-selftest"
    let topic = "sonde/selftest/\(identity)"
    func subscriber() throws -> CommitGatedConsumer {
      try CommitGatedConsumer(
        address: address, clientID: identity, filter: topic, sessionExpiry: .seconds(60), version: version,
        gatesAcknowledgements: gatesAcknowledgements, until: isStopped)
    }
    defer {
      try? CommitGatedConsumer.forgetSession(
        of: identity, at: address, version: version,
        within: isStopped() ? lastPatience : MQTTConnection.connectTimeout)
    }

    let form: RedeliveryForm
    let before: MessageBatch.Delivery
    do {
      let first = try CommitGatedConsumer.anew(
        address: address, clientID: identity, filter: topic, sessionExpiry: .seconds(60), version: version,
        gatesAcknowledgements: gatesAcknowledgements, until: isStopped)
      try first.awaitSubscription(within: patience, until: isStopped)
      try publish(address, identity, topic, version, until: isStopped)
      let came = try receiveSecond(from: first, until: isStopped)
      guard let second = came.second else {
        throw came.isFirstThere
          ? MQTTError.timedOut(address, waitingFor: "second message of the self-test to \(topic.quoted)")
          : MQTTError.deliversNothing(address, topic: topic)
      }
      before = second
      // Dropped here, unacknowledged.
    }
    do {
      let second = try subscriber()
      guard second.resumedSession else {
        throw MQTTError.acknowledgesEarly(address, observed: "the broker did not keep the session")
      }
      guard let again = try receiveSecond(from: second, until: isStopped).second else {
        throw MQTTError.acknowledgesEarly(address, observed: "an unacknowledged message did not come again")
      }
      form =
        again.packetID == before.packetID ? .samePacketID : again.isRepetition ? .newPacketID : .unmarked
      try second.acknowledge()
      second.finish()
    }
    let third = try subscriber()
    try third.receive(limit: 1, byteLimit: .max, within: silence)
    guard third.batch.isEmpty else {
      throw MQTTError.acknowledgesEarly(address, observed: "an acknowledged message came again")
    }
    third.finish()
    return form
  }

  /// Receives until the second message is there, and acknowledges what comes before it; nil where it does not come.
  private static func receiveSecond(from consumer: CommitGatedConsumer, until isStopped: () -> Bool) throws
    -> (isFirstThere: Bool, second: MessageBatch.Delivery?)
  {
    let deadline = ContinuousClock.now + patience
    var isFirstThere = false
    while ContinuousClock.now < deadline {
      guard !isStopped() else { throw MQTTError.stopped }
      try consumer.receive(limit: 1, byteLimit: .max, within: min(.milliseconds(100), deadline - .now))
      var isSecond = false
      consumer.batch.forEachDelivery { _, payload, _ in
        isFirstThere = isFirstThere || payload.elementsEqual(Self.first.utf8)
        isSecond = payload.elementsEqual(Self.second.utf8)
      }
      if isSecond { return (isFirstThere, consumer.batch.lastDelivery) }
      try consumer.acknowledge()
    }
    return (isFirstThere, nil)
  }

  private static let first = "self-test, first"
  private static let second = "self-test, second"

  private static func publish(
    _ address: BrokerAddress, _ identity: String, _ topic: String, _ version: ProtocolVersion,
    until isStopped: () -> Bool
  ) throws {
    let publisher = try MQTTConnection(
      address: address,
      options: .init(
        clientID: "\(identity)-p", cleanStart: true, sessionExpirySeconds: 0, queuesWrites: false,
        version: version))
    try publisher.open(until: isStopped)
    do {
      try publish([first, second], topic, with: publisher, until: isStopped)
    } catch MQTTError.disconnected(_, let reason), MQTTError.library(_, let reason) {
      throw MQTTError.publicationRefused(
        address, topic: topic, bytes: topic.utf8.count + second.utf8.count, reason: reason)
    }
    publisher.close()
  }

  private static func publish(
    _ messages: [String], _ topic: String, with publisher: MQTTConnection, until isStopped: () -> Bool
  ) throws {
    var acknowledged = 0
    publisher.onPublished = { _ in acknowledged += 1 }
    for message in messages {
      _ = try Array(message.utf8).withUnsafeBytes {
        try publisher.publish(topic: topic, payload: $0, quality: .atLeastOnce)
      }
    }
    let deadline = ContinuousClock.now + patience
    while acknowledged < messages.count {
      guard !isStopped() else { throw MQTTError.stopped }
      guard ContinuousClock.now < deadline else {
        throw MQTTError.timedOut(
          publisher.address, waitingFor: "acknowledgement of the self-test message to \(topic.quoted)")
      }
      if try publisher.waitUntilReadable(.milliseconds(20)) { _ = try publisher.read(upTo: 8) }
    }
  }
}
