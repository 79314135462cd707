import Telemetry

/// Takes what a broker sends, message by message, and keeps what is needed to say what it was. However much comes, it keeps no more than
/// ``DiscoveryDefaults`` allow.
package struct TopicSurvey: Sendable {
  private(set) var tree = TopicTree()
  private(set) var kept: [KeptMessage] = []
  /// What the messages that are kept whole take.
  package private(set) var keptBytes = 0
  /// All that came.
  package private(set) var messages = 0
  package private(set) var bytes = 0
  /// Those whose topics are counted nowhere: too long, too deep, or one of too many.
  package private(set) var uncounted = 0

  package init() {}

  /// How many topics are told apart.
  package var topics: Int { tree.topics }
  /// How many levels of topics are told apart, in all.
  package var levels: Int { tree.nodes.count }
  /// How many messages are kept whole.
  package var keptMessages: Int { kept.count }

  /// Takes a message.
  ///
  /// - Parameters:
  ///   - arrival: The wall clock when it came.
  ///   - isRetained: Whether it came because the broker kept it, and not because it was sent just now.
  package mutating func take(
    topic: UnsafeBufferPointer<UInt8>, payload: UnsafeBufferPointer<UInt8>, arrival: Timestamp,
    isRetained: Bool
  ) {
    messages += 1
    bytes += topic.count + payload.count
    guard topic.count <= DiscoveryDefaults.maximumTopicBytes else {
      uncounted += 1
      return
    }
    let name = String(decoding: topic, as: UTF8.self)
    guard let node = tree.node(of: name) else {
      uncounted += 1
      return
    }
    let number = tree[tally: node].messages
    tree[tally: node].messages += 1
    tree[tally: node].bytes += payload.count
    if isRetained { tree[tally: node].retained += 1 }
    guard payload.count <= PayloadCodec.maximumBytes else {
      tree[tally: node].tooLarge += 1
      return
    }
    let limits = DiscoveryDefaults.messagesOfATopic
    let limit = min(
      max(DiscoveryDefaults.sharedMessages / max(1, tree.topics), limits.lowerBound), limits.upperBound)
    let isRoomy =
      kept.count < DiscoveryDefaults.sharedMessages && keptBytes < DiscoveryDefaults.maximumKeptBytes / 2
    let decision = tree[tally: node].sample.decide(
      number: number, form: PayloadForm.mark(payload), limit: limit, isRoomy: isRoomy)
    func message() -> KeptMessage {
      KeptMessage(topic: name, payload: Array(payload), arrival: arrival, isRetained: isRetained)
    }
    switch decision {
    case .leave: break
    case .keep:
      let size = topic.count + payload.count
      guard kept.count < DiscoveryDefaults.maximumKeptMessages,
        keptBytes + size <= DiscoveryDefaults.maximumKeptBytes
      else { return tree[tally: node].sample.giveUp() }
      kept.append(message())
      keptBytes += size
      tree[tally: node].sample.place(kept.count - 1)
    case .replace(let place):
      let size = keptBytes - kept[place].byteCount + topic.count + payload.count
      guard size <= DiscoveryDefaults.maximumKeptBytes else { return }
      kept[place] = message()
      keptBytes = size
    }
  }

  /// As above, of a topic and a payload that are at hand.
  package mutating func take(topic: String, payload: [UInt8], arrival: Timestamp, isRetained: Bool = false) {
    var topic = topic
    topic.withUTF8 { topic in
      payload.withUnsafeBufferPointer {
        take(topic: topic, payload: $0, arrival: arrival, isRetained: isRetained)
      }
    }
  }
}
