import Discovery
import PayloadMapping
import Telemetry

/// What devices send, made up, and the readings that are in it.
struct Plant {
  struct Sent {
    var topic: String
    var payload: [UInt8]
    var arrival: Timestamp
    var isRetained: Bool
  }

  struct Reading: Hashable, Comparable {
    var device: String
    var sensor: String
    var milliseconds: Int64
    var value: Double

    static func < (a: Reading, b: Reading) -> Bool {
      (a.device, a.sensor, a.milliseconds, a.value) < (b.device, b.sensor, b.milliseconds, b.value)
    }
  }

  private(set) var sent: [Sent] = []
  /// Those that a right mapping takes.
  private(set) var readings: [Reading] = []

  /// 2026-03-02T08:15:30Z.
  static let start = Timestamp(milliseconds: 1_772_439_330_000)

  mutating func send(_ topic: String, _ payload: String, at arrival: Timestamp, isRetained: Bool = false) {
    send(topic, Array(payload.utf8), at: arrival, isRetained: isRetained)
  }

  mutating func send(_ topic: String, _ payload: [UInt8], at arrival: Timestamp, isRetained: Bool = false) {
    sent.append(Sent(topic: topic, payload: payload, arrival: arrival, isRetained: isRetained))
  }

  mutating func expect(_ device: String, _ sensor: String, _ time: Timestamp, _ value: Double) {
    readings.append(Reading(device: device, sensor: sensor, milliseconds: time.milliseconds, value: value))
  }

  /// What a survey of it says.
  func surveyed(presets: [PayloadMapping] = []) -> PlantSurvey {
    PlantSurvey(survey(), heardFor: .seconds(60), presets: presets)
  }

  func survey() -> TopicSurvey {
    var survey = TopicSurvey()
    for one in sent {
      survey.take(topic: one.topic, payload: one.payload, arrival: one.arrival, isRetained: one.isRetained)
    }
    return survey
  }

  /// What `mapping` takes of it, sorted, and why it does not take the rest.
  func decoded(by mapping: PayloadMapping) -> (readings: [Reading], reasons: [String]) {
    var decoder = MappingDecoder(mapping)
    var readings: [Reading] = []
    var reasons: [String] = []
    let patterns = mapping.messages.flatMap(\.topics)
    for one in sent where patterns.contains(where: { $0.match(one.topic) != nil }) {
      var messages: [Message] = []
      let topic = Array(one.topic.utf8)
      do throws(PayloadError) {
        let outcome = try topic.withUnsafeBufferPointer { topic throws(PayloadError) in
          try one.payload.withUnsafeBufferPointer { payload throws(PayloadError) in
            try decoder.decode(topic: topic, payload: payload, received: one.arrival, into: &messages)
          }
        }
        if case .messages(let refused) = outcome { reasons += refused.reasons }
      } catch {
        reasons.append(error.description)
      }
      for message in messages {
        for value in message.values {
          readings.append(
            Reading(
              device: message.device.name, sensor: value.sensor.name,
              milliseconds: message.timestamp.milliseconds, value: value.value))
        }
      }
    }
    return (readings.sorted(), reasons)
  }
}
