import Foundation
import TestSupport
import Testing

/// `sonde payload`: what a mapping makes of messages, told by the program itself.
@Suite(.serialized, .timeLimit(.minutes(30))) struct PayloadCommandTests {
  private static let mapping = """
    messages:
      - topic: plant/{device}
        time: { path: t, unit: s, otherwise: arrival }
      - topic: plant/+/log
        ignore: true
    """

  private func writing(_ files: [String: String], _ body: (String) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
      for (name, text) in files {
        try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
      }
      try await body(folder)
    }
  }

  @Test func messagesOfMosquittoSubBecomeATable() async throws {
    let messages = """
      plant/pump-7 {"t":1767225600,"flow":2.5}
      {"tst":"2026-01-01T13:00:00.250000+0100","topic":"plant/pump 8","qos":1,"payloadlen":10,"payload":"{\\"flow\\":3}"}
      plant/pump-7/log started

      """
    try await writing(["plant.yaml": Self.mapping, "messages": messages]) { folder in
      let outcome = try await SondeProgram.run([
        "payload", "test", "\(folder)/plant.yaml", "\(folder)/messages",
      ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      for line in [
        "plant/pump-7: taken", "  pump-7  2026-01-01T00:00:00.000Z  flow    2.5",
        "  pump_x208  2026-01-01T12:00:00.250Z (arrival)  flow    3.0", "plant/pump-7/log: ignored",
        "messages: 2 taken, 1 ignored, 0 rejected; values: 2 taken, 0 not taken",
      ] {
        #expect(outcome.output.contains(line + "\n"), "\(outcome.output)")
      }
    }
  }

  /// mosquitto_sub 2.0.11 prints a `Z` between local time and zone.
  @Test func theTimeOfArrivalIsReadAsItIsPrinted() async throws {
    func line(_ tst: String) -> String {
      #"{"tst":"\#(tst)","topic":"plant/a","qos":0,"retain":0,"payloadlen":10,"payload":"{\"flow\":3}"}"#
        + "\n"
    }
    let sound = [
      ("2026-11-30T14:01:07.934950Z+0100", "2026-11-30T13:01:07.934Z"),
      ("2026-11-30T09:31:07.934950Z-0330", "2026-11-30T13:01:07.934Z"),
      ("2026-11-30T13:01:07.934950Z+0000", "2026-11-30T13:01:07.934Z"),
      ("2026-11-30T14:01:07.934950+0100", "2026-11-30T13:01:07.934Z"),
      ("2026-11-30T13:01:07.934950Z", "2026-11-30T13:01:07.934Z"),
    ]
    try await writing([
      "plant.yaml": Self.mapping, "messages": sound.map { line($0.0) }.joined(),
      "wrong": line(sound[0].0) + line("yesterday"), "zone": line("2026-11-30T14:01:07Z+9900"),
    ]) { folder in
      let test = ["payload", "test", "\(folder)/plant.yaml"]
      let outcome = try await SondeProgram.run(test + ["\(folder)/messages"])
      #expect(outcome.status == 0, "\(outcome.errors)")
      let times = outcome.output.split(separator: "\n").filter { $0.hasPrefix("  a ") }
      #expect(times.count == sound.count, "\(outcome.output)")
      for (line, expected) in zip(times, sound.map(\.1)) { #expect(line.contains("\(expected) (arrival)")) }
      let wrong = try await SondeProgram.run(test + ["\(folder)/wrong"])
      #expect(wrong.status == 64 && wrong.errors.contains("wrong:2: “tst” is “yesterday”"), "\(wrong.errors)")
      let zone = try await SondeProgram.run(test + ["\(folder)/zone"])
      #expect(zone.status == 64 && zone.errors.contains("zone:1: “tst” is"), "\(zone.errors)")
    }
  }

  /// mosquitto_sub writes the bytes of a payload as they came, and null where there are none.
  @Test func aPayloadThatIsNoUTF8IsRejectedAlone() async throws {
    func line(_ payload: String, _ topic: String = "plant/a") -> [UInt8] {
      Array(#"{"topic":"\#(topic)","payloadlen":7,"payload":"#.utf8) + Array(payload.utf8) + Array("}\n".utf8)
    }
    func broken(_ line: [UInt8]) -> [UInt8] {
      line.flatMap { $0 == UInt8(ascii: "~") ? [0xFF, 0xC3] : [$0] }
    }
    let sound = line(#""{\"flow\":3}""#)
    try await writing(["plant.yaml": Self.mapping]) { folder in
      func test(_ lines: [UInt8]) async throws -> SondeProgram.Outcome {
        try Data(lines).write(to: URL(fileURLWithPath: "\(folder)/messages"))
        return try await SondeProgram.run(["payload", "test", "\(folder)/plant.yaml", "\(folder)/messages"])
      }
      let empty = Array(#"{"topic":"plant/a","payloadlen":0,"payload":null}"#.utf8) + [0x0A]
      let part = try await test(sound + broken(line(#""~{\"flow\":é}""#)) + empty + sound)
      #expect(part.status == 1, "\(part.errors)")
      #expect(part.output.contains("plant/a: rejected: the payload is not UTF-8\n"), "\(part.output)")
      #expect(part.output.contains("plant/a: rejected: the payload is not a message: it is empty\n"))
      #expect(part.output.contains("messages: 2 taken, 0 ignored, 2 rejected; "), "\(part.output)")
      for (line, reason) in [
        (broken(line(#""1""#, "plant/~")), "messages:2: the topic is not UTF-8"),
        (broken(line(#"~"1""#)), "messages:2: no message as mosquitto_sub -F %j"),
        (line(#"{"flow":3}"#), "messages:2: the payload is no text but JSON, as mosquitto_sub -F %J"),
        (line("21.5"), "messages:2: the payload is no text but JSON"),
        (line("null"), "messages:2: the payload is no text but JSON"),
      ] {
        let wrong = try await test(sound + line)
        #expect(wrong.status == 64 && wrong.errors.contains(reason), "\(reason): \(wrong.errors)")
      }
    }
  }

  /// A line of -v is cut by the topics of the mapping where its topic has spaces.
  @Test func topicsMayHaveSpaces() async throws {
    let mapping = """
      messages:
        - { topic: "hall/{device}/level", format: text, sensor: level, time: arrival }
        - { topic: "plant/{device}", time: arrival }
        - { topic: "log/{device}", format: text, sensor: log, time: arrival, texts: leave_out, without_values: ignore }
      """
    let messages = """
      plant/Living room {"temperature":21.5}
      plant/Living room 2 {"temperature":22.5, "text":"a {b"}
      plant/pump {"a": 4}
      hall/big tank/level 7
      log/a temp is 5
      """
    try await writing(["plant.yaml": mapping + "\n", "messages": messages + "\n"]) { folder in
      let outcome = try await SondeProgram.run([
        "payload", "test", "\(folder)/plant.yaml", "\(folder)/messages", "--format", "json",
      ])
      let list = try #require(
        try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]],
        "\(outcome.errors)")
      #expect(
        list.compactMap { $0["topic"] as? String } == [
          "plant/Living room", "plant/Living room 2", "plant/pump", "hall/big tank/level", "log/a",
        ])
      let values = list.map { ($0["readings"] as? [[String: Any]])?.first?["value"] as? Double }
      #expect(values == [21.5, 22.5, 4, 7, nil])
    }
  }

  @Test func whatIsNotTakenHasItsReasonAndAnExitCode() async throws {
    try await writing(["plant.yaml": Self.mapping, "one.json": #"{"t":1767225600,"flow":NaN,"level":4}"#]) {
      folder in
      let test = ["payload", "test", "\(folder)/plant.yaml", "--topic", "plant/a"]
      let part = try await SondeProgram.run(test + ["\(folder)/one.json"])
      #expect(part.status == 1)
      #expect(part.output.contains("  a       2026-01-01T00:00:00.000Z  level   4.0"), "\(part.output)")
      #expect(part.output.contains("  not taken: “flow” is NaN"), "\(part.output)")
      let whole = try await SondeProgram.run(test + ["--text", "on", "--format", "json"])
      #expect(whole.status == 1)
      let list = try #require(
        try JSONSerialization.jsonObject(with: Data(whole.output.utf8)) as? [[String: Any]])
      #expect(list.count == 1 && list[0]["fate"] as? String == "rejected")
      #expect((list[0]["reason"] as? String)?.contains("not valid JSON") == true)
      let taken = try await SondeProgram.run(
        test + ["--text", #"{"flow":1}"#, "--arrival", "2026-01-01T00:00:00Z", "--format", "json"])
      #expect(taken.status == 0)
      let readings = try #require(
        try (JSONSerialization.jsonObject(with: Data(taken.output.utf8)) as? [[String: Any]])?.first?[
          "readings"]
          as? [[String: Any]])
      #expect(readings.count == 1 && readings[0]["ts"] as? Int == 1_767_225_600_000)
      #expect(readings[0]["is_arrival"] as? Bool == true && readings[0]["device"] as? String == "a")
    }
  }

  @Test func aMappingThatIsWrongIsToldWithItsPlace() async throws {
    try await writing([
      "plant.yaml": Self.mapping.replacing("unit: s", with: "unit: days"),
      "messages": "no line of a message {\n{}\n",
      "sound.yaml": Self.mapping,
    ]) { folder in
      let wrong = try await SondeProgram.run([
        "payload", "test", "\(folder)/plant.yaml", "\(folder)/messages",
      ])
      #expect(wrong.status == 64)
      #expect(
        wrong.errors.contains("plant.yaml:3:28: unit: expected s, ms, us, ns, iso8601 or auto, found “days”"),
        "\(wrong.errors)")
      let nowhere = try await SondeProgram.run(["payload", "test", "tasmotta", "\(folder)/messages"])
      #expect(nowhere.status == 64 && nowhere.errors.contains("did you mean “tasmota”?"), "\(nowhere.errors)")
      let lines = try await SondeProgram.run([
        "payload", "test", "\(folder)/sound.yaml", "\(folder)/messages",
      ])
      #expect(lines.status == 64 && lines.errors.contains("messages:2: no message as"), "\(lines.errors)")
      for arguments in [["--text", "1"], [], ["--topic", "a/#", "--text", "1"]] {
        let outcome = try await SondeProgram.run(["payload", "test", "tasmota"] + arguments)
        #expect(outcome.status == 64, "\(arguments)")
      }
    }
  }

  @Test func eachPresetIsListedAndShown() async throws {
    let list = try await SondeProgram.run(["payload", "presets", "--format", "json"])
    let presets = try #require(
      try JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [[String: Any]])
    #expect(presets.count == 10)
    try await withTemporaryFolder { folder in
      for preset in presets {
        let name = try #require(preset["name"] as? String)
        let shown = try await SondeProgram.run(["payload", "show", name])
        #expect(shown.status == 0 && shown.output.contains("name: \(name)\n"))
        // As somebody goes on with it.
        try shown.output.write(toFile: "\(folder)/\(name).yaml", atomically: true, encoding: .utf8)
        let tried = try await SondeProgram.run([
          "payload", "test", "\(folder)/\(name).yaml", "--topic", "nobody/says/this/here/at/all", "--text",
          "1",
        ])
        #expect(
          tried.status == 1 && tried.output.contains("no topic of the mapping"),
          "\(tried.output)\(tried.errors)")
      }
    }
    let text = try await SondeProgram.run(["payload", "presets"])
    #expect(text.output.contains("tele/+/SENSOR  tele/+/STATE"))
    #expect(try await SondeProgram.run(["payload", "show", "nobody"]).status == 64)
  }
}
