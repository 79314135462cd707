import Discovery
import PayloadMapping
import Telemetry
import Testing

/// What the survey calls a number is what the decoder takes for one.
@Suite struct NumberAgreementTests {
  private static let asPayload = "a payload"
  private static let asText = "a text of JSON"
  private static let asField = "a field of line protocol"

  /// The values that `mapping` takes of one message; none where it is rejected.
  private func taken(_ entry: MessageMapping, _ topic: String, _ payload: String) -> [Double] {
    var plant = Plant()
    plant.send(topic, payload, at: Plant.start)
    return plant.decoded(by: PayloadMapping(name: "m", messages: [entry])).readings.map(\.value)
  }

  private func makeEntry(_ format: MessageMapping.Format) throws -> MessageMapping {
    var entry = MessageMapping(topics: [try TopicPattern("{device}/v")])
    entry.format = format
    entry.device = try NameTemplate("{device}")
    entry.time = .arrival
    return entry
  }

  private func surveyed(_ payload: String) -> PlantSurvey {
    var plant = Plant()
    plant.send("d/v", payload, at: Plant.start)
    return plant.surveyed()
  }

  /// The number that the survey sees in a payload that is one value; nil: it sees none.
  private func number(inPayload payload: String) -> Double? {
    let survey = surveyed(payload)
    guard survey.patterns.first?.payloads == [PayloadKind.number.rawValue: 1] else { return nil }
    return survey.patterns.first?.fields.first?.least
  }

  /// As above, of the text `text` of a member of JSON.
  private func number(inText text: String) -> Double? {
    surveyed(#"{"v":"\#(text)","w":1}"#).patterns.first?.fields.first { $0.path == "v" }?.least
  }

  /// As above, of a field of line protocol.
  private func number(inField text: String) -> Double? {
    surveyed("m v=\(text)").patterns.first?.fields.first { $0.path == "fields.v" }?.least
  }

  /// Compares what both say of `text`, in all places.
  private func compare(_ text: String, _ origin: String) throws {
    var entry = try makeEntry(.text)
    entry.sensor = try NameTemplate("v")
    #expect(
      number(inPayload: text).map { [$0] } ?? [] == taken(entry, "d/v", text),
      "\(origin): \(Self.asPayload), \(text.debugDescription)")
    guard !text.contains(where: { "\" \\,=".contains($0) || $0.unicodeScalars.contains { $0.value < 0x20 } })
    else { return }
    entry = try makeEntry(.json)
    entry.values = [.init(path: try PayloadPath("v"))]
    entry.sensor = try NameTemplate("v")
    entry.texts = .number
    #expect(
      number(inText: text).map { [$0] } ?? [] == taken(entry, "d/v", #"{"v":"\#(text)","w":1}"#),
      "\(origin): \(Self.asText), \(text.debugDescription)")
    guard !text.isEmpty else { return }
    entry = try makeEntry(.lineProtocol)
    entry.values = [.init(path: try PayloadPath("fields"))]
    entry.booleans = .leaveOut
    #expect(
      number(inField: text).map { [$0] } ?? [] == taken(entry, "d/v", "m v=\(text)"),
      "\(origin): \(Self.asField), \(text.debugDescription)")
  }

  /// The spellings that one of two readers of numbers may take and another may not.
  @Test(arguments: [
    "0", "-0", "5", "-5", "+5", "+0.5", "-0.5", "00", "007", "-07", "0.0", ".5", "-.5", "5.", "-5.", ".", "-",
    "+",
    "e5", "1e5", "1E+5", "1e-5", "1e", "1e+", "1.e5", ".5e5", "1e400", "-1e400", "1e-400", "0x1F", "0b1",
    "1_000",
    "1,5", "1 5", "NaN", "nan", "inf", "-Infinity", "true", "t", "null", "5i", "-5i", "+5i", "5u", "-5u",
    "5.5i", "i",
    "9223372036854775808i", "18446744073709551615u", "123456789012345678901234567890", "٥", "½", "",
    " 5", "5 ", "\t5\n", "\u{B}5\u{C}", "\u{A0}5", "5\u{2028}", "5\u{85}", "\"5\"", "\" 5 \"", "\"+5\"",
    " \"5\" ",
    "\u{B}\"5\"", "\"\\u0035\"", "\"5", "5\"", "\u{FEFF}5", "5\r",
  ]) func spellingsThatDiffer(_ text: String) throws {
    try compare(text, "by hand")
  }

  @Test(.timeLimit(.minutes(30)), arguments: 0..<12) func anyTextIsTheSameToBoth(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed, stream: "written numbers")
    let characters = Array("00112345679..--++eEiu") + [" ", "\t", "x", "\"", "\u{A0}"]
    var numbers = 0
    for _ in 0..<200 {
      let usual = characters.count - (random.index(below: 4) == 0 ? 0 : 5)
      let text = String((0..<1 + random.index(below: 7)).map { _ in characters[random.index(below: usual)] })
      try compare(text, "seed \(seed)")
      if number(inPayload: text) != nil { numbers += 1 }
    }
    // What is drawn has numbers in it, and texts that are none.
    #expect(numbers > 10 && numbers < 190, "seed \(seed): \(numbers)")
  }

  /// Texts that look like numbers and are taken by none are no values: nothing is proposed that then refuses them.
  @Test func whatIsNoNumberIsNotProposed() throws {
    for text in ["+%.5", "0%", ".%", "%."] {
      var plant = Plant()
      for round in 0..<8 {
        let written = text.replacing("%", with: "\(round)")
        let time = Plants.time(round)
        plant.send("hall/dev-1/level", written, at: time)
        plant.send("yard/dev-1", #"{"t":\#(time.milliseconds),"v":"\#(written)","w":\#(round)}"#, at: time)
        plant.send("dock/dev-1", #"{"t":"+\#(time.milliseconds)","w":\#(round)}"#, at: time)
      }
      let survey = plant.surveyed()
      let proof = try #require(survey.proof)
      #expect(proof.rejected == 0 && proof.refusedValues == 0 && proof.readings == 16, "\(survey.lines)")
      let left = survey.patterns.flatMap(\.fields).filter { $0.role == .leftOut }.map(\.path)
      #expect(Set(left) == ["level", "v", "t"], "\(survey.lines)")
    }
  }
}
