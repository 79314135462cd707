import Files
import Telemetry
import WindowStore

/// Payloads as they come from the broker: what is a message, what was delivered before, and what cannot be taken.
extension IngestionFold {
  /// Takes a payload as it came from the broker.
  ///
  /// - Parameters:
  ///   - packetID: The packet id of the delivery; 0 where it has none.
  ///   - isRetained: Whether the broker keeps the message for those who subscribe later.
  ///   - received: The wall clock, kept with a payload that is rejected.
  package mutating func take(
    topic: UnsafeBufferPointer<UInt8>, payload: UnsafeBufferPointer<UInt8>, packetID: UInt16 = 0,
    isRetained: Bool = false, received: Timestamp, into batch: inout StoreBatch
  ) {
    progress.deliveries += 1
    clock.wallMs = received.milliseconds
    // Nearly always nothing can be a repetition, and a digest costs as much as the rest.
    let mayBeRetained = isRetained && retained.mayRepeat(topic)
    let mark =
      mayBeRetained || redeliveries.mayRepeat(progress.deliveries) ? self.mark(topic, payload, packetID) : nil
    let isRepetition =
      mark.map { redeliveries.isRepetition($0) || (mayBeRetained && retained.isLast(topic, $0.digest)) }
      ?? false
    do throws(PayloadError) {
      let device = topics.device(in: topic)
      if SenML.isPack(payload) {
        // Whether all of a pack is believed is looked at before anything of it is taken.
        var messages: [Message] = []
        let refused = try PayloadCodec.decodeAll(payload, topicDevice: device, received: received) {
          messages.append($0)
        }
        if !isRepetition { for message in messages { try believe(message, &batch) } }
        var account = PayloadAccount()
        for message in messages {
          account.note(
            take(message, isRepetition: isRepetition, &account.contradictions, into: &batch))
        }
        settle(account, refused, topic, payload, received, into: &batch)
        remember(mark ?? self.mark(topic, payload, packetID), topic, isRetained, in: &batch)
      } else {
        var refused = RefusedValues()
        let message = try PayloadCodec.decode(payload, topicDevice: device, refused: &refused)
        if !isRepetition { try believe(message, &batch) }
        var account = PayloadAccount()
        account.note(take(message, isRepetition: isRepetition, &account.contradictions, into: &batch))
        if refused.count > 0 || account.contradictions.count > 0 {
          settle(account, refused, topic, payload, received, into: &batch)
        }
        if message.position == nil || isRepetition {
          remember(mark ?? self.mark(topic, payload, packetID), topic, isRetained, in: &batch)
        }
      }
    } catch {
      progress.messages += 1
      remember(mark ?? self.mark(topic, payload, packetID), topic, isRetained, in: &batch)
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

  private mutating func take(
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
  /// - Parameter refused: Those that could not be read. They go the way of the rest: of a duplicate they are duplicates.
  mutating func settle(
    _ account: PayloadAccount, _ refused: RefusedValues, _ topic: UnsafeBufferPointer<UInt8>,
    _ payload: UnsafeBufferPointer<UInt8>, _ received: Timestamp, into batch: inout StoreBatch
  ) {
    var reasons = account.contradictions
    if account.isDuplicate {
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
    _ topic: UnsafeBufferPointer<UInt8>, _ payload: UnsafeBufferPointer<UInt8>, _ packetID: UInt16
  ) -> DeliveryMark {
    DeliveryMark(
      number: progress.deliveries, packetID: packetID,
      digest: Digest.half(UnsafeRawBufferPointer(topic), UnsafeRawBufferPointer(payload)))
  }

  private mutating func remember(
    _ mark: DeliveryMark, _ topic: UnsafeBufferPointer<UInt8>, _ isRetained: Bool, in batch: inout StoreBatch
  ) {
    if isRetained {
      let mark = RetainedMark(
        topic: String(decoding: topic, as: UTF8.self), digest: mark.digest, number: mark.number)
      retained.remember(mark)
      batch.retained.append(mark)
    }
    guard mark.packetID != 0 else { return }
    redeliveries.remember(mark)
    batch.marks.append(mark)
  }

  /// To be called when a session has begun, before anything of it is taken.
  ///
  /// - Parameters:
  ///   - resumed: Whether the broker has kept what it had delivered and nobody acknowledged.
  ///   - subscribedAfter: How many deliveries came before the subscription was made, with which the broker sends what it retains;
  ///     nil: it was made now, or, in a session that goes on, as it was.
  package mutating func sessionBegan(resumed: Bool, subscribedAfter: Int? = nil) {
    if let after = subscribedAfter ?? (resumed ? nil : progress.deliveries) {
      retained.subscribedAfter = after
    }
    if resumed { redeliveries.sessionResumed(after: progress.deliveries) } else { redeliveries.sessionLost() }
  }

  /// Throws where the time of `message` lies too far in the future.
  private mutating func believe(_ message: Message, _ batch: inout StoreBatch) throws(PayloadError) {
    guard let futureLimit else { return }
    let now = clock.latestPlausible(message)
    guard message.timestamp.milliseconds - now <= futureLimit.milliseconds else {
      clock.note(message.device, aheadMs: message.timestamp.milliseconds - now, in: &batch)
      throw .tooFarInTheFuture(milliseconds: message.timestamp.milliseconds, limit: futureLimit)
    }
  }
}
