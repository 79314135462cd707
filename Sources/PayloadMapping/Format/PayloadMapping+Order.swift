import Wording

extension PayloadMapping {
  /// An entry that no message reaches, because entries before it take all of its topics.
  struct Unreachable {
    let message: Int
    /// Which patterns take the topics, and of which entries they are; a pair a topic.
    let takers: [(message: Int, topic: TopicPattern, taken: TopicPattern)]
  }

  /// The entries that never take a message: each of their topics is one of an entry before that has no ``MessageMapping/conditions``.
  var unreachable: [Unreachable] {
    messages.indices.compactMap { index in
      var takers: [(message: Int, topic: TopicPattern, taken: TopicPattern)] = []
      for topic in messages[index].topics {
        guard let taker = taker(of: topic, before: index) else { return nil }
        takers.append((taker.message, taker.topic, topic))
      }
      return takers.isEmpty ? nil : Unreachable(message: index, takers: takers)
    }
  }

  private func taker(of topic: TopicPattern, before index: Int) -> (message: Int, topic: TopicPattern)? {
    for (place, entry) in messages[..<index].enumerated() where takesAll(place, from: index) {
      if let wide = entry.topics.first(where: { $0.covers(topic) }) { return (place, wide) }
    }
    return nil
  }

  /// Whether the entry at `place` leaves nothing of its topics to the later one at `index`.
  private func takesAll(_ place: Int, from index: Int) -> Bool {
    let entry = messages[place]
    guard entry.conditions.isEmpty else { return false }
    // What is no JSON goes to a later entry of another format, past entries of JSON.
    guard !messages[index].isIgnored, messages[index].format != .json else { return true }
    guard entry.isIgnored else { return entry.format != .json }
    // And past what is ignored, but only once an entry has failed to read it.
    return messages[..<place].allSatisfy { $0.conditions.isEmpty && ($0.isIgnored || $0.format != .json) }
  }
}
