import PayloadMapping
import Telemetry

/// A mapping, run over messages.
struct TriedMapping {
  /// What became of one of them.
  struct Trial {
    /// Nil where the message is rejected.
    var readings: Int?
    var isIgnored = false
    /// On a topic that the mapping does not subscribe to.
    var isElsewhere = false
  }

  /// What became of the messages of a topic whose entry takes something.
  private struct Topic {
    var messages = 0
    var ignored = 0
  }

  private struct Reading: Hashable {
    var device: DeviceID
    var sensor: SensorID
    var time: Timestamp
  }

  private(set) var trials: [Trial] = []
  private(set) var refused = 0
  private(set) var rejected = 0
  private(set) var reasons: [String: Int] = [:]
  private(set) var devices: Set<String> = []
  private(set) var sensors: Set<String> = []
  /// Readings whose sensor has another value at the same time, where nothing else tells the messages apart.
  private(set) var sameTimes = 0
  /// Topics of entries that take something, of which most messages are ignored all the same, sorted.
  private(set) var idleTopics: [String] = []

  /// Reasons that are told apart.
  private static let mostReasons = 64

  init(_ mapping: PayloadMapping, on kept: [KeptMessage]) {
    var decoder = MappingDecoder(mapping)
    var topics: [String: Topic] = [:]
    var messages: [Message] = []
    var known: [Reading: Double] = [:]
    for message in kept {
      messages.removeAll(keepingCapacity: true)
      let entry = mapping.messages.first { $0.topics.contains { $0.match(message.topic) != nil } }
      guard let entry else {
        trials.append(Trial(readings: 0, isElsewhere: true))
        continue
      }
      if !entry.isIgnored { topics[message.topic, default: Topic()].messages += 1 }
      let topic = Array(message.topic.utf8)
      do throws(PayloadError) {
        let outcome = try topic.withUnsafeBufferPointer { topic throws(PayloadError) in
          try message.payload.withUnsafeBufferPointer { payload throws(PayloadError) in
            try decoder.decode(topic: topic, payload: payload, received: message.arrival, into: &messages)
          }
        }
        switch outcome {
        case .ignored:
          trials.append(Trial(readings: 0, isIgnored: true))
          if !entry.isIgnored { topics[message.topic, default: Topic()].ignored += 1 }
        case .messages(let refused):
          trials.append(Trial(readings: messages.reduce(0) { $0 + $1.values.count }))
          self.refused += refused.count
          for reason in refused.reasons { note(reason) }
        }
      } catch {
        rejected += 1
        trials.append(Trial(readings: nil))
        note(error.description)
      }
      for message in messages {
        devices.insert(message.device.name)
        for value in message.values {
          sensors.insert(value.sensor.name)
          guard message.position == nil else { continue }
          let reading = Reading(device: message.device, sensor: value.sensor, time: message.timestamp)
          if let before = known.updateValue(value.value, forKey: reading), before != value.value {
            sameTimes += 1
          }
        }
      }
    }
    idleTopics = topics.filter { $0.value.ignored * 2 > $0.value.messages }.keys.sorted()
  }

  private mutating func note(_ reason: String) {
    if reasons[reason] != nil || reasons.count < Self.mostReasons { reasons[reason, default: 0] += 1 }
  }
}

/// What a mapping makes of the messages that were kept.
package struct MappingProof: Hashable, Sendable, Encodable {
  package struct Reason: Hashable, Sendable, Encodable {
    package var reason: String
    package var times: Int
  }

  /// Of which readings are taken.
  package var taken: Int
  /// Of which nothing is taken, as the mapping says.
  package var ignored: Int
  /// Topics that the mapping is to take something of, of which most messages are ignored.
  package var idleTopics: Int
  /// The first of these.
  package var idleTopic: String?
  /// On topics that the mapping does not subscribe to.
  package var elsewhere: Int
  /// That would be rows of `rejected_messages`.
  package var rejected: Int
  package var readings: Int
  /// Values that are refused where others of their message are taken.
  package var refusedValues: Int
  package var devices: Int
  package var sensors: Int
  /// Readings that ingestion would refuse, because their sensor has another value at the same time: the time that was found is too
  /// coarse, or two devices have one name.
  package var sameTimes: Int
  /// The commonest first.
  package var reasons: [Reason]

  init(_ tried: TriedMapping) {
    taken = tried.trials.count { $0.readings ?? 0 > 0 }
    ignored = tried.trials.count { $0.readings == 0 && !$0.isElsewhere }
    idleTopics = tried.idleTopics.count
    idleTopic = tried.idleTopics.first
    elsewhere = tried.trials.count(where: \.isElsewhere)
    rejected = tried.rejected
    readings = tried.trials.reduce(0) { $0 + ($1.readings ?? 0) }
    refusedValues = tried.refused
    sameTimes = tried.sameTimes
    devices = tried.devices.count
    sensors = tried.sensors.count
    reasons = tried.reasons.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(8)
      .map { Reason(reason: $0.key, times: $0.value) }
  }
}

/// A preset whose topics are there, and that takes what the proposed mapping takes, or reads these messages and takes less of them: it
/// knows from its source's documentation what is no reading.
package struct FittingPreset: Hashable, Sendable, Encodable {
  package var name: String
  /// Kept messages on its topics.
  package var messages: Int
  /// What it takes of the values that the proposed mapping takes of these; may be above 1.
  package var shareOfValues: Double
  /// The part of all values of the plant that are in these messages.
  package var shareOfPlant: Double

  /// Whether it takes what the proposed mapping takes.
  package var takesAll: Bool { shareOfValues >= DiscoveryDefaults.presetShare }

  static func find(
    _ presets: [PayloadMapping], beside proposed: TriedMapping, on kept: [KeptMessage]
  ) -> [FittingPreset] {
    let all = proposed.trials.reduce(0) { $0 + ($1.readings ?? 0) }
    return presets.compactMap { preset in
      let patterns = preset.messages.filter { !$0.isIgnored }.flatMap(\.topics)
      let places = kept.indices.filter { place in
        patterns.contains { $0.match(kept[place].topic) != nil }
      }
      let ours = places.reduce(0) { $0 + (proposed.trials[$1].readings ?? 0) }
      guard ours > 0 else { return nil }
      let tried = TriedMapping(preset, on: places.map { kept[$0] })
      let theirs = tried.trials.reduce(0) { $0 + ($1.readings ?? 0) }
      let share = Double(theirs) / Double(ours)
      let read = 1 - Double(tried.rejected) / Double(places.count)
      guard theirs > 0, max(share, read) >= DiscoveryDefaults.presetShare else { return nil }
      return FittingPreset(
        name: preset.name, messages: places.count, shareOfValues: share,
        shareOfPlant: Double(ours) / Double(max(1, all)))
    }.sorted { a, b in
      a.takesAll == b.takesAll
        ? (b.shareOfPlant, a.name) < (a.shareOfPlant, b.name) : a.takesAll
    }
  }
}
