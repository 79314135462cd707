import PayloadMapping
import Telemetry
import Testing

/// Whatever is a mapping and whatever comes: no crash, and what is JSON is told from what is none as the canonical decoder does.
struct FuzzTests {
  @Test(.timeLimit(.minutes(30)), arguments: 0..<30) func anything(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed, stream: "mapping fuzz")
    for _ in 0..<40 {
      var entry = try RandomMapping.mapping(RandomMapping.entry(&random))
      entry.format = MessageMapping.Format.allCases[random.index(below: 3)]
      if random.index(below: 2) == 0 { entry.time = .arrival }
      if random.index(below: 2) == 0 { entry.device = try NameTemplate("{device}[/{id}]") }
      if random.index(below: 3) == 0 {
        entry.conditions = [.init(path: try PayloadPath("**.ts"), text: "*7*")]
      }
      // One with problems is never used; it must not bring a program down all the same.
      var decoder = MappingDecoder(PayloadMapping(name: "m", messages: [entry]))
      for _ in 0..<30 {
        let payload = self.payload(&random)
        let reading = Reading(&decoder, "t/d", payload)
        guard entry.format == .json, !payload.isEmpty else { continue }
        let fault = payload.withUnsafeBufferPointer { PayloadCodec.fault(in: $0) }
        if let fault, payload != [0xEF, 0xBB, 0xBF] {
          #expect(reading.error == fault, "seed \(seed): \(String(decoding: payload, as: UTF8.self))")
        } else if case .notUTF8 = reading.error {
          Issue.record("seed \(seed): \(payload)")
        }
      }
    }
  }

  /// Numbers at the ends of what 64 bits hold, as a time, a number of a message and a value, written as number and as text.
  @Test(.timeLimit(.minutes(30)), arguments: MappedTime.Unit.allCases) func numbersAtTheEnds(
    unit: MappedTime.Unit
  ) throws {
    let entry = try makeEntry {
      $0.time = try MappedTime("t", unit)
      $0.epoch = try PayloadPath("e")
      $0.sequence = try PayloadPath("s")
      $0.texts = .number
    }
    var lines = try makeEntry {
      $0.time = try MappedTime("timestamp", unit)
      $0.values = [.init(path: try PayloadPath("fields"))]
    }
    lines.format = .lineProtocol
    let sound = #""2026-01-01""#
    let time = unit == .iso8601 || unit == .auto ? sound : "1"
    #expect(read(entry, "t/d", "{\"t\":\(time),\"e\":1,\"s\":2,\"x\":3}").messages.count == 1)
    for number in Self.numbersAtTheEnds {
      for written in [number, "\"\(number)\""] {
        for member in ["t", "e", "s", "x"] {
          let members = ["t", "e", "s", "x"].map {
            "\"\($0)\":\($0 == member ? written : $0 == "t" ? time : "1")"
          }
          let reading = read(entry, "t/d", "{\(members.joined(separator: ","))}")
          // What is taken has a time that a store can hold; everything else has its reason.
          #expect(reading.messages.isEmpty == (reading.error != nil), "\(member): \(written)")
          for message in reading.messages { #expect(!message.contains("@-"), "\(message)") }
        }
      }
      let reading = read(lines, "t/d", "m x=\(number) \(number)\nm x=\(number)i 7\nm x=\(number)u")
      #expect(reading.messages.isEmpty == (reading.error != nil), "\(number)")
    }
  }

  static let numbersAtTheEnds: [String] = {
    let ends = [
      "\(Int64.min)", "\(Int64.max)", "\(UInt64.max)", "-9223372036854775809", "\(Int32.min)", "400", "-400",
    ]
    return ends + ends.flatMap { end in ["0", "1", "1.5", "-1"].map { "\($0)e\(end)" } }
      + ends.map { "1E+\($0)" }
  }()

  @Test(arguments: [0, 62, 63, 64, 200]) func nesting(depth: Int) throws {
    for (entry, isSound) in [
      (try makeEntry("{device}"), true),
      (try makeEntry("{device}") { $0.values = [.init(path: try PayloadPath("z"))] }, false),
    ] {
      let payload = String(repeating: "{\"a\":", count: depth) + "1" + String(repeating: "}", count: depth)
      let reading = read(entry, "d", payload)
      if depth > 64 {
        #expect(reading.error?.description.contains("nesting beyond 64 levels") == true)
      } else if depth == 0 {
        #expect(reading.messages.isEmpty)
      } else {
        // A name of 33 keys and more is too long for an id.
        #expect(isSound ? (reading.error != .noValues) : (reading.error == .noValues))
      }
    }
  }

  private func payload(_ random: inout SeededGenerator) -> [UInt8] {
    if random.index(below: 6) == 0 {
      return (0..<random.index(below: 60)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }
    var text = ""
    RandomMapping.write(RandomMapping.document(&random, depth: 0), &random, into: &text)
    if random.index(below: 4) == 0 {
      let number = Self.numbersAtTheEnds[random.index(below: Self.numbersAtTheEnds.count)]
      let written = random.index(below: 2) == 0 ? number : "\"\(number)\""
      text = "{\"ts\":\(written),\"id\":\"d\",\"a\":\(text)}"
    }
    var bytes = Array(text.utf8)
    if random.index(below: 8) == 0 { bytes = [0xEF, 0xBB, 0xBF] + bytes }
    for _ in 0..<random.index(below: 3) where !bytes.isEmpty {
      let place = random.index(below: bytes.count)
      switch random.index(below: 3) {
      case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
      case 1: bytes.remove(at: place)
      default: bytes.insert(bytes[random.index(below: bytes.count)], at: place)
      }
    }
    return bytes
  }
}
