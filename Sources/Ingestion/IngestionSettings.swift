import Files
import MQTT
import PayloadMapping
import Sparkplug
import WindowStore
import Wording

/// Everything that ingestion is told: what to take, from where, to where. As a file it is a run's `ingest.json`.
package struct IngestionSettings: Hashable, Sendable, Codable {
  package var broker: BrokerAddress
  /// Which version of MQTT is spoken with it; nil, as in files that do not say, is ``ProtocolChoice/auto``.
  package var mqtt: ProtocolChoice?
  /// What to subscribe to; empty: what ``payload`` needs.
  package var topic: String
  /// How payloads are read; nil: they are canonical, or SenML.
  package var payload: PayloadMapping?
  /// How Sparkplug B is read, in place of ``payload``; nil: payloads are none of it.
  package var sparkplug: SparkplugSettings?
  /// The name of the session that the broker keeps for us.
  package var clientID: String
  /// The path of the store.
  package var store: String
  package var rules: IngestionRules
  package var messagesPerCommit = IngestionDefaults.messagesPerCommit
  package var messagesPerCheckpoint = IngestionDefaults.messagesPerCheckpoint
  /// The path of what is known of a planned fleet, see `PlannedArrivals`; nil where devices come as they come.
  package var arrivals: String?

  private enum CodingKeys: String, CodingKey {
    case broker, mqtt, topic, payload, sparkplug, store, rules, messagesPerCommit, messagesPerCheckpoint,
      arrivals
    case clientID = "clientId"
  }

  package init(broker: BrokerAddress, topic: String, clientID: String, store: String, rules: IngestionRules) {
    self.broker = broker
    self.topic = topic
    self.clientID = clientID
    self.store = store
    self.rules = rules
  }

  /// What to subscribe to: ``topic``, or what the mapping needs.
  package var filters: [String] {
    guard topic.isEmpty else { return [topic] }
    return payload?.filters ?? [SparkplugTopic.filter]
  }

  /// What cannot be. Options and files of settings both ask here; names are those of scenarios.
  package var problems: [IngestionRules.Problem] {
    var problems = rules.problems
    func check(_ isSound: Bool, _ setting: String, _ reason: String) {
      if !isSound { problems.append(IngestionRules.Problem(setting: setting, reason: reason)) }
    }
    check(
      TopicFilter.isValid(topic) || (topic.isEmpty && (payload != nil || sparkplug != nil)), "topic",
      "\(topic.quoted) is no topic to subscribe to; such as devices/+/telemetry, with # only at the end")
    check(payload == nil || sparkplug == nil, "payload", "a mapping and Sparkplug exclude each other")
    for problem in payload?.problems ?? [] { check(false, "payload", "\(problem.place): \(problem.reason)") }
    // A session of no name cannot be gone on with.
    check(!clientID.isEmpty, "client_id", "empty")
    check(messagesPerCommit >= 1, "messages_per_commit", "at least 1")
    check(messagesPerCheckpoint >= 1, "messages_per_checkpoint", "at least 1")
    return problems
  }

  /// Reads the file at `path`. Throws `FileError`, and `JSONFileError` where it says what cannot be.
  package init(path: String) throws {
    self = try JSONFile.read(IngestionSettings.self, path)
    if let problem = problems.first {
      throw JSONFileError(path: path, reason: "\(problem.setting): \(problem.reason)")
    }
  }
}
