import Foundation
import Telemetry
import Testing

@Suite struct PayloadCodecTests {
  @Test func theContractsExampleIsReadAndWritten() throws {
    let text =
      #"{"device":"pump-0007","epoch":1,"seq":4711,"ts":1767225600000,"values":{"temperature":21.37,"vibration":0.021}}"#
    let message = try decode(Array(text.utf8)).get()
    #expect(message.device.name == "pump-0007")
    #expect(message.position == .init(epoch: 1, sequence: 4711))
    #expect(message.timestamp.description == "2026-01-01T00:00:00.000Z")
    #expect(message.values.map(\.value) == [21.37, 0.021])
    var encoded: [UInt8] = []
    PayloadCodec.encode(message, into: &encoded)
    #expect(String(decoding: encoded, as: UTF8.self) == text)
  }

  @Test(arguments: 0..<200) func whatIsWrittenIsReadBackBitForBit(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed, stream: "payload")
    for _ in 0..<20 {
      let message = randomMessage(&random)
      var bytes: [UInt8] = []
      PayloadCodec.encode(message, into: &bytes)
      let read = try decode(bytes).get()
      #expect(read.values.map(\.value.bitPattern) == message.values.map(\.value.bitPattern), "seed \(seed)")
      #expect(read == message, "seed \(seed)")
      #expect(oracle(bytes) == .success(message), "seed \(seed)")
    }
  }

  /// Broken, cut and changed payloads: the scanner and the reader of all JSON accept the same bytes and read the same from them.
  @Test(arguments: 0..<300) func theScannerAgreesWithTheReaderOfAllJSON(seed: UInt64) {
    var random = SeededGenerator(seed: seed, stream: "mutation")
    var bytes: [UInt8] = []
    PayloadCodec.encode(randomMessage(&random), into: &bytes)
    for _ in 0..<20 {
      var mutated = bytes
      for _ in 0...random.index(below: 3) {
        let place = random.index(below: mutated.count)
        switch random.index(below: 4) {
        case 0: mutated[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: mutated.remove(at: place)
        case 2: mutated.insert(Array("0123456789.eE+-\"{}:, ".utf8)[random.index(below: 21)], at: place)
        default: mutated = Array(mutated[..<max(1, place)])
        }
      }
      #expect(decode(mutated) == oracle(mutated), "seed \(seed): \(String(decoding: mutated, as: UTF8.self))")
    }
  }

  @Test(arguments: [
    #" { "ts" : 5, "values" : { "a" : 1 }, "device" : "d" } "#,
    #"{"device":"d","ts":5,"values":{"a":1},"more":[1,2]}"#,
    #"{"device":"d","ts":5,"values":{"a":1e0}}"#, #"{"device":"\u0064","ts":5,"values":{"a":1.0}}"#,
  ])
  func otherSpellingsOfJSONAreReadToo(text: String) throws {
    let message = try decode(Array(text.utf8)).get()
    #expect(message.device.name == "d" && message.position == nil && message.values[0].value == 1)
  }

  @Test func aTopicOfAnotherDeviceIsRefused() {
    let bytes = Array(#"{"device":"d","ts":5,"values":{"a":1}}"#.utf8)
    let result = outcome(
      { buffer throws(PayloadError) in try PayloadCodec.decode(buffer, topicDevice: DeviceID("e")) }, bytes)
    #expect(result == .failure(.otherDevice(payload: "d", topic: "e")))
  }
}
