import MQTT
import Sparkplug
import Telemetry
import WindowStore

/// Payloads of Sparkplug B, whose meaning depends on those before them.
extension IngestionFold {
  /// Takes a payload of Sparkplug B. Throws ``PayloadError`` where nothing of it can be taken. What came before is told by the lives of
  /// its node and device, and not by the positions of messages. Returns whether a repetition of it can be told by its mark.
  ///
  /// - Parameter isRepetition: Whether the broker is known to deliver it again.
  mutating func takeSparkplug(
    _ topic: UnsafeBufferPointer<UInt8>, _ payload: UnsafeBufferPointer<UInt8>, _ received: Timestamp,
    isRepetition: Bool, _ delivery: MessageBatch.Delivery, into batch: inout StoreBatch
  ) throws(PayloadError) -> Bool {
    // What was published at QoS 0 never comes again, but that in MQTT 3.1.1 any of it may be what the broker retains.
    let needsMark = delivery.packetID != 0 || delivery.isRetained || retained.knowsDeliveries
    guard
      let reading = try reader.sparkplug?.read(
        topic, payload, isRepetition: isRepetition, receivedMs: received.milliseconds)
    else { return needsMark }
    guard !reading.isNotice else {
      progress.notices += 1
      return needsMark
    }
    progress.duplicateReadings += reading.repeatedReadings
    var refused = reading.refused
    var account = PayloadAccount()
    // What is not taken does not count as told, or a birth that tells it again would repeat nothing that is stored.
    var unbelieved: Set<Int> = []
    var contradicted: [Int: Set<SensorID>] = [:]
    for (place, message) in reading.messages.enumerated() {
      if !reading.isRepetition, let reason = disbelief(message, &batch) {
        for value in message.values { refused.add("“\(value.sensor)” is not taken: \(reason)") }
        unbelieved.insert(place)
        continue
      }
      if reading.isRepetition {
        account.note(take(message, isRepetition: true, &account.contradictions, into: &batch))
      } else {
        // A birth tells values again, also those of before a restart.
        let before = account.contradictions.count
        account.note(
          accept(message, as: reading.isBirth ? .instant : .new, &account.contradictions, into: &batch))
        if account.contradictions.count > before { contradicted[place] = contradictions(in: message) }
      }
    }
    if !unbelieved.isEmpty || !contradicted.isEmpty {
      reader.sparkplug?.takeBack { place, sensor in
        unbelieved.contains(place) || contradicted[place]?.contains(sensor) ?? false
      }
    }
    if account.isEmpty {
      guard reading.isRepetition || reading.repeatedReadings > 0 else { throw .noSoundValue(refused) }
      progress.messages += 1
      progress.duplicateMessages += 1
      account.note(.duplicate)
    }
    // A birth tells some values again, and what is refused beside them may be new.
    settle(account, refused, areRefusedAgain: reading.isRepetition, topic, payload, received, into: &batch)
    return needsMark
  }

  /// To be called with each checkpoint: adds what nothing that was stored before it would tell any more.
  package mutating func keepTimes(in batch: inout StoreBatch) {
    batch.lives += reader.sparkplug?.takeTimes() ?? []
  }

  /// Nodes that are to be asked for their births now.
  package mutating func rebirths(_ now: Timestamp) -> [SparkplugCommand] {
    reader.sparkplug?.rebirths(nowMs: now.milliseconds) ?? []
  }
}
