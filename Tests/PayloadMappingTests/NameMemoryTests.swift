import PayloadMapping
import Telemetry
import Testing

/// Names that are made of members of the payload: what a decoder remembers of them changes nothing.
struct NameMemoryTests {
  private struct Sample {
    var device: String
    var time: Int64
    /// As JSON, and the name that it gives; nil where it is left out, or gives none.
    var measurement: (json: String, name: String?)?
    var part: (json: String, name: String?)?
    var values: [(name: String, value: Int)]
  }

  private func mapping() throws -> PayloadMapping {
    PayloadMapping(
      name: "m",
      messages: [
        try makeEntry("t/{hall}") {
          $0.records = try PayloadPath("*")
          $0.names = [
            .init(name: "id", paths: [try PayloadPath("d")]),
            .init(name: "measurement", paths: [try PayloadPath("m"), try PayloadPath("n")]),
            .init(name: "part", paths: [try PayloadPath("p")]),
          ]
          $0.device = try NameTemplate("{id}")
          $0.sensor = try NameTemplate("{hall}.{measurement}[.{part}].{name}")
          $0.time = try MappedTime("t", .milliseconds)
          $0.values = [.init(path: try PayloadPath("v"))]
        }
      ])
  }

  private func text(_ samples: [Sample]) -> String {
    let records = samples.map { sample in
      let members = [("m", sample.measurement), ("p", sample.part)].compactMap { name, member in
        member.map { "\"\(name)\":\($0.json)," }
      }
      let values = sample.values.map { "\"\($0.name)\":\($0.value)" }.joined(separator: ",")
      return "{\"d\":\"\(sample.device)\",\"t\":\(sample.time),\(members.joined())\"v\":{\(values)}}"
    }
    return "[\(records.joined(separator: ","))]"
  }

  /// The messages, and how many values are refused.
  private func expected(_ hall: String, _ samples: [Sample]) -> ([String], Int) {
    var groups: [(key: String, time: Int64, values: [(String, Int)])] = []
    var refused = 0
    for sample in samples {
      let key = "\(sample.device)@\(sample.time)"
      if !groups.contains(where: { $0.key == key }) { groups.append((key, sample.time, [])) }
      let place = groups.firstIndex { $0.key == key }!
      for (name, value) in sample.values {
        let part = (sample.part?.name).map { "." + $0 } ?? ""
        guard let measurement = sample.measurement?.name,
          let sensor = EscapedName.id(of: "\(hall).\(measurement)\(part).\(name)"),
          !groups[place].values.contains(where: { $0.0 == sensor })
        else {
          refused += 1
          continue
        }
        groups[place].values.append((sensor, value))
      }
    }
    let ordered = groups.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
    let messages = ordered.filter { !$0.element.values.isEmpty }.map { _, group in
      let values = group.values.sorted { $0.0 < $1.0 }.map { "\($0.0)=\(Double($0.1))" }
      return "\(group.key):\(values.joined(separator: ","))"
    }
    return (messages, refused)
  }

  private static let members: [(json: String, name: String?)?] = [
    nil, ("\"m\"", "m"), ("\"\"", ""), ("\"m.\"", "m."), ("\"\\u006d\"", "m"), ("1", "1"), ("1.0", "1.0"),
    ("true", "true"), ("null", nil), ("{}", nil), ("\"ё\"", "ё"), ("\"p\",\"m\":\"p\",\"p\":\"p\"", nil),
  ]

  @Test(.timeLimit(.minutes(30)), arguments: 0..<20)
  func namesThatComeAgainAreTheSame(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed, stream: "name memory")
    let mapping = try mapping()
    var decoder = MappingDecoder(mapping)
    for round in 0..<100 {
      let samples = (0..<Int.random(in: 1...(round % 10 == 0 ? 60 : 4), using: &random)).map { _ in
        // A member that is there twice names nothing; the last of the list is written so that both are.
        var pair = (
          Self.members.randomElement(using: &random)!, Self.members.dropLast().randomElement(using: &random)!
        )
        if pair.0?.json.contains("\"p\":") == true { pair.1 = ("\"p\"", nil) }
        return Sample(
          device: "d\(Int.random(in: 0..<12, using: &random))", time: Int64.random(in: 0..<3, using: &random),
          measurement: pair.0, part: pair.1,
          values: ["a", "b", "c"].shuffled(using: &random).prefix(2).map {
            ($0, Int.random(in: 0..<9, using: &random))
          })
      }
      let hall = ["north", "south"].randomElement(using: &random)!
      let payload = text(samples)
      let reading = Reading(&decoder, "t/\(hall)", payload.utf8)
      let (messages, refused) = expected(hall, samples)
      #expect(reading.messages == messages, "seed \(seed): \(payload)")
      #expect(refusedValues(reading) == refused, "seed \(seed): \(payload)")
      var fresh = MappingDecoder(mapping)
      #expect(Reading(&fresh, "t/\(hall)", payload.utf8) == reading, "seed \(seed): \(payload)")
      guard reading.messages == messages else { return }
    }
  }

  private func refusedValues(_ reading: Reading) -> Int {
    if case .noSoundValue(let values) = reading.error { return values.count }
    return reading.refused.count
  }

  /// What is expected is wrong where a name, a value or a part of it is.
  @Test func whatIsExpectedFindsDamage() throws {
    var decoder = MappingDecoder(try mapping())
    func sample(_ measurement: String, _ part: String?, _ value: Int) -> Sample {
      Sample(
        device: "d", time: 7, measurement: ("\"\(measurement)\"", measurement),
        part: part.map { ("\"\($0)\"", $0) }, values: [("a", value)])
    }
    let samples = [sample("m", nil, 1), sample("m", "p", 2)]
    let reading = Reading(&decoder, "t/north", text(samples).utf8)
    #expect(reading.messages == ["d@7:north.m.a=1.0,north.m.p.a=2.0"])
    #expect(reading.messages == expected("north", samples).0)
    #expect(reading.messages != expected("south", samples).0)
    #expect(reading.messages != expected("north", [sample("m", "p", 1), sample("m", "p", 2)]).0)
    #expect(reading.messages != expected("north", [sample("n", nil, 1), sample("m", "p", 2)]).0)
    #expect(reading.messages != expected("north", [sample("m", nil, 1), sample("m", "p", 3)]).0)
  }

  /// More of them than are remembered, and so many that they take one another's place.
  @Test(.timeLimit(.minutes(30))) func moreNamesThanAreRemembered() throws {
    var decoder = MappingDecoder(try mapping())
    for _ in 0..<2 {
      for number in 0..<150 {
        let samples = (0..<60).map { index in
          Sample(
            device: "d\(index)", time: Int64(59 - index),
            measurement: ("\(number * 60 + index)", "\(number * 60 + index)"),
            values: [("a", number), ("b", index)])
        }
        let reading = Reading(&decoder, "t/north", text(samples).utf8)
        guard reading.messages == expected("north", samples).0 else {
          Issue.record("\(number): \(reading)")
          return
        }
      }
    }
  }
}
