import MQTT
import Telemetry
import WindowStore

/// Tells a retained message that the broker sends again, as it does with every new subscription, from a new one.
///
/// Only payloads that nothing else would tell from new ones are taken down: those without epoch and sequence, and those that are
/// no messages. In MQTT 5 a message says that it is retained also when it is published. The broker sends the message that it
/// retains of a topic once a subscription, and before what is published later; so a retained message can be a repetition only where
/// the last one of its topic came before the subscription was made. What is published after that is new, also where it has the same
/// bytes.
///
/// In MQTT 3.1.1 only what comes because of a subscription says so, and one subscribes with every connection. It is then a repetition
/// where it is the last that came so of its topic, or where the same bytes of its topic are among the last
/// ``IngestionDefaults/deliveriesUnderWay`` deliveries.
struct RetainedMessages: Sendable {
  private var marks: [ExactText: RetainedMark] = [:]
  private var deliveries = RecentDigests()
  /// How many deliveries came before the present subscription was made.
  var subscribedAfter = 0
  /// Whether every delivery is taken down, as MQTT 3.1.1 needs it.
  private(set) var knowsDeliveries = false

  init() {}

  /// - Parameters:
  ///   - deliveries: Those that were taken down, ascending by number.
  ///   - retained: The last retained message of each topic, oldest first.
  init(_ deliveries: [DeliveryMark], _ retained: [RetainedMark]) {
    for mark in deliveries { self.deliveries.insert(mark.digest, mark.number) }
    for mark in retained { remember(mark) }
  }

  /// From here on messages come by this version of MQTT.
  mutating func sessionBegan(_ version: ProtocolVersion) {
    knowsDeliveries = version == .threeOneOne
    if !knowsDeliveries { deliveries = RecentDigests() }
  }

  /// Whether a retained message of `topic` can be one that was taken before.
  func mayRepeat(_ topic: UnsafeBufferPointer<UInt8>) -> Bool {
    if knowsDeliveries { return !marks.isEmpty || !deliveries.isEmpty }
    // Where nothing is known, nothing can be repeated; so it is with a fleet that numbers its messages.
    guard !marks.isEmpty, let mark = marks[ExactText(String(decoding: topic, as: UTF8.self))] else {
      return false
    }
    return mark.number <= subscribedAfter
  }

  /// Whether the last retained message of `topic` had this digest, or one that was published.
  func isKnown(_ topic: UnsafeBufferPointer<UInt8>, _ digest: [UInt8]) -> Bool {
    if knowsDeliveries, deliveries.contains(digest) { return true }
    return marks[ExactText(String(decoding: topic, as: UTF8.self))]?.digest == digest
  }

  /// Takes down what was published, or came because of a subscription.
  mutating func noteDelivery(_ mark: DeliveryMark) {
    if knowsDeliveries { deliveries.insert(mark.digest, mark.number) }
  }

  mutating func remember(_ mark: RetainedMark) {
    marks[ExactText(mark.topic)] = mark
    let bound = StoreDefaults.rememberedRetainedMessages
    guard marks.count > bound + bound / 8 else { return }
    // Now and then the oldest go, an eighth at a time: each time one would mean to look through all.
    let newest = marks.values.sorted { $0.number > $1.number }.prefix(bound)
    marks = Dictionary(uniqueKeysWithValues: newest.map { (ExactText($0.topic), $0) })
  }
}

/// The digests of the last ``IngestionDefaults/deliveriesUnderWay`` deliveries, of those that were taken down.
private struct RecentDigests: Sendable {
  /// The newest delivery of each.
  private var numbers: [[UInt8]: Int] = [:]
  /// Oldest first; those before `oldest` are forgotten.
  private var order: [(number: Int, digest: [UInt8])] = []
  private var oldest = 0

  var isEmpty: Bool { numbers.isEmpty }

  func contains(_ digest: [UInt8]) -> Bool { numbers[digest] != nil }

  mutating func insert(_ digest: [UInt8], _ number: Int) {
    numbers[digest] = number
    order.append((number, digest))
    while order[oldest].number <= number - IngestionDefaults.deliveriesUnderWay {
      if numbers[order[oldest].digest] == order[oldest].number { numbers[order[oldest].digest] = nil }
      oldest += 1
    }
    if oldest > IngestionDefaults.deliveriesUnderWay {
      order.removeFirst(oldest)
      oldest = 0
    }
  }
}
