import Files
import WindowStore

/// Tells deliveries that the broker repeats after a lost connection from new ones.
///
/// A crash, or a broken connection, between a commit and its acknowledgement makes the broker deliver again what is stored
/// already. Messages with epoch and sequence are then known; all others, and payloads that are no messages, are told here by
/// packet id and digest. A redelivery keeps its packet id (MQTT 5, 4.4), redeliveries come first, in their order, and no more
/// than ``IngestionDefaults/deliveriesUnderWay`` can be under way. Within that distance a broker does not give a packet id
/// to another message, so one that happens to have the same bytes is not mistaken for a redelivery.
struct RedeliveryGuard: Sendable {
  private struct Key: Hashable, Sendable {
    var packetID: UInt16
    var digest: [UInt8]
  }

  private var numbers: [Key: Int] = [:]
  /// Oldest first; those before `oldest` are forgotten.
  private var order: [(number: Int, key: Key)] = []
  private var oldest = 0
  /// The last delivery before the session was resumed; nil while nothing can come again.
  private var resumedAfter: Int?

  init() {}

  /// - Parameter marks: Ascending by number.
  init(_ marks: [DeliveryMark]) {
    for mark in marks { remember(mark) }
  }

  /// From here on the broker may repeat what came up to delivery `last`.
  mutating func sessionResumed(after last: Int) { resumedAfter = numbers.isEmpty ? nil : last }

  /// The broker knows nothing of what came before.
  mutating func sessionLost() { self = RedeliveryGuard() }

  /// Whether delivery `number` can be a repetition of a marked one at all.
  func mayRepeat(_ number: Int) -> Bool {
    guard let resumedAfter else { return false }
    return number - resumedAfter < IngestionDefaults.deliveriesUnderWay
  }

  /// Whether `mark` is of a delivery that came before the session was resumed.
  func isRepetition(_ mark: DeliveryMark) -> Bool {
    guard let resumedAfter, mark.packetID != 0,
      let earlier = numbers[Key(packetID: mark.packetID, digest: mark.digest)], earlier <= resumedAfter
    else { return false }
    return mark.number - earlier < IngestionDefaults.deliveriesUnderWay
  }

  /// Takes down a delivery; one without a packet id (QoS 0) never comes again.
  mutating func remember(_ mark: DeliveryMark) {
    guard mark.packetID != 0 else { return }
    let key = Key(packetID: mark.packetID, digest: mark.digest)
    numbers[key] = mark.number
    order.append((mark.number, key))
    while order[oldest].number <= mark.number - IngestionDefaults.deliveriesUnderWay {
      if numbers[order[oldest].key] == order[oldest].number { numbers[order[oldest].key] = nil }
      oldest += 1
    }
    if oldest > IngestionDefaults.deliveriesUnderWay {
      order.removeFirst(oldest)
      oldest = 0
    }
  }
}
