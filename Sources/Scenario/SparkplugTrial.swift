import Sparkplug
import Telemetry

/// Tries whether ingestion reads what a fleet publishes as Sparkplug B: births first, then data.
struct SparkplugTrial {
  let settings: SparkplugSettings
  let group: String
  let node: String
  let device: String
  let sensors: [SensorID]

  /// Appends the messages that ingestion reads when `sent` is published, without their positions, and returns what it refuses. Throws
  /// ``PayloadError`` where it reads nothing.
  func read(_ sent: [Message], into messages: inout [Message]) throws(PayloadError) -> RefusedValues {
    var publisher = SparkplugNode(
      group: group, name: node, devices: [(name: device, sensors: sensors)], firstConnection: 0)
    let time = sent.last?.timestamp.milliseconds ?? 0
    var state = SparkplugState(settings)
    for birth in publisher.connect(at: time).births {
      _ = try read(birth.topic, birth.payload, &state)
    }
    var payload: [UInt8] = []
    publisher.append(sent, ofDeviceAt: 0, at: time, into: &payload)
    let reading = try read(publisher.devices[0].topic, payload, &state)
    messages += reading.messages.map { message in
      var message = message
      message.position = nil
      message.values.sort { $0.sensor < $1.sensor }
      return message
    }
    return reading.refused
  }

  private func read(_ topic: String, _ payload: [UInt8], _ state: inout SparkplugState) throws(PayloadError)
    -> SparkplugReading
  {
    let topic = Array(topic.utf8)
    return try topic.withUnsafeBufferPointer { topic throws(PayloadError) in
      try payload.withUnsafeBufferPointer { payload throws(PayloadError) in
        try state.read(topic, payload, receivedMs: 0)
      }
    }
  }
}
