import PayloadMapping
import Telemetry
import Wording

/// What a plant sends, as far as it was heard, and the mapping that would take it.
package struct PlantSurvey: Sendable, Encodable {
  /// What is to be done to ingest the plant.
  package enum Advice: String, Sendable, Encodable {
    /// Nothing came.
    case nothingHeard = "nothing_heard"
    /// What came has no values.
    case nothingToTake = "nothing_to_take"
    /// Everything that has values is read without a mapping.
    case noMappingNeeded = "no_mapping_needed"
    /// The mapping is to be given.
    case mapping
    /// A preset takes it.
    case preset
  }

  package var seconds: Double
  package var messages: Int
  package var bytes: Int
  package var topics: Int
  /// Messages that were kept and looked at.
  package var keptMessages: Int
  /// Messages of topics that were not told apart, because there were too many, or they were too long or too deep.
  package var uncounted: Int
  package var advice = Advice.nothingHeard
  /// The busiest first, ``DiscoveryDefaults/maximumPatterns`` at most.
  package var patterns: [SurveyedPattern] = []
  package var patternsNotShown = 0
  /// Tried on the kept messages.
  package var proof: MappingProof?
  /// That take what the mapping takes, the one that takes most first.
  package var presets: [FittingPreset] = []
  /// As a file of a mapping has it, with comments; nil where there is nothing to take.
  package var mappingYAML: String?
  /// The same.
  package var mapping: PayloadMapping?

  private enum CodingKeys: String, CodingKey {
    case seconds, messages, bytes, topics, keptMessages, uncounted, advice, patterns, patternsNotShown, proof,
      presets
    case mappingYAML = "mappingYaml"
  }

  /// - Parameters:
  ///   - duration: How long was listened.
  ///   - presets: Mappings without problems, that may take what came.
  package init(_ survey: TopicSurvey, heardFor duration: Duration, presets: [PayloadMapping] = []) {
    seconds = duration.seconds
    messages = survey.messages
    bytes = survey.bytes
    topics = survey.topics
    keptMessages = survey.kept.count
    uncounted = survey.uncounted
    guard survey.messages > 0 else { return }
    let surveyed = survey.kept.map(SurveyedMessage.init)
    var found = PatternDraft.joined(
      Self.patterns(survey, surveyed).map { PatternDraft($0, survey, surveyed, duration) }
    ) { PatternDraft($0, survey, surveyed, duration) }
    PatternDraft.tellApart(&found)
    found.sort { ($1.pattern.messages, $0.pattern.topic) < ($0.pattern.messages, $1.pattern.topic) }
    patternsNotShown = max(0, found.count - DiscoveryDefaults.maximumPatterns)
    found = Array(found.prefix(DiscoveryDefaults.maximumPatterns))
    let isNative = !found.contains { $0.pattern.outcome == .mapped }
    PatternDraft.settle(&found, takesCanonical: !isNative)
    patterns = found.map(\.pattern)
    if isNative {
      advice = patterns.contains { $0.outcome == .native } ? .noMappingNeeded : .nothingToTake
      return
    }
    let drafts = PatternDraft.ordered(found)
    let mapping = PayloadMapping(
      name: "discovered", about: "Proposed by sonde ingest --discover.", messages: drafts.map(\.draft.mapping)
    )
    self.mapping = mapping
    advice = .mapping
    let text = MappingText(mapping, comments: drafts.map(\.comments))
    mappingYAML = text.text
    let run = TriedMapping(mapping, on: survey.kept)
    proof = MappingProof(run)
    self.presets = FittingPreset.find(presets, beside: run, on: survey.kept)
    if let best = self.presets.first, best.takesAll, best.shareOfPlant >= DiscoveryDefaults.presetShare {
      advice = .preset
    }
  }

  private static func patterns(_ survey: TopicSurvey, _ surveyed: [SurveyedMessage]) -> [TopicGroup] {
    var features: [Int: Set<String>] = [:]
    var shapes: [Int: PayloadShape] = [:]
    for (index, node) in survey.tree.nodes.enumerated() {
      guard let tally = node.tally else { continue }
      let kept = tally.sample.kept.prefix(64).map { surveyed[$0] }
      features[index] = Set(kept.flatMap(\.features))
      shapes[index] = PayloadShape.most(of: kept)
    }
    return TopicGrouping(survey.tree, features: features, shapes: shapes).groups
  }
}

/// Topics of one pattern, and what came on them.
package struct SurveyedPattern: Hashable, Sendable, Encodable {
  package enum Outcome: String, Sendable, Encodable {
    /// The mapping takes it.
    case mapped
    /// Read without a mapping, and by no mapping.
    case native
    /// It has no values.
    case nothing
    /// No mapping can read it.
    case unreadable
  }

  /// As a mapping has it, such as `tele/{device}/SENSOR`.
  package var topic: String
  /// How many topics; beyond ``DiscoveryDefaults/maximumNamesOfALevel`` there may be more.
  package var topics: Int
  package var hasMoreTopics: Bool
  package var messages: Int
  package var retained: Int
  package var messagesPerSecond: Double
  package var meanBytes: Int
  /// Of the kept messages, by kind.
  package var payloads: [String: Int]
  /// How many were looked at.
  package var keptMessages: Int
  package var outcome: Outcome
  package var note: String
  /// A template, as the mapping has it.
  package var device: String?
  package var deviceReason: String?
  /// Those of the kept messages.
  package var devices: Int
  package var exampleDevices: [String]
  package var sensor: String?
  package var fields: [SurveyedField]
}
