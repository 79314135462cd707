import Foundation
import Telemetry
import Testing

/// A mutational fuzzer of payloads and topics. A test run makes a bounded number of rounds from fixed seeds;
/// `SONDE_FUZZ_ROUNDS` makes more, from a seed that is printed, and `SONDE_FUZZ_SEED` repeats one.
@Suite struct PayloadFuzzTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let rounds = environment["SONDE_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 2000
  private static let seeds: [UInt64] = {
    if let seed = environment["SONDE_FUZZ_SEED"].flatMap({ UInt64($0) }) { return [seed] }
    return environment["SONDE_FUZZ_ROUNDS"] == nil ? Array(0..<8) : [UInt64.random(in: 0..<1 << 53)]
  }()

  /// Pieces of which payloads, good and bad, are made.
  private static let pieces: [String] = [
    "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0041", "\\ud800", "\\n", " ", "\t", "\r\n", "\u{0}", "ä",
    "😀", "null",
    "true", "false", "0", "-0", "00", "-", "+1", "1.", ".5", "1e5", "1E-400", "1e400", "NaN", "Infinity",
    "0x1F",
    "9007199254740993", "9223372036854775807", "9223372036854775808", "999999999999999999999",
    "123456789012345.6", "1.7976931348623157e308", "4.9e-324", "0.1000000000000000055511151231257827",
    "\"device\":", "\"epoch\":1,", "\"seq\":", "\"ts\":", "\"values\":{", "\"a\":1", "\"a\":1,\"a\":2",
    "\"\":1",
    "\"bn\":\"d\"", "\"n\":\"a\"", "\"t\":1e9", "\"v\":1",
  ]

  private func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
    func place() -> Int { random.index(below: bytes.count + 1) }
    switch random.index(below: 7) {
    case 0 where !bytes.isEmpty:
      bytes[random.index(below: bytes.count)] = UInt8(truncatingIfNeeded: random.next())
    case 1 where !bytes.isEmpty: bytes[random.index(below: bytes.count)] ^= 1 << UInt8(random.index(below: 8))
    case 2 where !bytes.isEmpty:
      let from = random.index(below: bytes.count)
      bytes.removeSubrange(from..<min(bytes.count, from + 1 + random.index(below: 12)))
    case 3: bytes.insert(contentsOf: Self.pieces[random.index(below: Self.pieces.count)].utf8, at: place())
    case 4 where !bytes.isEmpty:
      let from = random.index(below: bytes.count)
      let part = Array(bytes[from..<min(bytes.count, from + 1 + random.index(below: 30))])
      bytes.insert(contentsOf: part, at: place())
    case 5: bytes = Array(bytes.prefix(place()))
    default:
      for _ in 0...random.index(below: 4) {
        bytes.insert(UInt8(0x20 + random.index(below: 0x5F)), at: place())
      }
    }
  }

  /// What Foundation is asked for.
  private struct FoundationMessage: Decodable {
    var device: String
    var values: [String: Double?]
  }

  /// The values that were not taken, by the scanner with the reader of all JSON behind it, or by the latter alone.
  private func refused(_ bytes: [UInt8], scanning: Bool) -> RefusedValues {
    var refused = RefusedValues()
    bytes.withUnsafeBufferPointer { buffer in
      if scanning {
        _ = try? PayloadCodec.decode(buffer, topicDevice: nil, refused: &refused)
      } else {
        _ = try? PayloadCodec.decodeAnyJSON(buffer, refused: &refused)
      }
    }
    return refused
  }

  /// The scanner and the reader of all JSON accept the same bytes, read the same from them to the bit, and refuse with the same
  /// words. Foundation reads the same, but for what it is lax about.
  @Test(arguments: seeds) func theScannerIsEqualToTheReaderOfAllJSON(seed: UInt64) {
    print("payload fuzzer: seed \(seed), \(Self.rounds) rounds")
    var random = SeededGenerator(seed: seed, stream: "fuzz")
    var pool: [[UInt8]] = []
    var accepted = 0
    for round in 0..<Self.rounds {
      var bytes: [UInt8] = []
      if pool.isEmpty || random.index(below: 3) == 0 {
        PayloadCodec.encode(randomMessage(&random), into: &bytes)
      } else {
        bytes = pool[random.index(below: pool.count)]
      }
      for _ in 0..<random.index(below: 4) { mutate(&bytes, &random) }
      let expected = oracle(bytes)
      let scanned = decode(bytes)
      let text = { "seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self))" }
      #expect(scanned == expected, "\(text())")
      #expect(refused(bytes, scanning: true) == refused(bytes, scanning: false), "\(text())")
      guard case .success(let message) = expected else { continue }
      if refused(bytes, scanning: false).count == 0, bytes.first != 0xEF {
        guard let foundation = try? JSONDecoder().decode(FoundationMessage.self, from: Data(bytes)) else {
          // Numbers too small for a double, which become 0, are none to Foundation; nor are NaN and Infinity behind other keys.
          #expect(["e-", "nan", "inf"].contains { text().lowercased().contains($0) }, "\(text())")
          continue
        }
        #expect(foundation.device == message.device.name, "\(text())")
        #expect(
          foundation.values.compactMapValues { $0 }
            == Dictionary(uniqueKeysWithValues: message.values.map { ($0.sensor.name, $0.value) }),
          "\(text())")
      }
      // What was accepted is a seed for more: so mutations pile up.
      accepted += 1
      if pool.count < 256 { pool.append(bytes) } else { pool[random.index(below: 256)] = bytes }
      guard case .success(let read) = scanned else { continue }
      #expect(read.values.map(\.value.bitPattern) == message.values.map(\.value.bitPattern), "\(text())")
      // The topic's device is a shortcut to the same name, and a check.
      #expect(decode(bytes, of: message.device) == expected, "\(text())")
      #expect(
        decode(bytes, of: DeviceID("other-device"))
          == .failure(
            .otherDevice(payload: message.device.name, topic: "other-device")), "\(text())")
    }
    #expect(accepted > Self.rounds / 10)
  }

  /// Whatever a topic and a payload are, SenML or not: they are read or refused, and what is read keeps its promises.
  @Test(arguments: seeds) func whateverComesIsReadOrRefused(seed: UInt64) {
    var random = SeededGenerator(seed: seed, stream: "fuzz-any")
    var cache = TopicCache()
    for round in 0..<Self.rounds {
      var topic = Array("devices/pump-1/telemetry".utf8)
      for _ in 0..<random.index(below: 3) { mutate(&topic, &random) }
      var payload = Array(#"[{"bn":"pump-1:","bt":1.7e9,"n":"a","v":1},{"n":"b","t":1,"v":2.5}]"#.utf8)
      for _ in 0..<random.index(below: 4) { mutate(&payload, &random) }
      let device = topic.withUnsafeBufferPointer { cache.device(in: $0) }
      #expect(device == TelemetryTopic.device(in: String(decoding: topic, as: UTF8.self)))
      var messages: [Message] = []
      payload.withUnsafeBufferPointer { buffer in
        do throws(PayloadError) {
          let refused = try PayloadCodec.decodeAll(
            buffer, topicDevice: device, received: Timestamp(milliseconds: 1_800_000_000_000)
          ) {
            messages.append($0)
          }
          #expect(refused.reasonText.utf8.count < 4096 && refused.reasons.count <= refused.count)
        } catch {
          #expect(error.description.utf8.count < 4096, "seed \(seed), round \(round)")
          #expect(!error.description.isEmpty && messages.isEmpty, "seed \(seed), round \(round)")
        }
      }
      for message in messages {
        #expect(!message.values.isEmpty, "seed \(seed), round \(round)")
        #expect(message.values.allSatisfy { $0.value.isFinite }, "seed \(seed), round \(round)")
        #expect(
          Set(message.values.map(\.sensor)).count == message.values.count, "seed \(seed), round \(round)")
        #expect(
          (0...253_402_300_799_999).contains(message.timestamp.milliseconds), "seed \(seed), round \(round)")
      }
    }
  }
}
