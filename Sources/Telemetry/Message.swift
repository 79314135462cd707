import Foundation

/// One instant of one device as it travels over MQTT: the values of one or more sensors.
///
/// `epoch` counts the lives of the device (its boots) and `sequence` its messages within one life; a foreign device
/// sends neither.
package struct Message: Hashable, Sendable {
  /// The value of one sensor.
  package struct Value: Hashable, Sendable {
    package var sensor: SensorID
    /// Always finite.
    package var value: Double

    package init(sensor: SensorID, value: Double) {
      self.sensor = sensor
      self.value = value
    }
  }

  /// Which message of a device this is.
  package struct Position: Hashable, Comparable, Sendable {
    /// The life of the device, from 0.
    package var epoch: Int64
    /// The message within that life, from 0.
    package var sequence: Int64

    package init(epoch: Int64, sequence: Int64) {
      self.epoch = epoch
      self.sequence = sequence
    }

    package static func < (a: Position, b: Position) -> Bool {
      (a.epoch, a.sequence) < (b.epoch, b.sequence)
    }
  }

  package var device: DeviceID
  /// Nil for a foreign device, whose readings are told apart by device, sensor and time alone.
  package var position: Position?
  /// When the values were measured.
  package var timestamp: Timestamp
  /// At least one value, each sensor once, in the payload's order.
  package var values: [Value]

  package init(device: DeviceID, position: Position?, timestamp: Timestamp, values: [Value]) {
    self.device = device
    self.position = position
    self.timestamp = timestamp
    self.values = values
  }
}

/// The topics that devices publish on.
package enum TelemetryTopic {
  /// Matches the telemetry of every device.
  package static let filter = "devices/+/telemetry"

  /// `devices/<device>/telemetry`.
  package static func name(of device: DeviceID) -> String { "devices/\(device.name)/telemetry" }

  /// The device's part of a topic of the form `…/<device>/<last>`, where it is an id; nil otherwise. A slash at the end adds a
  /// level without a name, which is not counted.
  package static func device(in topic: some StringProtocol) -> DeviceID? {
    var parts = topic.split(separator: "/", omittingEmptySubsequences: false)
    if parts.last?.isEmpty == true { parts.removeLast() }
    guard parts.count >= 2 else { return nil }
    return DeviceID(parts[parts.count - 2])
  }
}

/// The devices of topics that were seen, so that a topic is taken apart once. Topics come in their thousands, messages in
/// their millions.
package struct TopicCache: Sendable {
  /// Bounds the memory where topics do not repeat; the cache then begins again.
  static let maximumTopics = 1 << 17

  private struct Entry: Sendable {
    var topic: [UInt8]
    var device: DeviceID?
  }

  private var entries: [Entry] = []
  /// Open addressing: indices of `entries`, −1 where free. A power of two, at most half full.
  private var slots = [Int32](repeating: -1, count: 64)

  package init() {}

  /// As ``TelemetryTopic/device(in:)``.
  package mutating func device(in topic: UnsafeBufferPointer<UInt8>) -> DeviceID? {
    guard let bytes = topic.baseAddress else { return nil }
    var slot = Self.hash(topic) & (slots.count - 1)
    while slots[slot] >= 0 {
      let entry = entries[Int(slots[slot])]
      if entry.topic.count == topic.count, memcmp(entry.topic, bytes, topic.count) == 0 {
        return entry.device
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    let device = TelemetryTopic.device(in: String(decoding: topic, as: UTF8.self))
    if entries.count >= Self.maximumTopics { self = TopicCache() }
    entries.append(Entry(topic: Array(topic), device: device))
    if entries.count * 2 > slots.count {
      slots = [Int32](repeating: -1, count: slots.count * 2)
    } else {
      slots[freeSlot(for: topic)] = Int32(entries.count - 1)
      return device
    }
    for index in entries.indices {
      let free = entries[index].topic.withUnsafeBufferPointer { freeSlot(for: $0) }
      slots[free] = Int32(index)
    }
    return device
  }

  private func freeSlot(for topic: UnsafeBufferPointer<UInt8>) -> Int {
    var slot = Self.hash(topic) & (slots.count - 1)
    while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
    return slot
  }

  /// FNV-1a (Fowler, Noll, Vo).
  private static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return Int(truncatingIfNeeded: (hash ^ (hash >> 32)) & 0x7fff_ffff)
  }
}
