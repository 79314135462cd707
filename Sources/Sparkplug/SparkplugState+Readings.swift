import Telemetry
import Wording

/// A payload whose place is known.
struct SparkplugMessage {
  let node: Int
  let entity: Int
  let wire: WirePayload
  /// They point into the payload.
  let metrics: [WireMetric]
  let digest: UInt64
  let isKnownRepetition: Bool
  let receivedMs: Int64
  /// Why its aliases cannot be told.
  var obstacle: AliasObstacle?
  /// Whether others overtook it.
  var isOvertaken = false

  /// Nil where it has none.
  var sequence: UInt8? { wire.sequence.map { UInt8(truncatingIfNeeded: $0) } }

  /// The number that tells the births and deaths of a node apart; nil where there is none.
  var bdSeq: UInt64? {
    for metric in metrics where metric.name?.elementsEqual(SparkplugNames.birthDeathSequence.utf8) ?? false {
      if metric.value.field == .long || metric.value.field == .int { return metric.value.bits }
    }
    return nil
  }
}

/// Why an alias cannot be told.
enum AliasObstacle: Hashable, Sendable {
  case birthNotSeen
  case bornAgain
  case dead
  case formerLife
  case doubt(SparkplugState.Doubt)

  /// After “the alias 7 ”.
  var sentence: String {
    switch self {
    case .birthNotSeen: "is of a birth that was not seen"
    case .bornAgain: "is of before its node was born again"
    case .dead: "is of a life that is over"
    case .formerLife:
      "is of a former life: its payload is older than the birth of its node, and does not go on with the numbers"
    case .doubt(.sessionLost):
      "may have another meaning by now: the broker had forgotten us, and with it what was said meanwhile"
    case .doubt(.unread): "may have another meaning by now: a birth came that is compressed, and was not read"
    case .doubt(.gap):
      "may have another meaning by now: messages of its node are missing since we were away, and a birth may be one"
    }
  }
}

/// What the metrics of a payload are.
extension SparkplugState {
  /// The readings of a payload.
  ///
  /// - Parameter number: Which message of its node's life it is.
  mutating func readings(
    of message: SparkplugMessage, number: Int64, isBirth: Bool = false, isRepetition: Bool = false
  ) -> SparkplugReading {
    var reading = SparkplugReading()
    reading.isBirth = isBirth
    reading.isRepetition = isRepetition
    // No copy of the table may be held while it changes.
    var device: DeviceID?
    let position = Message.Position(epoch: entities[message.entity].epoch, sequence: number)
    var instants = InstantTable(metrics: message.metrics.count)
    for (place, metric) in message.metrics.enumerated() {
      guard let index = index(of: metric, place, message, &reading.refused) else { continue }
      guard !entities[message.entity].metrics.entries[index].isControl, !metric.isNull else { continue }
      func refuse(_ reason: String) {
        reading.refused.add("\(entities[message.entity].metrics.entries[index].name.quoted) \(reason)")
      }
      if device == nil { device = self.device(ofEntityAt: message.entity) }
      guard let device else {
        refuse(nameless(message.entity))
        continue
      }
      guard let sensor = entities[message.entity].metrics.entries[index].sensor else {
        refuse("is longer, as a sensor id, than \(IdentifierRule.maximumLength) characters")
        continue
      }
      if let quality = metric.quality, !(192...255).contains(quality) {
        refuse("is of quality \(quality), which is not good")
        continue
      }
      let type =
        metric.datatype == 0
        ? entities[message.entity].metrics.entries[index].type : MetricType(rawValue: metric.datatype)
      if metric.datatype != 0, type == nil {
        refuse("is of type \(metric.datatype), which is not known")
        continue
      }
      if metric.name == nil, let type, let told = entities[message.entity].metrics.entries[index].type,
        told.phrase != type.phrase
      {
        refuse("is of type \(told) by its birth, and of type \(type) now: its alias may have another meaning")
        wish(message)
        continue
      }
      let value: Double
      switch metric.value.number(type) {
      case .success(let number): value = number
      case .failure(let refusal):
        refuse(refusal.sentence)
        // Of an alias that means something else by now, too.
        if metric.name == nil, case .wrongField = refusal { wish(message) }
        continue
      }
      // What is told afterwards needs a time of its own.
      guard let time = metric.timestamp ?? (metric.isHistorical ? nil : message.wire.timestamp) else {
        refuse(metric.isHistorical ? "is historical and has no time" : "has no time, nor has its payload")
        continue
      }
      guard time <= UInt64(PayloadCodec.latestTimestamp) else {
        refuse("has the time \(time) ms, which is after the year 9999")
        continue
      }
      let milliseconds = Int64(time)
      // Nearly always each is there once.
      let mayBeThere = entities[message.entity].metrics.entries[index].seenIn == payloads
      if mayBeThere, instants.has(index, sensor, at: milliseconds, in: reading.messages) {
        refuse("is there twice for one time; the first value is taken")
        continue
      }
      if isBirth, !isRepetition,
        let earlier = entities[message.entity].metrics.entries[index].told.number(at: milliseconds)
      {
        guard earlier == value else {
          refuse("is \(value), and \(earlier) was told for the same time")
          continue
        }
        reading.repeatedReadings += 1
        continue
      }
      var place = reading.messages.count
      if let found = instants.place(at: milliseconds, in: reading.messages) {
        place = found
        reading.messages[place].values.append(Message.Value(sensor: sensor, value: value))
      } else {
        var next = Message(
          device: device, position: position, timestamp: Timestamp(milliseconds: milliseconds), values: [])
        // Nearly always all metrics of a payload have one time.
        if reading.messages.isEmpty {
          next.values.reserveCapacity(min(message.metrics.count, PayloadCodec.maximumValues))
        }
        next.values.append(Message.Value(sensor: sensor, value: value))
        reading.messages.append(next)
      }
      instants.note(index, at: milliseconds, place: place)
      entities[message.entity].metrics.entries[index].seenIn = payloads
      guard !isRepetition else { continue }
      note(
        ToldReading(
          place: Int32(truncatingIfNeeded: place), metric: Int32(truncatingIfNeeded: index),
          isCurrent: !message.isOvertaken && !metric.isHistorical, number: value, milliseconds: milliseconds))
    }
    if !told.isEmpty { renew(message.entity) }
    return reading
  }

  /// Where a metric stands in its table; nil, with a reason, where nobody knows it.
  private mutating func index(
    of metric: WireMetric, _ place: Int, _ message: SparkplugMessage, _ refused: inout RefusedValues
  ) -> Int? {
    if let bytes = metric.name {
      guard bytes.count <= SparkplugLimits.longestName, let name = String(validating: bytes, as: UTF8.self),
        !name.isEmpty
      else {
        refused.add(
          "metric \(place + 1) has a name that is empty, no UTF-8 or longer than \(SparkplugLimits.longestName) bytes"
        )
        return nil
      }
      if let known = entities[message.entity].metrics.index(ofName: name) { return known }
      guard knownMetrics < SparkplugLimits.maximumKnownMetrics else {
        refused.add("\(name.quoted) is one of more than \(SparkplugLimits.maximumKnownMetrics) metrics")
        return nil
      }
      // Its birth should have named it, or was not seen. Its type holds for this value: only births are known after a restart.
      knownMetrics += 1
      return entities[message.entity].metrics.insert(name, nil)
    }
    guard let alias = metric.alias else {
      refused.add("metric \(place + 1) has neither name nor alias")
      return nil
    }
    if let obstacle = message.obstacle {
      refused.add("the alias \(alias) \(obstacle.sentence)")
      // Of a former life no birth tells any more.
      if obstacle != .formerLife { wish(message) }
      return nil
    }
    guard let known = entities[message.entity].metrics.index(ofAlias: alias) else {
      refused.add("the alias \(alias) \(entities[message.entity].metrics.fault(ofAlias: alias))")
      wish(message)
      return nil
    }
    return known
  }

  /// Why an entity has no device id.
  private func nameless(_ index: Int) -> String {
    let path = entities[index].path
    return settings.deviceNames == .own
      ? "is of \(path.quoted), whose own name another device has, or which is too long for an id"
      : "is of \(path.quoted), which is longer, as a device id, than \(IdentifierRule.maximumLength) characters"
  }
}
