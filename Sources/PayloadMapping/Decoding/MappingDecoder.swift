import Telemetry
import Wording

/// Reads payloads by a mapping.
///
/// A value with a memory: topics are compared with the patterns once, and members of payloads with the paths. What it says of a
/// message does not depend on what it has read before.
package struct MappingDecoder: Sendable {
  /// What became of a payload.
  package enum Outcome: Hashable, Sendable {
    /// The mapping says that it is none of ours.
    case ignored
    /// It has messages, and perhaps values that are refused.
    case messages(RefusedValues)
  }

  private var entries: [EntryDecoder]
  private let plans: [EntryPlan]
  private var topics = TopicTable()

  /// - Parameter mapping: One without ``PayloadMapping/problems``.
  package init(_ mapping: PayloadMapping) {
    plans = mapping.messages.map(EntryPlan.init)
    entries = plans.map(EntryDecoder.init)
  }

  /// Appends the messages in `payload` to `messages`, in order of time. Throws ``PayloadError`` where nothing of it can be taken.
  ///
  /// - Parameter received: The time of arrival.
  package mutating func decode(
    topic: UnsafeBufferPointer<UInt8>, payload: UnsafeBufferPointer<UInt8>, received: Timestamp,
    into messages: inout [Message]
  ) throws(PayloadError) -> Outcome {
    let number = topics.number(of: topic, plans)
    let count = topics.candidates[number].count
    guard count > 0 else {
      throw .malformed("no topic of the mapping matches “\(String(decoding: topic, as: UTF8.self).excerpt)”")
    }
    if topics.candidates[number][0].isIgnored { return .ignored }
    guard payload.count <= PayloadCodec.maximumBytes else { throw .tooLarge(bytes: payload.count) }
    guard Self.isUTF8(payload) else { throw .notUTF8 }
    let content = PayloadCodec.withoutByteOrderMark(payload)
    // As a broker has it where a message that was retained is taken back.
    guard !content.isEmpty else { throw .malformed("it is empty") }
    var fault: PayloadError?
    for index in 0..<count {
      let entry = topics.candidates[number][index].entry
      // An entry of another format may read it. None that ignores takes it, lest what was cut off on its way is never seen.
      if fault != nil, plans[entry].mapping.isIgnored || plans[entry].mapping.format == .json { continue }
      if topics.candidates[number][index].isIgnored { return .ignored }
      let outcome = try entries[entry].decode(
        content, topics.candidates[number][index].facts, received: received, into: &messages)
      switch outcome {
      case .decoded(let outcome): return outcome
      case .unreadable(let reason): fault = reason
      case .notMine: continue
      }
    }
    if let fault { throw fault }
    throw .malformed("no entry of the mapping has a “where” that it fulfils")
  }

  private static func isUTF8(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var all: UInt8 = 0
    for byte in bytes { all |= byte }
    return all < 0x80 || String(validating: bytes, as: UTF8.self) != nil
  }
}

/// The entries that the messages of a topic can be of, so that a topic is taken apart once.
struct TopicTable: Sendable {
  /// Bounds the memory where topics do not repeat; the table then begins again.
  static let maximumTopics = 1 << 16

  struct Candidate: Sendable {
    var entry: Int
    var facts: TopicFacts
    /// Whether its messages are ignored whatever is in them.
    var isIgnored: Bool
  }

  private var numbers = ByteTable()
  private(set) var candidates: [[Candidate]] = []

  mutating func number(of topic: UnsafeBufferPointer<UInt8>, _ plans: [EntryPlan]) -> Int {
    if numbers.count >= Self.maximumTopics { self = TopicTable() }
    let (number, isNew) = numbers.number(of: topic)
    if isNew { candidates.append(Self.candidates(String(decoding: topic, as: UTF8.self), plans)) }
    return number
  }

  private static func candidates(_ topic: String, _ plans: [EntryPlan]) -> [Candidate] {
    var candidates: [Candidate] = []
    var isOnlyForOthers = false
    for (index, plan) in plans.enumerated() {
      let isJSON = plan.mapping.isIgnored || plan.mapping.format == .json
      if isOnlyForOthers, isJSON { continue }
      guard let names = names(topic, plan.mapping.topics) else { continue }
      let isAlways = plan.conditions.isEmpty
      candidates.append(
        Candidate(entry: index, facts: plan.facts(names), isIgnored: plan.mapping.isIgnored && isAlways))
      // Without conditions nothing goes past it, but for what is no JSON.
      guard isAlways else { continue }
      guard isJSON else { break }
      isOnlyForOthers = true
    }
    return candidates
  }

  /// The names of the first pattern that matches, in the order of the first pattern.
  private static func names(_ topic: String, _ patterns: [TopicPattern]) -> [[UInt8]]? {
    for pattern in patterns {
      guard let texts = pattern.match(topic) else { continue }
      let byName = Dictionary(uniqueKeysWithValues: zip(pattern.names, texts))
      return patterns[0].names.map { Array((byName[$0] ?? "").utf8) }
    }
    return nil
  }
}

extension EntryPlan {
  /// What the names of a topic say.
  fileprivate func facts(_ names: [[UInt8]]) -> TopicFacts {
    let facts = TopicFacts(names: names)
    guard isDeviceOfTopic, !mapping.isIgnored else { return facts }
    var decoder = EntryDecoder(self)
    return decoder.naming(facts)
  }
}
