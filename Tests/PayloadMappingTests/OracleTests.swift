import PayloadMapping
import Telemetry
import Testing

/// The compiled plan against a tree: random documents and random mappings.
struct OracleTests {
  @Test(.timeLimit(.minutes(30)), arguments: 0..<40) func planAndTreeAgree(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed, stream: "mapping oracle")
    for _ in 0..<40 {
      let oracle = RandomMapping.entry(&random)
      let mapping = PayloadMapping(name: "m", messages: [try RandomMapping.mapping(oracle)])
      #expect(mapping.problems.isEmpty)
      // One decoder for all: what it has learned of one document must not change the next.
      var decoder = MappingDecoder(mapping)
      for _ in 0..<20 {
        let document = RandomMapping.document(&random, depth: 0)
        var text = ""
        RandomMapping.write(document, &random, into: &text)
        let reading = Reading(&decoder, "t/d", text.utf8)
        let expected = MappingOracle(oracle).answer(document)
        var refused = reading.refused.count
        switch reading.error {
        case nil: #expect(!expected.messages.isEmpty)
        case .noSoundValue(let values): refused = values.count
        case .noValues: #expect(expected.messages.isEmpty && expected.refused == 0)
        case let error: Issue.record("seed \(seed): \(error.map(\.description) ?? "") \(text)")
        }
        #expect(
          reading.messages == expected.messages && refused == expected.refused,
          "seed \(seed): \(text)\n\(oracle)\nfound \(reading)\nexpected \(expected)")
        guard reading.messages == expected.messages, refused == expected.refused else { return }
      }
    }
  }

  /// The oracle finds a plan that is wrong in the smallest way.
  @Test func theOracleFindsDamage() throws {
    let oracle = OracleEntry(
      records: nil, device: [.key("id")], time: [.key("ts")],
      values: [.init(path: [], texts: .refuse, booleans: .refuse, lists: .refuse)], leaveOut: [])
    let document = OracleValue.object([
      ("id", .text("d")), ("ts", .number(7, "7")),
      ("a", .object([("b", .number(1, "1")), ("c", .number(2, "2"))])),
    ])
    let expected = MappingOracle(oracle).answer(document)
    #expect(expected == .init(messages: ["d@7:a.b=1.0,a.c=2.0"], refused: 0))
    var entry = try RandomMapping.mapping(oracle)
    let text = #"{"id":"d","ts":7,"a":{"b":1,"c":2}}"#
    #expect(read(entry, "t/d", text).messages == expected.messages)
    entry.leaveOut = [try PayloadPath("a.c")]
    #expect(read(entry, "t/d", text).messages != expected.messages)
    entry.leaveOut = []
    entry.separator = "_"
    #expect(read(entry, "t/d", text).messages != expected.messages)
  }
}

/// Mappings and documents that meet: few names, so that paths often lead somewhere.
enum RandomMapping {
  private static let names = ["a", "b", "ts", "id", "0", "1", "a.b", "x y", "ё"]

  static func entry(_ random: inout SeededGenerator) -> OracleEntry {
    let isSplit = random.next() % 2 == 0
    return OracleEntry(
      records: isSplit ? path(&random, atLeast: 1) : nil, device: [.key("id")], time: [.key("ts")],
      values: (0..<Int(random.next() % 3) + 1).map { _ in
        .init(
          path: random.next() % 4 == 0 ? [] : path(&random, atLeast: 0),
          texts: MessageMapping.TextPolicy.allCases[Int(random.next() % 4)],
          booleans: MessageMapping.BooleanPolicy.allCases[Int(random.next() % 3)],
          lists: MessageMapping.ListPolicy.allCases[Int(random.next() % 3)])
      }, leaveOut: (0..<Int(random.next() % 2)).map { _ in path(&random, atLeast: 1) })
  }

  private static func path(_ random: inout SeededGenerator, atLeast least: Int) -> [OraclePart] {
    (0..<least + Int(random.next() % 3)).map { _ in
      switch random.next() % 8 {
      case 0, 1: .any
      case 2: .deep
      case 3: .prefix("a")
      default: .key(names[Int(random.next() % UInt64(names.count))])
      }
    }
  }

  /// The same for the decoder.
  static func mapping(_ oracle: OracleEntry) throws -> MessageMapping {
    func path(_ parts: [OraclePart]) throws -> PayloadPath {
      try PayloadPath(
        parts.map { part in
          switch part {
          case .key(let name): "/" + name
          case .prefix(let prefix): "/" + prefix + "*"
          case .any: "/*"
          case .deep: "/**"
          }
        }.joined())
    }
    return try makeEntry {
      $0.records = try oracle.records.map(path)
      $0.names = [.init(name: "id", paths: [try path(oracle.device)])]
      $0.device = try NameTemplate("{id}")
      $0.time = MappedTime(paths: [try path(oracle.time)], unit: .milliseconds)
      $0.values = try oracle.values.map {
        var values = MessageMapping.Values(path: try path($0.path))
        values.texts = $0.texts
        values.booleans = $0.booleans
        values.lists = $0.lists
        return values
      }
      $0.leaveOut = try oracle.leaveOut.map(path)
      $0.enumeration = [.init(text: "ON", number: 1)]
    }
  }

  static func document(_ random: inout SeededGenerator, depth: Int) -> OracleValue {
    switch depth < 4 ? random.next() % (depth == 0 ? 2 : 12) : 4 + random.next() % 8 {
    case 0, 2:
      var members = (0..<Int(random.next() % 6)).map { _ in
        (names[Int(random.next() % UInt64(names.count))], document(&random, depth: depth + 1))
      }
      if random.next() % 4 > 0 { members.append(("id", .text(["d", "e"][Int(random.next() % 2)]))) }
      if random.next() % 4 > 0 { members.append(("ts", .number(7, "7"))) }
      members.shuffle(using: &random)
      return .object(members)
    case 1, 3: return .list((0..<Int(random.next() % 4)).map { _ in document(&random, depth: depth + 1) })
    case 4: return .null
    case 5: return .boolean(random.next() % 2 == 0)
    case 6: return .text(["ON", "21.5", "-3e2", "1e999", "off", "ё\n\"", ""][Int(random.next() % 7)])
    case 7: return .notFinite("NaN")
    case 8: return .number(.infinity, "1e999")
    default:
      let number = [0, 1, -2.5, 21.37, 1e-3, 123_456_789_012_345_680][Int(random.next() % 6)]
      return .number(number, "\(number)")
    }
  }

  /// Writes JSON with the freedoms that it has.
  static func write(_ value: OracleValue, _ random: inout SeededGenerator, into text: inout String) {
    func space() { text += ["", "", " ", "\n\t"][Int(random.next() % 4)] }
    func quote(_ string: String) {
      text += "\""
      for scalar in string.unicodeScalars {
        if scalar == "\"" || scalar == "\n" || random.next() % 9 == 0 {
          let digits = String(scalar.value, radix: 16)
          text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          text.unicodeScalars.append(scalar)
        }
      }
      text += "\""
    }
    space()
    switch value {
    case .null: text += "null"
    case .boolean(let isTrue): text += "\(isTrue)"
    case .number(_, let digits): text += digits
    case .notFinite(let word): text += word
    case .text(let string): quote(string)
    case .list(let elements):
      text += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { text += "," }
        write(element, &random, into: &text)
      }
      text += "]"
    case .object(let members):
      text += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { text += "," }
        space()
        quote(member.0)
        space()
        text += ":"
        write(member.1, &random, into: &text)
      }
      text += "}"
    }
    space()
  }
}
