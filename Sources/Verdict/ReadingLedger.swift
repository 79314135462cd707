import DeviceFleet
import Files
import PayloadMapping
import Telemetry
import WindowStore

/// Where every planned message ended up: stored, late, rejected, or lost.
package struct ReadingLedger: Hashable, Sendable {
  /// A message that is nowhere.
  package struct Loss: Hashable, Sendable {
    package var device: DeviceID
    package var sequence: Int64
    package var stage: Stage

    /// As `report.json` has it.
    var json: JSONValue {
      .object([
        "device": .text(device.name), "seq": .number(Double(sequence)), "last_seen": .text(stage.rawValue),
      ])
    }
  }

  /// Where a message was seen last.
  package enum Stage: String, CaseIterable, Hashable, Sendable {
    /// In the plan: it never left the fleet.
    case planned
    /// On its way: the fleet sent it, and no acknowledgement came back.
    case published
    /// With the broker, which acknowledged it.
    case broker

    /// What it means, in a sentence.
    var about: String {
      switch self {
      case .planned: "In the plan: they never left the fleet."
      case .published: "On their way: no acknowledgement came back."
      case .broker: "With the broker, which had acknowledged them."
      }
    }
  }

  /// Readings of planned messages that ingestion could read and did not believe, such as those too far in the future.
  package private(set) var rejectedReadings = 0
  /// The payloads that they came in.
  package private(set) var rejectedPayloads = 0
  /// Sequence numbers of those messages of each device.
  package private(set) var rejectedMessages: [DeviceID: Set<Int64>] = [:]
  /// Readings of planned messages that are neither in the journal nor among the late or rejected ones.
  package private(set) var lostReadings = 0
  /// The same by the stage at which they were seen last.
  package private(set) var lostAtStage: [Stage: Int] = [:]
  /// Sequence numbers of the lost messages of each device.
  package private(set) var lostMessages: [DeviceID: Set<Int64>] = [:]
  /// Readings of planned messages that stand in the store more than once.
  package private(set) var doubledReadings = 0
  /// The first few of their messages, in words.
  package private(set) var doubles: [String] = []
  /// Readings of planned messages that are as old as what retention deletes, and are not there: it deleted them, or nobody
  /// ever stored them, which cannot be told any more.
  package private(set) var expiredReadings = 0
  /// Readings of planned messages that a transport fault of the scenario kept from being published.
  package private(set) var withheldReadings = 0
  /// The first few losses.
  package private(set) var losses: [Loss] = []

  /// Holds the messages of `source` against `store`, and what the fleet said it had published. Messages of other devices are
  /// left alone.
  init(source: any MessageSource, store: WindowStoreReader, fleet: FleetLedger?) throws {
    let retainedFrom = try store.retainedFrom()
    let incomplete = Dictionary(
      (fleet?.incomplete ?? []).map { ($0.device, $0) }, uniquingKeysWith: { first, _ in first })
    var indices: [DeviceID: Int] = [:]
    for (index, device) in source.deviceIDs.enumerated() { indices[device] = index }
    var copies: [[UInt8]] = source.deviceIDs.map { _ in [] }
    let renumbered = source.renumberedDevices
    var rejections = SparkplugRejections(source)
    // Payloads without a sequence, or with another, are told apart by their time, which no two of a device then share.
    var sequencesByTime: [Int: [Timestamp: Int]] = [:]
    func sequence(_ position: Message.Position?, _ timestamp: Timestamp, _ device: Int) -> Int? {
      if let position { return position.sequence < 0 ? nil : Int(position.sequence) }
      if sequencesByTime[device] == nil {
        var sequences: [Timestamp: Int] = [:]
        for planned in source.messages(ofDeviceAt: device) {
          sequences[planned.timestamp] = Int(planned.position?.sequence ?? 0)
        }
        sequencesByTime[device] = sequences
      }
      return sequencesByTime[device]?[timestamp]
    }
    try store.forEachAccountedMessage { message in
      guard let device = indices[message.device],
        let sequence = sequence(
          renumbered.contains(message.device) ? nil : message.position, message.timestamp, device)
      else { return }
      while copies[device].count <= sequence { copies[device].append(0) }
      if copies[device][sequence] < 2 { copies[device][sequence] += 1 }
    }
    var quarantined: [Set<Int>] = source.deviceIDs.map { _ in [] }
    let mappings = Set(source.groups.compactMap(\.style.mapping?.mapping))
    try store.forEachRejectedMessage { rejected in
      // Of a payload of which something was taken, ingestion has counted the values that were not.
      guard rejected.readings == nil else { return }
      var isPlanned = false
      let messages =
        renumbered.isEmpty
        ? Self.messages(in: rejected, mappings) : rejections.messages(rejected.topic, rejected.payload)
      for message in messages {
        guard let device = indices[message.device],
          let sequence = sequence(message.position, message.timestamp, device)
        else { continue }
        quarantined[device].insert(sequence)
        isPlanned = true
      }
      if isPlanned { rejectedPayloads += 1 }
    }
    let unconfirmed = Set(
      source.groups.filter { $0.style.quality == .atMostOnce }.flatMap { Array($0.devices) })
    var deliveredTotal = 0
    for (index, device) in source.deviceIDs.enumerated() {
      var place = 0
      for message in source.deliveries(ofDeviceAt: index).lazy.flatMap(\.messages) {
        deliveredTotal += message.values.count
        defer { place += 1 }
        let sequence = Int(message.position?.sequence ?? 0)
        let count = sequence < copies[index].count ? copies[index][sequence] : 0
        if count == 0, let retainedFrom, message.timestamp < retainedFrom {
          expiredReadings += message.values.count
        } else if count == 0, quarantined[index].contains(sequence) {
          rejectedReadings += message.values.count
          rejectedMessages[device, default: []].insert(Int64(sequence))
        } else if count == 0 {
          let stage = Self.stage(
            ofMessageAt: place, incomplete[device], isConfirmed: !unconfirmed.contains(index))
          lostReadings += message.values.count
          lostAtStage[stage, default: 0] += message.values.count
          lostMessages[device, default: []].insert(Int64(sequence))
          if losses.count < ReportDefaults.namedFindings {
            losses.append(Loss(device: device, sequence: Int64(sequence), stage: stage))
          }
        } else if count > 1 {
          doubledReadings += message.values.count
          if doubles.count < ReportDefaults.namedFindings {
            doubles.append("\(device) seq \(sequence)")
          }
        }
      }
    }
    withheldReadings = source.readingCount - deliveredTotal
  }

  /// The messages of a payload that was rejected; none where it cannot be read.
  ///
  /// - Parameter mappings: Those by which the fleet publishes.
  private static func messages(in rejected: RejectedMessage, _ mappings: Set<PayloadMapping>) -> [Message] {
    var messages: [Message] = []
    rejected.payload.withUnsafeBufferPointer { payload in
      guard mappings.isEmpty else {
        // One reads it: ingestion has one mapping, and a payload of another group is none of its.
        for mapping in mappings where messages.isEmpty {
          var decoder = MappingDecoder(mapping)
          _ = Array(rejected.topic.utf8).withUnsafeBufferPointer { topic in
            try? decoder.decode(topic: topic, payload: payload, received: rejected.received, into: &messages)
          }
        }
        return
      }
      _ = try? PayloadCodec.decodeAll(
        payload, topicDevice: TelemetryTopic.device(in: rejected.topic), received: rejected.received
      ) { messages.append($0) }
    }
    return messages
  }

  /// - Parameters:
  ///   - place: The how-manieth message of its device it is, in the order in which they leave.
  ///   - isConfirmed: Whether the broker acknowledges the messages of the device at all.
  private static func stage(
    ofMessageAt place: Int, _ account: FleetLedger.Incomplete?, isConfirmed: Bool
  ) -> Stage {
    guard let account else { return isConfirmed ? .broker : .published }
    if place >= account.published { return .planned }
    return place >= account.acknowledged || !isConfirmed ? .published : .broker
  }
}
