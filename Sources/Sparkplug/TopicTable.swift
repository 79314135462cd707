import Foundation

/// What topics mean, so that each is taken apart once. Topics come in their thousands, messages in their millions.
struct TopicTable: Sendable {
  /// What a topic means.
  struct Route: Hashable, Sendable {
    var kind: SparkplugTopic.Kind
    /// Where the node stands in ``SparkplugState/nodes``; −1 for messages that are not read.
    var node: Int32 = -1
    /// Where the node itself, or the device, stands in ``SparkplugState/entities``.
    var entity: Int32 = -1
  }

  private struct Entry: Sendable {
    var topic: [UInt8]
    var route: Route
  }

  private var entries: [Entry] = []
  /// Open addressing: indices of `entries`, −1 where free. A power of two, at most half full.
  private var slots = [Int32](repeating: -1, count: 64)

  subscript(topic: UnsafeBufferPointer<UInt8>) -> Route? {
    var slot = Self.hash(topic) & (slots.count - 1)
    while slots[slot] >= 0 {
      let index = Int(slots[slot])
      if entries[index].topic.count == topic.count,
        let first = topic.baseAddress, memcmp(entries[index].topic, first, topic.count) == 0
      {
        return entries[index].route
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// - Parameter topic: Not there yet.
  mutating func insert(_ topic: UnsafeBufferPointer<UInt8>, _ route: Route) {
    if entries.count >= SparkplugLimits.maximumTopics { self = TopicTable() }
    entries.append(Entry(topic: Array(topic), route: route))
    if entries.count * 2 > slots.count {
      slots = [Int32](repeating: -1, count: slots.count * 2)
      for index in entries.indices { place(index) }
    } else {
      place(entries.count - 1)
    }
  }

  private mutating func place(_ index: Int) {
    var slot = entries[index].topic.withUnsafeBufferPointer { Self.hash($0) } & (slots.count - 1)
    while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = Int32(index)
  }

  private static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var digest = MessageDigest()
    digest.add(bytes)
    return Int(truncatingIfNeeded: digest.value >> 1)
  }
}
