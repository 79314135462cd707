/// The bounds of what a survey keeps of a broker that may send anything. What lies beyond is counted, and said.
package enum DiscoveryDefaults {
  /// Levels of topics that are told apart, in all. A name has at most ``maximumTopicBytes``, so they take some megabytes.
  package static let maximumNodes = 16_384
  /// Names of one level below the same levels; further ones are one level that has no name.
  package static let maximumNamesOfALevel = 1_024
  /// Deeper topics are counted alone. Plants have fewer than ten levels.
  package static let maximumLevels = 24
  /// Longer topics are counted alone.
  package static let maximumTopicBytes = 512

  /// Messages that are kept whole, in all.
  package static let maximumKeptMessages = 8_192
  /// What they take together, topics and payloads.
  package static let maximumKeptBytes = 8 << 20
  /// Forms of payloads of one topic of which messages are kept whatever their number: a rare event is seen among many readings.
  static let maximumForms = 8
  /// Messages that are kept of a form.
  static let messagesOfAForm = 2
  /// Messages that are kept of one topic beside those of its forms: where there are few topics the most, where there are many the least.
  static let messagesOfATopic = 8...512
  /// By which the number above is set: with so many topics of eight messages each half of what is kept is taken.
  static let sharedMessages = maximumKeptMessages / 2

  /// Members and elements of one payload that are looked at.
  static let maximumLeaves = 1_024
  /// The same of all kept messages together.
  static let maximumLeavesInAll = 1 << 19
  /// Members that are told apart in the payloads of one pattern.
  package static let maximumPaths = 512
  /// Words of a member that are told apart.
  static let maximumWords = 16
  /// Patterns of topics that are told of, the busiest first. A mapping has no more entries.
  package static let maximumPatterns = 64
  /// Names of a level that become patterns of their own because their payloads are of another shape than those of the others. Where there
  /// are more, a mapping cannot name them all, and what it does not take is told.
  package static let maximumNamesApart = 16

  /// The share of messages in which a member must agree with a level, or lie near the time of arrival, to be taken for it: devices
  /// restart, clocks are wrong, one in twenty.
  static let agreement = 0.95
  /// How far from its arrival a time may lie to be the time of a message that has just been sent. Within it lie all zones.
  static let nearArrival = Duration.seconds(86_400)
  /// The share of the values that the mapping would take which a preset must take as well to be named.
  static let presetShare = 0.9
}
