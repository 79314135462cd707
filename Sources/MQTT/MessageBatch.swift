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
    var delivery: Delivery
  }

  /// What the broker says of a message beside topic and payload.
  package struct Delivery: Hashable, Sendable {
    /// 0 for a message at QoS 0, which has none.
    package var packetID: UInt16
    /// In MQTT 5, whether its publisher asked the broker to retain it; in MQTT 3.1.1, whether it comes because of a subscription
    /// and not because it was published.
    package var isRetained = false
    /// Whether the broker says that it may have come before. Known of the first
    /// ``CommitGatedConsumer/mostUnderWay`` messages of a session that goes on.
    package var isRepetition = false

    package init(packetID: UInt16, isRetained: Bool = false, isRepetition: Bool = false) {
      self.packetID = packetID
      self.isRetained = isRetained
      self.isRepetition = isRepetition
    }
  }

  /// An empty batch.
  package init() {}

  /// How many messages.
  package var count: Int { entries.count }

  package var isEmpty: Bool { entries.isEmpty }

  /// How many of them the broker wants to have acknowledged.
  private(set) var unacknowledged = 0

  /// What the broker said of the last message; nil of an empty batch.
  package var lastDelivery: Delivery? { entries.last?.delivery }

  /// How many bytes topics and payloads take together.
  package var byteCount: Int { bytes.count }

  /// When the messages that say so were meant to be sent.
  package private(set) var intendedTimes: [IntendedTime] = []

  mutating func append(
    topic: UnsafePointer<CChar>, payload: UnsafeRawBufferPointer, _ delivery: Delivery,
    intended: IntendedTime?
  ) {
    bytes.append(contentsOf: UnsafeRawBufferPointer(start: topic, count: strlen(topic)))
    let topicEnd = bytes.count
    bytes.append(contentsOf: payload)
    entries.append(Entry(topicEnd: topicEnd, payloadEnd: bytes.count, delivery: delivery))
    if delivery.packetID != 0 { unacknowledged += 1 }
    if let intended { intendedTimes.append(intended) }
  }

  /// Adds a message, as if it had come from a broker.
  package mutating func append(topic: String, payload: [UInt8]) {
    topic.withCString { topic in
      payload.withUnsafeBytes {
        append(topic: topic, payload: $0, Delivery(packetID: 0), intended: nil)
      }
    }
  }

  /// Empties the batch and keeps its memory.
  package mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    entries.removeAll(keepingCapacity: true)
    intendedTimes.removeAll(keepingCapacity: true)
    unacknowledged = 0
  }

  /// Calls `body` with topic, payload and packet id of every message, in the order of arrival. The buffers are valid only
  /// during the call.
  package func forEachMessage(
    _ body: (
      _ topic: UnsafeBufferPointer<UInt8>, _ payload: UnsafeBufferPointer<UInt8>, _ packetID: UInt16
    ) -> Void
  ) {
    forEachDelivery { topic, payload, delivery in body(topic, payload, delivery.packetID) }
  }

  /// As ``forEachMessage(_:)``, with all that the broker says of each message.
  package func forEachDelivery(
    _ body: (
      _ topic: UnsafeBufferPointer<UInt8>, _ payload: UnsafeBufferPointer<UInt8>, _ delivery: Delivery
    ) -> Void
  ) {
    bytes.withUnsafeBufferPointer { bytes in
      var start = 0
      for entry in entries {
        body(
          UnsafeBufferPointer(rebasing: bytes[start..<entry.topicEnd]),
          UnsafeBufferPointer(rebasing: bytes[entry.topicEnd..<entry.payloadEnd]), entry.delivery)
        start = entry.payloadEnd
      }
    }
  }
}
