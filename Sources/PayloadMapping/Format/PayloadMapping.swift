import Wording

/// How topics and payloads of devices become messages: `docs/payloads.md` says what each part means.
package struct PayloadMapping: Hashable, Sendable, Codable {
  package var name: String
  /// What sends such payloads, in a sentence.
  package var about: String?
  /// Of those whose topics and conditions fit a message, the first counts.
  package var messages: [MessageMapping]

  /// The most entries of ``messages``: each message is compared with them.
  package static let maximumMessages = 64

  package init(name: String, about: String? = nil, messages: [MessageMapping]) {
    self.name = name
    self.about = about
    self.messages = messages
  }

  /// What to subscribe to: the filter of every pattern that is not ignored, without those that another one covers.
  package var filters: [String] {
    var filters: [String] = []
    for pattern in messages.filter({ !$0.isIgnored }).flatMap(\.topics)
    where !filters.contains(where: { Self.isSame($0, pattern.filter) }) {
      filters.append(pattern.filter)
    }
    return filters.filter { filter in
      !filters.contains { !Self.isSame($0, filter) && Self.covers($0, filter) }
    }
  }

  /// Whether two filters are the same to a broker, which compares bytes: `==` also takes two spellings of a character for the same.
  private static func isSame(_ one: String, _ other: String) -> Bool { one.utf8.elementsEqual(other.utf8) }

  private static func levels(_ filter: String) -> [[UInt8]] {
    filter.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Array.init)
  }

  /// Whether the messages of `topic` are read: the first entry that it matches is not ignored.
  package func takes(topic: String) -> Bool {
    messages.first { $0.topics.contains { $0.match(topic) != nil } }?.isIgnored == false
  }

  /// Two of ``filters`` that have topics in common: a broker may deliver a message of such a topic twice (MQTT 5, 3.3.4).
  var overlap: (String, String)? {
    let filters = filters
    for (index, one) in filters.enumerated() {
      if let other = filters[..<index].first(where: { Self.overlap($0, one) }) { return (other, one) }
    }
    return nil
  }

  private static func overlap(_ one: String, _ other: String) -> Bool {
    let (one, other) = (levels(one), levels(other))
    for index in 0..<max(one.count, other.count) {
      let levels = (index < one.count ? one[index] : nil, index < other.count ? other[index] : nil)
      if levels.0 == rest || levels.1 == rest { return true }
      guard let first = levels.0, let second = levels.1 else { return false }
      guard first == second || first == any || second == any else { return false }
    }
    return true
  }

  private static let any = Array("+".utf8)
  private static let rest = Array("#".utf8)

  /// Whether every topic that `narrow` matches is matched by `wide`.
  private static func covers(_ wide: String, _ narrow: String) -> Bool {
    let (wide, narrow) = (levels(wide), levels(narrow))
    // Wildcards at the beginning do not match topics of the broker.
    if narrow[0].first == UInt8(ascii: "$"), wide[0] == rest || wide[0] == any { return false }
    for (index, level) in wide.enumerated() {
      if level == rest { return true }
      guard index < narrow.count, narrow[index] != rest else { return false }
      guard level == narrow[index] || level == any else { return false }
    }
    return wide.count == narrow.count
  }
}

/// One entry of a mapping: which messages it is for, and how these are read.
package struct MessageMapping: Hashable, Sendable, Codable {
  /// How payloads are written.
  package enum Format: String, CaseIterable, Sendable, Codable {
    case json
    /// One value.
    case text
    /// InfluxDB's.
    case lineProtocol = "line-protocol"
  }

  /// A member of the payload that must have a text.
  package struct Condition: Hashable, Sendable, Codable {
    package var path: PayloadPath
    /// With `*` for any characters.
    package var text: String

    package init(path: PayloadPath, text: String) {
      self.path = path
      self.text = text
    }
  }

  /// A text of the payload that templates use.
  package struct Name: Hashable, Sendable, Codable {
    package var name: String
    /// The first that is there counts.
    package var paths: [PayloadPath]

    package init(name: String, paths: [PayloadPath]) {
      self.name = name
      self.paths = paths
    }
  }

  /// Which part of a record are values, and how they are named. What is nil is as the entry says it.
  package struct Values: Hashable, Sendable, Codable {
    package var path: PayloadPath
    package var sensor: NameTemplate?
    package var separator: String?
    package var dropPrefix: String?
    package var texts: TextPolicy?
    package var booleans: BooleanPolicy?
    package var lists: ListPolicy?
    package var enumeration: [Enumerated]?

    package init(path: PayloadPath) { self.path = path }
  }

  /// A text, or a boolean, that stands for a number.
  package struct Enumerated: Hashable, Sendable, Codable {
    package var text: String
    /// Nil: it says that there is no reading.
    package var number: Double?

    package init(text: String, number: Double?) {
      self.text = text
      self.number = number
    }
  }

  package enum TextPolicy: String, CaseIterable, Sendable, Codable {
    case refuse
    case number
    case leaveOut = "leave_out"
    case numberOrLeaveOut = "number_or_leave_out"
  }

  package enum BooleanPolicy: String, CaseIterable, Sendable, Codable {
    case refuse
    case number
    case leaveOut = "leave_out"
  }

  package enum ListPolicy: String, CaseIterable, Sendable, Codable {
    case refuse
    case number
    case leaveOut = "leave_out"
  }

  package var topics: [TopicPattern]
  package var isIgnored = false
  package var conditions: [Condition] = []
  package var format = Format.json
  /// Nil: the payload is one record.
  package var records: PayloadPath?
  package var names: [Name] = []
  package var device = NameTemplate.device
  package var time = MappedTime.arrival
  package var epoch: PayloadPath?
  package var sequence: PayloadPath?
  /// Not empty: where a mapping has none, the whole record.
  package var values = [Values(path: .record)]
  package var sensor = NameTemplate.keys
  package var separator = "."
  package var dropPrefix = ""
  package var leaveOut: [PayloadPath] = []
  package var texts = TextPolicy.refuse
  package var booleans = BooleanPolicy.refuse
  package var lists = ListPolicy.refuse
  package var enumeration: [Enumerated] = []
  /// Whether a payload of which nothing is a value, and nothing is refused, is none of ours; else it is rejected.
  package var ignoresWithoutValues = false

  package init(topics: [TopicPattern]) { self.topics = topics }

  /// An entry whose messages are none of ours.
  package static func ignoring(_ topics: [TopicPattern], where conditions: [Condition] = []) -> MessageMapping
  {
    var mapping = MessageMapping(topics: topics)
    mapping.isIgnored = true
    mapping.conditions = conditions
    return mapping
  }
}
