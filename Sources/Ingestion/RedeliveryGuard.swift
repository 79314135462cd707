import Files
import MQTT
import WindowStore

/// Tells deliveries that the broker repeats after a lost connection from new ones.
///
/// A crash, or a broken connection, between a commit and its acknowledgement makes the broker deliver again what is stored
/// already. Messages with epoch and sequence are then known; all others, and payloads that are no messages, are told here.
///
/// By packet id and digest, where the broker does as the protocol demands: a redelivery keeps its packet id (MQTT 5, 4.4), redeliveries
/// come first, in their order, and no more than ``IngestionDefaults/deliveriesUnderWay`` can be under way. Within that distance a
/// broker does not give a packet id to another message, so one that happens to have the same bytes is not mistaken for a redelivery.
///
/// A broker that was killed goes on from its last save. What waited in it then comes again, without a mark (DUP) where it was sent only
/// afterwards; and packet ids that it gave after the save are given again, to new messages. What waited comes first. So without a
/// mark nothing is a redelivery any more once something new has come, or once the broker has been silent.
///
/// By its mark (DUP), its digest and its place, where a broker gives new packet ids to what it delivers again: what is marked and has
/// the bytes of an earlier delivery is that delivery, each once and in their order. A broker marks what it has sent, and not what has
/// arrived, and one that was killed marks what it has not sent. So bytes that come again and again of a topic, without a time or
/// a number, say too little: they are a repetition only where it is known that the delivery was not acknowledged, and new where
/// this process has not seen it. A kill between a commit and its acknowledgement makes such a message count twice.
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
  /// How the broker of the session that was resumed delivers again.
  private var form = RedeliveryForm.samePacketID
  /// Whether what may come again need not be marked.
  private var mayBeUnmarked = false
  /// By digest, the numbers of the deliveries that may come again under new packet ids, newest first.
  private var places: [[UInt8]: [Int]] = [:]
  /// The last of them that came again.
  private var lastPlace = 0

  /// Whether what came again is taken down as a delivery of its own: under a packet id that it had, and not where it has only its
  /// place, which it keeps.
  var remembersRepetitions: Bool { form != .newPacketID }

  init() {}

  /// - Parameter marks: Ascending by number.
  init(_ marks: [DeliveryMark]) {
    for mark in marks { remember(mark) }
  }

  /// From here on the broker may repeat what came up to delivery `last`.
  ///
  /// - Parameter acknowledged: The last delivery of which an acknowledgement was sent.
  mutating func sessionResumed(after last: Int, acknowledged: Int, _ form: RedeliveryForm) {
    resumedAfter = numbers.isEmpty ? nil : last
    self.form = form
    mayBeUnmarked = true
    places = [:]
    lastPlace = 0
    guard form == .newPacketID else { return }
    for (number, key) in order[oldest...].reversed() { places[key.digest, default: []].append(number) }
    for (digest, numbers) in places where numbers.count > 1 {
      places[digest] = numbers.filter { $0 > acknowledged }
    }
  }

  /// Whether the broker's mark (DUP) can tell something in a session that is resumed now.
  ///
  /// - Parameter form: How the broker of that session delivers again.
  func needsDuplicateFlag(_ form: RedeliveryForm) -> Bool { form != .unmarked && !numbers.isEmpty }

  /// The broker has nothing more that waits: it sent nothing for a while, though everything is acknowledged.
  mutating func brokerFellSilent() { mayBeUnmarked = false }

  /// The broker knows nothing of what came before.
  mutating func sessionLost() { self = RedeliveryGuard() }

  /// Whether delivery `number` can be a repetition of a marked one at all.
  func mayRepeat(_ number: Int, _ delivery: MessageBatch.Delivery) -> Bool {
    guard let resumedAfter, delivery.packetID != 0 else { return false }
    switch form {
    case .samePacketID:
      return (mayBeUnmarked || delivery.isRepetition)
        && number - resumedAfter < IngestionDefaults.deliveriesUnderWay
    // A broker that had not yet noticed that the connection was gone sends some new ones first.
    case .newPacketID:
      return delivery.isRepetition && number - resumedAfter < IngestionDefaults.deliveriesUnderWay
    case .unmarked: return false
    }
  }

  /// Whether `mark` is of a delivery that came before the session was resumed; to be asked once, where ``mayRepeat(_:_:)`` says so.
  mutating func isRepetition(_ mark: DeliveryMark) -> Bool {
    guard let resumedAfter, mark.packetID != 0 else { return false }
    if form == .newPacketID { return takesPlace(mark) }
    guard let earlier = numbers[Key(packetID: mark.packetID, digest: mark.digest)], earlier <= resumedAfter
    else { return false }
    return mark.number - earlier < IngestionDefaults.deliveriesUnderWay
  }

  private mutating func takesPlace(_ mark: DeliveryMark) -> Bool {
    guard var candidates = places[mark.digest] else { return false }
    while let earlier = candidates.popLast() {
      guard earlier > lastPlace, mark.number - earlier < IngestionDefaults.deliveriesUnderWay else {
        continue
      }
      lastPlace = earlier
      places[mark.digest] = candidates
      return true
    }
    places[mark.digest] = nil
    return false
  }

  /// Takes down a delivery; one without a packet id (QoS 0) never comes again.
  ///
  /// - Parameter isRepetition: Whether it is one of an earlier delivery.
  mutating func remember(_ mark: DeliveryMark, isRepetition: Bool = false) {
    guard mark.packetID != 0 else { return }
    if !isRepetition { mayBeUnmarked = false }
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
