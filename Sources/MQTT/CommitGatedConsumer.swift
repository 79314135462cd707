import CMosquitto
import Foundation

/// Messages as they came from the broker, side by side in one buffer.
package struct MessageBatch: Sendable {
  private var bytes: [UInt8] = []
  private var entries: [Entry] = []

  private struct Entry {
    /// Where topic and payload end.
    var topicEnd: Int
    var payloadEnd: Int
    var packetID: UInt16
    var isRetained: Bool
  }

  /// An empty batch.
  package init() {}

  /// How many messages.
  package var count: Int { entries.count }

  package var isEmpty: Bool { entries.isEmpty }

  /// How many bytes topics and payloads take together.
  package var byteCount: Int { bytes.count }

  /// When the messages that say so were meant to be sent.
  package private(set) var intendedTimes: [IntendedTime] = []

  mutating func append(
    topic: UnsafePointer<CChar>, payload: UnsafeRawBufferPointer, packetID: UInt16, isRetained: Bool,
    intended: IntendedTime?
  ) {
    bytes.append(contentsOf: UnsafeRawBufferPointer(start: topic, count: strlen(topic)))
    let topicEnd = bytes.count
    bytes.append(contentsOf: payload)
    entries.append(
      Entry(topicEnd: topicEnd, payloadEnd: bytes.count, packetID: packetID, isRetained: isRetained))
    if let intended { intendedTimes.append(intended) }
  }

  /// Adds a message, as if it had come from a broker.
  package mutating func append(topic: String, payload: [UInt8]) {
    topic.withCString { topic in
      payload.withUnsafeBytes {
        append(topic: topic, payload: $0, packetID: 0, isRetained: false, intended: nil)
      }
    }
  }

  /// Empties the batch and keeps its memory.
  package mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    entries.removeAll(keepingCapacity: true)
    intendedTimes.removeAll(keepingCapacity: true)
  }

  /// Calls `body` with topic, payload and packet id of every message, in the order of arrival. The buffers are valid only
  /// during the call.
  package func forEachMessage(
    _ body: (
      _ topic: UnsafeBufferPointer<UInt8>, _ payload: UnsafeBufferPointer<UInt8>, _ packetID: UInt16
    ) -> Void
  ) {
    forEachDelivery { topic, payload, packetID, _ in body(topic, payload, packetID) }
  }

  /// As ``forEachMessage(_:)``, and says of each message whether its publisher asked the broker to retain it.
  package func forEachDelivery(
    _ body: (
      _ topic: UnsafeBufferPointer<UInt8>, _ payload: UnsafeBufferPointer<UInt8>, _ packetID: UInt16,
      _ isRetained: Bool
    ) -> Void
  ) {
    bytes.withUnsafeBufferPointer { bytes in
      var start = 0
      for entry in entries {
        body(
          UnsafeBufferPointer(rebasing: bytes[start..<entry.topicEnd]),
          UnsafeBufferPointer(rebasing: bytes[entry.topicEnd..<entry.payloadEnd]), entry.packetID,
          entry.isRetained)
        start = entry.payloadEnd
      }
    }
  }
}

/// A subscriber that acknowledges a message only when told that it is stored.
///
/// Stock libmosquitto queues an acknowledgement before it hands over the message. A client marked as threaded does not
/// write what is queued, so the owner of the socket decides when acknowledgements leave: ``receive(limit:within:)``
/// only reads, and ``acknowledge()`` only writes. That is a side effect the library does not promise, which is why
/// ``AcknowledgementSelfTest`` proves it against the broker in use.
///
/// The order is always: receive, store durably, acknowledge. After an error the consumer is dropped without
/// a DISCONNECT; the broker then sends again what was not acknowledged.
package final class CommitGatedConsumer {
  /// Whether the broker had kept the session of an earlier life with the same client id.
  package let resumedSession: Bool
  /// What ``receive(limit:within:)`` has read since the last ``acknowledge()``.
  package private(set) var batch = MessageBatch()

  private let connection: MQTTConnection
  private var lastMaintenance = ContinuousClock.now

  /// Connects with a session that outlives the connection, and subscribes to `filter` at QoS 1. Throws ``MQTTError``.
  ///
  /// - Parameters:
  ///   - formerFilters: What the same client id may have been subscribed to before. It is given up: no more of it is queued, and
  ///     what is queued already still comes.
  ///   - sessionExpiry: How long the broker keeps messages for this client id while nobody is connected with it.
  ///   - gatesAcknowledgements: False makes a client as the library has it, which acknowledges what it hands over at once. It is there
  ///     to show that ``AcknowledgementSelfTest`` finds such a client out.
  package init(
    address: BrokerAddress, clientID: String, filter: String, formerFilters: [String] = [],
    sessionExpiry: Duration, gatesAcknowledgements: Bool = true
  ) throws {
    connection = try MQTTConnection(
      address: address,
      options: .init(
        clientID: clientID, cleanStart: false,
        sessionExpirySeconds: UInt32(clamping: sessionExpiry.components.seconds),
        queuesWrites: gatesAcknowledgements))
    resumedSession = try connection.open()
    connection.onMessage = { [unowned self] message, properties in
      batch.append(
        topic: message.pointee.topic,
        payload: UnsafeRawBufferPointer(
          start: message.pointee.payload, count: Int(message.pointee.payloadlen)),
        packetID: UInt16(truncatingIfNeeded: message.pointee.mid), isRetained: message.pointee.retain,
        intended: properties.flatMap { IntendedTime.read($0) })
    }
    // First the new, then the old: what both match is not missed in between.
    try connection.subscribe(filter)
    for former in formerFilters where former != filter { try connection.unsubscribe(former) }
  }

  /// Reads into ``batch`` until it holds `limit` messages, or until `interval` has passed since the call and there is
  /// nothing more to read at once. Throws ``MQTTError``.
  ///
  /// - Parameter byteLimit: Where the batch holds this many bytes, it is full as well.
  package func receive(limit: Int, byteLimit: Int, within interval: Duration) throws {
    let deadline = ContinuousClock.now + interval
    while batch.count < limit, batch.byteCount < byteLimit {
      // Many at a time between two looks at the clock; few enough that a batch stays near its limit.
      if try connection.read(upTo: min(64, limit - batch.count)) > 0 {
        if ContinuousClock.now >= deadline { return }
        continue
      }
      let rest = deadline - .now
      guard rest > .zero, try connection.waitUntilReadable(max(.milliseconds(1), rest)) else { break }
    }
    if batch.isEmpty { try maintain() }
  }

  /// Sends the acknowledgements of everything in ``batch``, and empties it. Call it when all of that is durable.
  package func acknowledge() throws {
    try connection.flushInFullSegments()
    batch.removeAll()
    try maintain()
  }

  /// Keep-alive. Only with an empty batch: a PING would take the queued acknowledgements with it.
  private func maintain() throws {
    guard ContinuousClock.now - lastMaintenance > .seconds(1) else { return }
    lastMaintenance = .now
    try connection.maintain()
    try connection.flush()
  }

  /// Disconnects from the broker, which keeps the session. ``batch`` must be acknowledged.
  package func finish() {
    precondition(batch.isEmpty, "messages would be acknowledged that nobody has stored")
    connection.closeAfterDelivery()
  }
}
