import WindowStore

/// Tells a retained message that the broker sends again, as it does with every new subscription, from a new one.
///
/// Only payloads that nothing else would tell from new ones are taken down: those without epoch and sequence, and those that are
/// no messages. The broker sends the message that it retains of a topic once a subscription, and before what is published
/// later; so a retained message can be a repetition only where the last one of its topic came before the subscription was made.
/// What is published after that is new, also where it has the same bytes.
struct RetainedMessages: Sendable {
  private var marks: [String: RetainedMark] = [:]
  /// How many deliveries came before the present subscription was made.
  var subscribedAfter = 0

  /// Whether a retained message of `topic` can be one that was taken before.
  func mayRepeat(_ topic: UnsafeBufferPointer<UInt8>) -> Bool {
    // Where nothing is known, nothing can be repeated; so it is with a fleet that numbers its messages.
    guard !marks.isEmpty, let mark = marks[String(decoding: topic, as: UTF8.self)] else { return false }
    return mark.number <= subscribedAfter
  }

  /// Whether the last retained message of `topic` had this digest.
  func isLast(_ topic: UnsafeBufferPointer<UInt8>, _ digest: [UInt8]) -> Bool {
    marks[String(decoding: topic, as: UTF8.self)]?.digest == digest
  }

  mutating func remember(_ mark: RetainedMark) {
    marks[mark.topic] = mark
    let bound = StoreDefaults.rememberedRetainedMessages
    guard marks.count > bound + bound / 8 else { return }
    // Now and then the oldest go, an eighth at a time: each time one would mean to look through all.
    let newest = marks.values.sorted { $0.number > $1.number }.prefix(bound)
    marks = Dictionary(uniqueKeysWithValues: newest.map { ($0.topic, $0) })
  }
}
