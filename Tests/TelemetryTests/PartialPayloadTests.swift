import Foundation
import Telemetry
import Testing

/// One value that cannot be taken costs itself alone.
@Suite struct PartialPayloadTests {
  private func payload(_ values: String) -> String {
    #"{"device":"d","epoch":1,"seq":2,"ts":1767225600000,"values":\#(values)}"#
  }

  @Test(arguments: [
    (#"{"p":null,"t":21.5}"#, ["t 21.5"], ""), (#"{"p":NaN,"t":21.5}"#, ["t 21.5"], "“p” is NaN"),
    (#"{"p":-Infinity,"t":21.5}"#, ["t 21.5"], "“p” is -Infinity"),
    (#"{"open":true,"t":21.5}"#, ["t 21.5"], "“open” is true, which is no number"),
    (#"{"p":"21.5","t":21.5}"#, ["t 21.5"], "“p” is the text “21.5”"),
    (#"{"p":[1],"t":1}"#, ["t 1.0"], "a list"),
    (#"{"p":{},"t":1}"#, ["t 1.0"], "an object"),
    (#"{"room temp":1,"t":2}"#, ["t 2.0"], "“room temp” is not a sensor id, which has 1 to 64 letters"),
    (#"{"p":1e400,"t":2}"#, ["t 2.0"], "“p” is 1e400, which is beyond the range"),
    (#"{"t":1,"t":2}"#, ["t 1.0"], "“t” is there twice"), (#"{"p":1e-400,"t":2}"#, ["p 0.0", "t 2.0"], ""),
    (#"{"p":-0.0}"#, ["p -0.0"], ""),
  ])
  func theSoundValuesAreTaken(values: String, readings: [String], reason: String) throws {
    let decoded = try decodeAll(payload(values))
    #expect(decoded.messages.flatMap(\.values).map { "\($0.sensor) \($0.value)" } == readings)
    #expect(decoded.refused.count == (reason.isEmpty ? 0 : 1))
    #expect(reason.isEmpty || decoded.refused.sentence.contains(reason), "\(decoded.refused.sentence)")
    #expect(decoded.messages[0].position == .init(epoch: 1, sequence: 2))
  }

  @Test(arguments: [
    (#"{"device":"d","ts":5,"values":{"t":1,}}"#, "a key was expected at byte 38"),
    (#"{"device":"d","ts":5,"values":{"t":null}}"#, "no values"),
    (#"{"device":"d","ts":5,"values":{"t":NaN}}"#, "no value of the message is taken: “t” is NaN"),
    (#"{"device":"d","ts":5.5,"values":{"t":1}}"#, "“ts” is 5.5; a whole number of milliseconds"),
    (#"{"device":"d","ts":"2026","values":{"t":1}}"#, "“ts” is the text “2026”"),
    (#"{"device":"d","ts":5,"ts":6,"values":{"t":1}}"#, "“ts” is there 2 times"),
    (#"{"ts":5,"values":{"t":1}}"#, "“device” is missing"),
    (#"{"device":"d","values":{"t":1}}"#, "“ts” is missing"),
    (
      #"{"device":"Living Room","ts":5,"values":{"t":1}}"#,
      "“Living Room” is not a device id, which has 1 to 64"
    ),
    (#"{"device":"d","ts":5,"values":{"t":01}}"#, "without leading zeros"),
    ("7", "a JSON object was expected"),
    (#"{"device":"d","ts":5,"values":{"t":1}}"# + "\u{0}", "the end was expected"),
    (#"{"device":"d","ts":5,"values":{"t":1},"x":"\ud800"}"#, "surrogate"),
    (String(repeating: "{\"a\":", count: 100), "nesting"),
  ])
  func whatIsNoMessageIsRefusedWithItsReason(text: String, reason: String) throws {
    let error = #expect(throws: PayloadError.self) { try decodeAll(text) }
    #expect("\(try #require(error))".contains(reason), "\(error!)")
  }

  @Test func otherSpellingsOfAMessageAreRead() throws {
    let plain = try decodeAll(#"{"device":"d","ts":1767225600000,"values":{"t":1}}"#)
    for text in [
      "\u{FEFF}" + #"{"device":"d","ts":1767225600000,"values":{"t":1}}"#,
      #"{"device":"d","ts":1.7672256e12,"values":{"t":1}}"#,
      #"{"values":{"t":1},"ts":1767225600000,"device":"d"}"#,
      "{\"device\":\"d\",\"ts\":1767225600000,\"values\":{\"t\":1}}\n",
      #"{"device":"d","epoch":null,"seq":null,"ts":1767225600000,"values":{"t":1,"p":null}}"#,
    ] {
      #expect(try decodeAll(text) == plain, "\(text)")
    }
  }

  /// Whatever is sent, what is said of it is short.
  @Test func whatIsQuotedIsBounded() throws {
    let long = String(repeating: "e\u{301}", count: 20_000)
    for text in [
      #"{"device":"\#(long)","ts":5,"values":{"t":1}}"#, payload(#"{"\#(long)":1}"#),
      payload(#"{"t":"\#(long)"}"#),
      #"{"device":"d","ts":"\#(long)","values":{"t":1}}"#, #"[{"bn":"\#(long)","vs":"x"}]"#,
      #"[{"\#(long)_":1}]"#,
      #"{"device":"d","ts":\#(String(repeating: "9", count: 60_000)),"values":{"t":1}}"#,
    ] {
      let error = #expect(throws: PayloadError.self) { try decodeAll(text, of: "d") }
      #expect("\(try #require(error))".utf8.count < 1000)
    }
    let many = (0..<200).map { #""s\#($0)":true"# }.joined(separator: ",")
    let decoded = try decodeAll(payload(#"{"t":1,\#(many)}"#))
    #expect(decoded.refused.count == 200 && decoded.refused.reasonText.hasSuffix("; and 195 more"))
  }

  /// Payloads written at random from a list of what they hold: exactly that is read from them, whichever decoder reads.
  @Test(arguments: 0..<200) func whatWasWrittenIsTakenOrRefused(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed, stream: "partial-payload")
    for _ in 0..<20 {
      var sound: [String: Double] = [:]
      var refused = 0
      var members: [String] = []
      for index in 0..<(1 + random.index(below: 6)) {
        let name = "s\(index)"
        switch random.index(below: 6) {
        case 0: members.append(#""\#(name)":null"#)
        case 1:
          let words = ["NaN", "true", "\"1\"", "1e400", "[]", "{\"a\":[1]}", "-inf"]
          members.append(#""\#(name)":\#(words[random.index(below: words.count)])"#)
          refused += 1
        case 2:
          members.append(#""bad name \#(index)":1"#)
          refused += 1
        default:
          let value = random.uniform(in: -1e6...1e6)
          sound[name] = value
          members.append(#""\#(name)":\#(value)"#)
        }
      }
      // White space keeps a payload from the scanner.
      let space = random.index(below: 2) == 0 ? " " : ""
      let text = payload("{\(space)" + members.joined(separator: ",") + "}")
      guard !sound.isEmpty else {
        #expect(throws: PayloadError.self, "seed \(seed): \(text)") { try decodeAll(text) }
        continue
      }
      let decoded = try decodeAll(text)
      let read = Dictionary(
        uniqueKeysWithValues: decoded.messages[0].values.map { ($0.sensor.name, $0.value) })
      #expect(read == sound, "seed \(seed): \(text)")
      #expect(decoded.refused.count == refused, "seed \(seed): \(text)")
    }
  }
}
