import PayloadMapping
import Telemetry

/// What is published of messages, read back: a line a value, with its bits.
func readBack(
  _ publications: [MappedPublication], by mapping: PayloadMapping, received: Int64 = 5
) -> [String] {
  var decoder = MappingDecoder(mapping)
  var messages: [Message] = []
  for publication in publications {
    let outcome = Array(publication.topic.utf8).withUnsafeBufferPointer { topic in
      publication.payload.withUnsafeBufferPointer { payload in
        try? decoder.decode(
          topic: topic, payload: payload, received: Timestamp(milliseconds: received), into: &messages)
      }
    }
    guard case .messages(let refused)? = outcome, refused.count == 0 else { return ["not taken"] }
  }
  return lines(messages)
}

/// The same of messages.
func lines(_ messages: [Message], arrival: Int64? = nil) -> [String] {
  messages.flatMap { message in
    message.values.map {
      let position = message.position.map { "#\($0.epoch).\($0.sequence)" } ?? ""
      return
        "\(message.device)@\(arrival ?? message.timestamp.milliseconds)\(position) \($0.sensor) \($0.value.bitPattern)"
    }
  }.sorted()
}

/// Messages of a device, one after the other, with values that are hard to write.
func hardMessages(
  _ device: DeviceID, _ sensors: [SensorID], count: Int, hasPosition: Bool, _ random: inout SeededGenerator
) -> [Message] {
  let hard: [Double] = [
    -0.0, 0, .leastNonzeroMagnitude, -.leastNormalMagnitude, .greatestFiniteMagnitude, -1e300, 1, -7,
    9_007_199_254_740_992,
    0.1, 1e21, 1e-7, 123_456.789,
  ]
  var time = 1_767_225_600_000 + Int64(random.next() % 1_000_000_000)
  return (0..<count).map { number in
    time += 1 + Int64(random.next() % 5000)
    var values = sensors.map { sensor in
      let isHard = random.next() % 2 == 0
      let value = isHard ? hard[Int(random.next() % UInt64(hard.count))] : Double(bitPattern: random.next())
      return Message.Value(sensor: sensor, value: value.isFinite ? value : 1)
    }
    // Sensors drop out.
    values = values.enumerated().filter { $0.offset == 0 || random.next() % 4 > 0 }.map(\.element)
    return Message(
      device: device, position: hasPosition ? .init(epoch: 1, sequence: Int64(number)) : nil,
      timestamp: Timestamp(milliseconds: time), values: values)
  }
}

func sensorIDs(_ names: [String]) -> [SensorID] { names.compactMap { SensorID($0) } }

/// Why a mapping cannot be published by; nil where it can.
func refusal(_ mapping: PayloadMapping, _ device: DeviceID, _ sensors: [SensorID]) -> String? {
  do throws(EncodingProblem) {
    _ = try MappingEncoder(mapping, devices: [device], sensors: sensors)
    return nil
  } catch {
    return error.reason
  }
}
