import Files
import MQTT
import Telemetry
import WindowStore

/// Payloads as they come from the broker: what is a message, what was delivered before, and what cannot be taken.
extension IngestionFold {
  /// Takes a payload as it came from the broker.
  ///
  /// - Parameters:
  ///   - delivery: What the broker says of it.
  ///   - received: The wall clock, kept with a payload that is rejected.
  package mutating func take(
    topic: UnsafeBufferPointer<UInt8>, payload: UnsafeBufferPointer<UInt8>,
    _ delivery: MessageBatch.Delivery = .init(packetID: 0), received: Timestamp, into batch: inout StoreBatch
  ) {
    progress.deliveries += 1
    clock.wallMs = received.milliseconds
    // Nearly always nothing can be a repetition, and a digest costs as much as the rest.
    let mayBeRetained = delivery.isRetained && retained.mayRepeat(topic)
    let mayComeAgain = redeliveries.mayRepeat(progress.deliveries, delivery)
    let mark = mayBeRetained || mayComeAgain ? self.mark(topic, payload, delivery) : nil
    let isSentAgain = mayComeAgain && mark.map { redeliveries.isRepetition($0) } ?? false
    let isRepetition =
      isSentAgain || mayBeRetained && mark.map { retained.isKnown(topic, $0.digest) } ?? false
    do throws(PayloadError) {
      let needsMark =
        if reader.sparkplug != nil {
          try takeSparkplug(topic, payload, received, isRepetition: isRepetition, delivery, into: &batch)
        } else if reader.isOneMessage(payload) {
          try takeOne(topic, payload, received, isRepetition: isRepetition, into: &batch)
        } else {
          try takeSeveral(topic, payload, received, isRepetition: isRepetition, into: &batch)
        }
      if needsMark {
        remember(mark ?? self.mark(topic, payload, delivery), topic, delivery, isSentAgain, in: &batch)
      }
    } catch {
      progress.messages += 1
      remember(mark ?? self.mark(topic, payload, delivery), topic, delivery, isSentAgain, in: &batch)
      if isRepetition {
        progress.duplicateMessages += 1
        return
      }
      progress.rejectedMessages += 1
      batch.rejected.append(
        RejectedMessage(
          received: received, topic: String(decoding: topic, as: UTF8.self), reason: error.description,
          payload: Array(payload.prefix(PayloadCodec.maximumBytes))))
    }
  }

  /// Takes a payload of the canonical form. Returns whether a repetition of it can be told by its mark alone.
  private mutating func takeOne(
    _ topic: UnsafeBufferPointer<UInt8>, _ payload: UnsafeBufferPointer<UInt8>, _ received: Timestamp,
    isRepetition: Bool, into batch: inout StoreBatch
  ) throws(PayloadError) -> Bool {
    var refused = RefusedValues()
    let message = try reader.message(topic, payload, refused: &refused)
    if !isRepetition { try believe(message, &batch) }
    var account = PayloadAccount()
    account.note(take(message, isRepetition: isRepetition, &account.contradictions, into: &batch))
    if refused.count > 0 || account.contradictions.count > 0 {
      settle(account, refused, topic, payload, received, into: &batch)
    }
    return message.position == nil || isRepetition
  }

  /// Takes a payload of any other form, which may have many messages. Returns whether a repetition of it can be told by its mark
  /// alone.
  private mutating func takeSeveral(
    _ topic: UnsafeBufferPointer<UInt8>, _ payload: UnsafeBufferPointer<UInt8>, _ received: Timestamp,
    isRepetition: Bool, into batch: inout StoreBatch
  ) throws(PayloadError) -> Bool {
    var messages: [Message] = []
    swap(&messages, &messagesOfPayload)
    defer { swap(&messages, &messagesOfPayload) }
    messages.removeAll(keepingCapacity: true)
    guard var refused = try reader.messages(topic, payload, received: received, into: &messages) else {
      return false
    }
    if !isRepetition { try removeUnbelievable(from: &messages, &refused, &batch) }
    var account = PayloadAccount()
    for message in messages {
      account.note(take(message, isRepetition: isRepetition, &account.contradictions, into: &batch))
    }
    // Records are of devices of their own: that some came before says nothing of those that could not be read.
    settle(account, refused, areRefusedAgain: isRepetition, topic, payload, received, into: &batch)
    return isRepetition || messages.contains { $0.position == nil }
  }

  /// Takes the messages of each device out of `messages` of which one has a time too far in the future, before anything of the payload is
  /// taken. Throws where no device is left.
  private mutating func removeUnbelievable(
    from messages: inout [Message], _ refused: inout RefusedValues, _ batch: inout StoreBatch
  ) throws(PayloadError) {
    var reasons: [DeviceID: PayloadError] = [:]
    for message in messages where reasons[message.device] == nil {
      if let reason = disbelief(message, &batch) { reasons[message.device] = reason }
    }
    guard let first = reasons.first?.value else { return }
    guard messages.contains(where: { reasons[$0.device] == nil }) else { throw first }
    for message in messages {
      guard let reason = reasons[message.device] else { continue }
      for value in message.values {
        refused.add("“\(value.sensor)” of “\(message.device)” is not taken: \(reason)")
      }
    }
    messages.removeAll { reasons[$0.device] != nil }
  }

  /// Why the time of a message is not believed; nil where it is.
  mutating func disbelief(_ message: Message, _ batch: inout StoreBatch) -> PayloadError? {
    do throws(PayloadError) {
      try believe(message, &batch)
      return nil
    } catch {
      return error
    }
  }

  /// Takes a message that is known to be a repetition, or is not.
  mutating func take(
    _ message: Message, isRepetition: Bool, _ contradictions: inout RefusedValues,
    into batch: inout StoreBatch
  ) -> MessageFate {
    guard isRepetition else { return accept(message, &contradictions, into: &batch) }
    progress.messages += 1
    progress.duplicateMessages += 1
    progress.duplicateReadings += message.values.count
    return .duplicate
  }

  /// Counts the values of a payload that were not taken, and keeps it with the reasons.
  ///
  /// - Parameters:
  ///   - refused: Those that could not be read.
  ///   - areRefusedAgain: Whether these go the way of the rest, and are duplicates where everything else is one.
  mutating func settle(
    _ account: PayloadAccount, _ refused: RefusedValues, areRefusedAgain: Bool = true,
    _ topic: UnsafeBufferPointer<UInt8>, _ payload: UnsafeBufferPointer<UInt8>, _ received: Timestamp,
    into batch: inout StoreBatch
  ) {
    var reasons = account.contradictions
    if account.isDuplicate, areRefusedAgain {
      progress.duplicateReadings += refused.count
    } else {
      reasons.add(refused)
    }
    guard reasons.count > 0 else { return }
    let isWhole = account.isContradicted
    if !isWhole { progress.rejectedReadings += reasons.count }
    batch.rejected.append(
      RejectedMessage(
        received: received, topic: String(decoding: topic, as: UTF8.self),
        reason: isWhole ? PayloadError.noSoundValue(reasons).description : reasons.sentence,
        payload: Array(payload.prefix(PayloadCodec.maximumBytes)), readings: isWhole ? nil : reasons.count))
  }

  private func mark(
    _ topic: UnsafeBufferPointer<UInt8>, _ payload: UnsafeBufferPointer<UInt8>,
    _ delivery: MessageBatch.Delivery
  ) -> DeliveryMark {
    DeliveryMark(
      number: progress.deliveries, packetID: delivery.packetID,
      digest: Digest.half(UnsafeRawBufferPointer(topic), UnsafeRawBufferPointer(payload)))
  }

  private mutating func remember(
    _ mark: DeliveryMark, _ topic: UnsafeBufferPointer<UInt8>, _ delivery: MessageBatch.Delivery,
    _ isSentAgain: Bool, in batch: inout StoreBatch
  ) {
    if delivery.isRetained {
      let mark = RetainedMark(
        topic: String(decoding: topic, as: UTF8.self), digest: mark.digest, number: mark.number)
      retained.remember(mark)
      batch.retained.append(mark)
    }
    if isSentAgain, !redeliveries.remembersRepetitions { return }
    redeliveries.remember(mark, isRepetition: isSentAgain)
    retained.noteDelivery(mark)
    if mark.packetID != 0 || retained.knowsDeliveries { batch.marks.append(mark) }
  }

  /// Whether deliveries of the next session must say that the broker has sent them before (DUP), should it be one that goes on. Not so
  /// where every message had its epoch and sequence.
  package func needsDuplicateFlag(_ form: RedeliveryForm) -> Bool { redeliveries.needsDuplicateFlag(form) }

  /// To be called when a session has begun, before anything of it is taken.
  ///
  /// - Parameters:
  ///   - resumed: Whether the broker has kept what it had delivered and nobody acknowledged.
  ///   - subscribedAfter: How many deliveries came before the subscription was made, with which the broker sends what it retains;
  ///     nil: it was made now, or, in a session that goes on, as it was.
  ///   - acknowledged: How many deliveries were acknowledged, as far as the acknowledgements left; nil: all.
  ///   - redelivery: How the broker sends again what was not acknowledged.
  ///   - version: In MQTT 3.1.1 what the broker retains comes with every session, and what is published does not say that it is
  ///     retained.
  package mutating func sessionBegan(
    resumed: Bool, subscribedAfter: Int? = nil, acknowledged: Int? = nil,
    redelivery: RedeliveryForm = .samePacketID,
    version: ProtocolVersion = .five
  ) {
    if let after = subscribedAfter ?? (resumed ? nil : progress.deliveries) {
      retained.subscribedAfter = after
    }
    retained.sessionBegan(version)
    reader.sparkplug?.connected(resumed: resumed)
    if resumed {
      redeliveries.sessionResumed(
        after: progress.deliveries, acknowledged: acknowledged ?? progress.deliveries, redelivery)
    } else {
      redeliveries.sessionLost()
    }
  }

  /// To be called when the broker has sent nothing for ``IngestionDefaults/silence``, though everything is acknowledged.
  package mutating func brokerFellSilent() { redeliveries.brokerFellSilent() }

  /// Throws where the time of `message` lies too far in the future.
  mutating func believe(_ message: Message, _ batch: inout StoreBatch) throws(PayloadError) {
    guard let futureLimit else { return }
    let now = clock.latestPlausible(message)
    guard message.timestamp.milliseconds - now <= futureLimit.milliseconds else {
      clock.note(message.device, aheadMs: message.timestamp.milliseconds - now, in: &batch)
      throw .tooFarInTheFuture(milliseconds: message.timestamp.milliseconds, limit: futureLimit)
    }
  }
}
