import CMosquitto
import Glibc

/// A subscriber that leaves nothing behind: its session ends with the connection, and messages come at QoS 0 at most.
package final class TopicListener {
  /// A message as it came. The buffers are valid only during the call that gets it.
  package struct Delivery {
    package let topic: UnsafeBufferPointer<UInt8>
    package let payload: UnsafeBufferPointer<UInt8>
    /// Whether it came because the broker had kept it, and not because it was published just now.
    package let isRetained: Bool
  }

  private let connection: MQTTConnection
  private var lastMaintenance = ContinuousClock.now

  /// Connects, and returns when the broker has answered the subscription: what is published from then on comes. Throws ``MQTTError``.
  ///
  /// - Parameters:
  ///   - clientID: One that nobody else has: the broker ends the other's session.
  ///   - isStopped: Asked while the broker is waited for; where it says so, ``MQTTError/stopped`` is thrown.
  package init(
    address: BrokerAddress, clientID: String, filter: String, version: ProtocolVersion,
    until isStopped: () -> Bool = { false }, _ body: @escaping (Delivery) -> Void
  ) throws {
    connection = try MQTTConnection(
      address: address,
      options: .init(
        clientID: clientID, cleanStart: true, sessionExpirySeconds: 0, queuesWrites: false,
        version: version))
    try connection.open(until: isStopped)
    connection.onMessage = { message, _, _ in
      let topic = message.pointee.topic.map {
        UnsafeRawBufferPointer(start: UnsafeRawPointer($0), count: strlen($0))
      }
      let payload = UnsafeRawBufferPointer(
        start: message.pointee.payload, count: Int(message.pointee.payloadlen))
      topic?.withMemoryRebound(to: UInt8.self) { topic in
        payload.withMemoryRebound(to: UInt8.self) { payload in
          body(Delivery(topic: topic, payload: payload, isRetained: message.pointee.retain))
        }
      }
    }
    try connection.subscribe(filter, quality: .atMostOnce, tellsWhatIsRetained: false)
    let deadline = ContinuousClock.now + MQTTConnection.connectTimeout
    while !connection.subscriptions.areAnswered {
      guard !isStopped() else { throw MQTTError.stopped }
      guard ContinuousClock.now < deadline else {
        throw MQTTError.timedOut(address, waitingFor: "answer to the subscription")
      }
      if try connection.read(upTo: 1) == 0 { _ = try connection.waitUntilReadable(.milliseconds(20)) }
    }
  }

  /// Hands over what comes until `interval` has passed, or `limit` messages. Throws ``MQTTError``.
  package func listen(for interval: Duration, limit: Int = 1_000) throws {
    let deadline = ContinuousClock.now + interval
    var count = 0
    while count < limit {
      let read = try connection.read(upTo: min(64, limit - count))
      count += read
      let rest = deadline - .now
      guard rest > .zero else { break }
      if read == 0 { _ = try connection.waitUntilReadable(max(.milliseconds(1), rest)) }
    }
    guard ContinuousClock.now - lastMaintenance > .seconds(1) else { return }
    lastMaintenance = .now
    try connection.maintain()
    try connection.flush()
  }

  /// Takes leave of the broker, which then knows nothing more of us.
  package func close() { connection.close(forgetsSession: true) }
}
