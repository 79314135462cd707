import Telemetry

/// Writes messages by an entry, and reads them by the whole mapping.
struct MappingTrial {
  private let decoder: MappingDecoder

  init(_ mapping: PayloadMapping) { decoder = MappingDecoder(mapping) }

  /// A value as it is compared: bit by bit.
  private struct Reading: Hashable {
    var device: DeviceID
    var position: Message.Position?
    var milliseconds: Int64
    var sensor: SensorID
    var bits: UInt64
  }

  /// 2026-01-01T00:00:00.123Z: no unit but one that has milliseconds gives it back.
  private static let time: Int64 = 1_767_225_600_123
  private static let received = Timestamp(milliseconds: 1)

  /// Whether messages of `device` that have all sensors with a place are read as they were written.
  ///
  /// - Parameter times: How many messages are published together.
  func isRead(_ encoder: EntryEncoder, _ device: DeviceID, times: Int) -> Bool {
    let sensors = encoder.places.keys.sorted()
    let hasPosition = encoder.entry.epoch != nil
    var messages: [Message] = []
    for number in 0..<times {
      let values = sensors.enumerated().map { place, sensor in
        Message.Value(sensor: sensor, value: Double(place * times + number) + 0.25)
      }
      messages.append(
        Message(
          device: device, position: hasPosition ? .init(epoch: 1, sequence: 7 + Int64(number)) : nil,
          timestamp: Timestamp(milliseconds: Self.time + 1001 * Int64(number)), values: values))
    }
    guard let publications = encoder.publications(of: messages) else { return false }
    return isRead(publications, as: messages, hasTime: !encoder.entry.time.isArrival)
  }

  /// Whether `publications` are read as `messages`, each value once.
  func isRead(_ publications: [MappedPublication], as messages: [Message], hasTime: Bool) -> Bool {
    var decoder = decoder
    var read: [Message] = []
    for publication in publications {
      let outcome = Array(publication.topic.utf8).withUnsafeBufferPointer { topic in
        publication.payload.withUnsafeBufferPointer { payload in
          try? decoder.decode(topic: topic, payload: payload, received: Self.received, into: &read)
        }
      }
      guard case .messages(let refused)? = outcome, refused.count == 0 else { return false }
    }
    let found = readings(read, hasTime: true)
    let wanted = Set(readings(messages, hasTime: hasTime))
    return found.count == wanted.count && Set(found) == wanted
  }

  private func readings(_ messages: [Message], hasTime: Bool) -> [Reading] {
    messages.flatMap { message in
      message.values.map {
        Reading(
          device: message.device, position: message.position,
          milliseconds: (hasTime ? message.timestamp : Self.received).milliseconds, sensor: $0.sensor,
          bits: $0.value.bitPattern)
      }
    }
  }
}
