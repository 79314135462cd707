import PayloadMapping
import Telemetry

/// Tries a mapping on messages, without storing anything: what `sonde payload test` shows.
package struct PayloadTrial {
  private var decoder: MappingDecoder

  /// - Parameter mapping: One without problems.
  package init(_ mapping: PayloadMapping) { decoder = MappingDecoder(mapping) }

  /// What would become of a message.
  package mutating func outcome(topic: String, payload: [UInt8], arrival: Timestamp) -> PayloadOutcome {
    var outcome = PayloadOutcome()
    var messages: [Message] = []
    let topic = Array(topic.utf8)
    do throws(PayloadError) {
      let found = try topic.withUnsafeBufferPointer { topic throws(PayloadError) in
        try payload.withUnsafeBufferPointer { payload throws(PayloadError) in
          try decoder.decode(topic: topic, payload: payload, received: arrival, into: &messages)
        }
      }
      switch found {
      case .ignored: outcome.isNothing = true
      case .messages(let refused):
        outcome.refused = refused.reasons
        outcome.refusedCount = refused.count
      }
    } catch {
      outcome.rejection = error.description
      return outcome
    }
    outcome.readings = messages.flatMap { message in
      message.values.map {
        PayloadOutcome.Reading(
          device: message.device, position: message.position, timestamp: message.timestamp, sensor: $0.sensor,
          value: $0.value)
      }
    }
    return outcome
  }
}

/// What a mapping makes of one message.
package struct PayloadOutcome: Hashable, Sendable {
  package struct Reading: Hashable, Sendable {
    package var device: DeviceID
    package var position: Message.Position?
    package var timestamp: Timestamp
    package var sensor: SensorID
    package var value: Double
  }

  package var readings: [Reading] = []
  /// Why values and records are not taken, of the first of them.
  package var refused: [String] = []
  /// How many values and records are not taken.
  package var refusedCount = 0
  /// Why nothing of the message is taken; nil where something is, or it is none of the mapping's.
  package var rejection: String?
  /// Whether the mapping says that the message is none of its own.
  package var isNothing = false
}
