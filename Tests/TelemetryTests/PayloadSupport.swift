import Foundation
import Telemetry

/// What a decoder made of some bytes.
func outcome(_ decode: (UnsafeBufferPointer<UInt8>) throws(PayloadError) -> Message, _ bytes: [UInt8])
  -> Result<Message, PayloadError>
{
  bytes.withUnsafeBufferPointer { buffer in
    do throws(PayloadError) { return .success(try decode(buffer)) } catch { return .failure(error) }
  }
}

/// What the scanner makes of them, with the reader of all JSON behind it.
func decode(_ bytes: [UInt8], of device: DeviceID? = nil) -> Result<Message, PayloadError> {
  outcome({ buffer throws(PayloadError) in try PayloadCodec.decode(buffer, topicDevice: device) }, bytes)
}

/// What the reader of all JSON makes of them.
func oracle(_ bytes: [UInt8]) -> Result<Message, PayloadError> {
  outcome(
    { buffer throws(PayloadError) in
      var refused = RefusedValues()
      return try PayloadCodec.decodeAnyJSON(buffer, refused: &refused)
    }, bytes)
}

/// A message, and what of its payload was not taken.
struct DecodedPayload: Equatable {
  var messages: [Message] = []
  var refused = RefusedValues()
}

/// All that ingestion reads from a payload of `device`.
func decodeAll(_ text: String, of device: String? = nil, received: Int64 = 1_767_225_600_000) throws
  -> DecodedPayload
{
  var decoded = DecodedPayload()
  try Array(text.utf8).withUnsafeBufferPointer {
    decoded.refused = try PayloadCodec.decodeAll(
      $0, topicDevice: device.flatMap { DeviceID($0) }, received: Timestamp(milliseconds: received)
    ) { decoded.messages.append($0) }
  }
  return decoded
}

func randomMessage(_ random: inout SeededGenerator) -> Message {
  let names = ["a", "b.c", "temperature", "vibration_rms", "x-1"]
  var values: [Message.Value] = []
  for name in names where random.index(below: 2) == 0 || values.isEmpty && name == names.last {
    let value: Double =
      switch random.index(below: 5) {
      case 0: Double(bitPattern: random.next())
      case 1: (random.uniform(in: -1e4...1e4) * 1000).rounded() / 1000
      case 2: Double(random.index(below: 1000))
      case 3: -random.uniform() * 1e-12
      default: random.uniform(in: -1e18...1e18)
      }
    values.append(.init(sensor: SensorID(name)!, value: value.isFinite ? value : 0))
  }
  return Message(
    device: DeviceID("pump-\(random.index(below: 10_000))")!,
    position: random.index(below: 4) == 0
      ? nil : .init(epoch: Int64(random.index(below: 9)), sequence: Int64(random.index(below: 1 << 40))),
    timestamp: Timestamp(milliseconds: Int64(random.index(below: 4_000_000_000_000))), values: values)
}
