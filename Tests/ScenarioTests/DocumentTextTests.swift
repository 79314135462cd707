import BatchScoring
import Documents
import Foundation
import Harness
import Scenario
import Telemetry
import TestSupport
import Testing
import Wording

/// What editors, other systems and slips of the hand make of a YAML file.
@Suite struct DocumentTextTests {
  private func faults(_ text: String) -> [String] {
    do {
      _ = try Documents.parse(text)
      return []
    } catch let diagnostics as Diagnostics {
      return diagnostics.all.map(\.description)
    } catch {
      return ["not faults but \(error)"]
    }
  }

  @Test(arguments: ["\n", "\r\n", "\r"])
  func aByteOrderMarkAndLineEndsMoveNoPlace(lineEnd: String) throws {
    let text = "\u{FEFF}" + Documents.small.replacing("\n", with: lineEnd)
    #expect(try Documents.parse(text).name == "small")
    #expect(
      faults(text.replacing("name: small", with: "nmae: small")).first
        == "s.yaml:1:1: unknown key “nmae”; did you mean “name”?")
    #expect(
      faults(text.replacing("count: 2", with: "count: x")).first?.hasPrefix("s.yaml:6:12: count") == true)
    #expect(faults(text.replacing("count: 2", with: "count: [")).first?.contains("not YAML") == true)
  }

  @Test func aMarkInTheMiddleIsRefused() {
    let found = faults(Documents.small.replacing("seed: 7", with: "seed: \u{FEFF}7"))
    #expect(found == ["s.yaml:2:7: not YAML: the character U+FEFF cannot be written in it"])
  }

  @Test(arguments: [
    (String.Encoding.utf16LittleEndian, [0xFF, 0xFE] as [UInt8], "it is UTF-16 text; save it as UTF-8"),
    (.utf16BigEndian, [0xFE, 0xFF], "it is UTF-16 text; save it as UTF-8"),
    (.utf16LittleEndian, [], "U+0000"),
    (.isoLatin1, [], "it is not UTF-8 text"),
  ])
  func otherEncodingsAreNamed(encoding: String.Encoding, mark: [UInt8], word: String) async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/s.yaml"
      let text = Documents.small.replacing("Cel", with: encoding == .isoLatin1 ? "°C" : "Cel")
      try (Data(mark) + #require(text.data(using: encoding))).write(to: URL(filePath: path))
      let error = #expect(throws: (any Error).self) { try ScenarioDocument.load(path) }
      #expect("\(String(describing: error))".contains(word))
    }
  }

  @Test(arguments: [
    ("seed: 7", "seed: 7\u{0}", "s.yaml:2:8: not YAML: the character U+0000"),
    ("seed: 7", "seed: \u{1B}[31m7", "s.yaml:2:7: not YAML: the character U+001B"),
    ("seed: 7", "seed:\t7\n\tabout: x", "s.yaml:3:1: not YAML"),
    ("seed: 7", "seed: 7\nseed: 8", "s.yaml:2:1: “seed” is given twice"),
    ("seed: 7", "seed: *nobody", "s.yaml:2:7: not YAML: found undefined alias"),
    ("seed: 7", "seed: !!int \"7\"", "s.yaml:2:7: the tag"),
    ("seed: 7", "? [a]\n: 7", "s.yaml:2:3: a key must be a name"),
    ("seed: 7", "<<: 5", "s.yaml:2:1: <<: expected a mapping"),
    ("seed: 7", "<<: [{ seed: 7 }, 5]", "s.yaml:2:1: <<: expected a mapping"),
    ("seed: 7", "\"<<\": { seed: 7 }", "s.yaml:2:1: unknown key “<<”"),
    ("seed: 7", "---\nseed: 7", "not YAML"),
  ])
  func whatYAMLDoesNotTakeHasItsPlace(old: String, new: String, fault: String) {
    let found = faults(Documents.small.replacing(old, with: new))
    #expect(found.first?.contains(fault) == true, "\(found)")
  }

  @Test func aliasesAndMergedMappingsAreRead() throws {
    let text = """
      name: merged
      clock: { duration: 1h }
      fleet:
        - &pump
          device: pump
          count: 2
          every: &pace 10s
          sensors: { t: { signal: [{ constant: { value: 1 } }] } }
        - { <<: *pump, device: fan }
        - { device: late, <<: [{ count: 3 }, *pump, { batch: 1 }], every: *pace }
      """
    let names = try Documents.parse(text).source.messages.deviceIDs.map(\.name)
    #expect(
      Set(names) == [
        "pump-0001", "pump-0002", "fan-0001", "fan-0002", "late-0001", "late-0002", "late-0003",
      ])
    // What is taken over has the place where it is written.
    let found = faults(text.replacing("count: 2", with: "count: x"))
    #expect(found.count == 1 && found[0].hasPrefix("s.yaml:6:12: count"), "\(found)")
  }

  @Test func aliasesOfAliasesAreBounded() {
    var text = "a0: &a0 [1]\n"
    for level in 1...30 { text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
    #expect(faults(text).first?.contains("more than 200000 values") == true)
    var merges = "m0: &m0 { k0: 1 }\n"
    for level in 1...30 { merges += "m\(level): &m\(level) { <<: [*m\(level - 1), *m\(level - 1)] }\n" }
    #expect(faults(merges).first?.contains("more than 200000 values") == true)
  }

  @Test(arguments: ["[", "{ a: ", "- ", "? ", "- - [{a: "])
  func nestingIsBounded(piece: String) {
    let found = faults(
      "name: " + (piece.first == "-" || piece.first == "?" ? "\n" : "")
        + String(repeating: piece, count: 100_000))
    #expect(found.count == 1 && found[0].contains("nested more than 1000 deep"), "\(found.map(\.count))")
  }

  /// 250 kB of a key, a value, a name: the message stays a message.
  @Test(arguments: [
    ("seed: 7", "LONG: 7"), ("seed: 7", "seed: LONG"), ("seed: 7", "seed: \"LONG\""),
    ("seed: 7", "seed: [LONG, LONG]"),
    ("name: small", "name: LONG"), ("device: pump", "device: LONG"), ("temperature: {", "LONG: {"),
    ("sensor: temperature,", "sensor: LONG,"), ("devices: 50%", "devices: LONG"),
    ("devices: 50%", "devices: [LONG]"),
    ("kind: mean", "kind: LONG"), ("0 * * * *", "LONG"), ("0 * * * *", "LONG * * * *"),
    ("0 * * * *", "0 0 * * LONG"),
    ("0 * * * *", "@LONG"), ("readings.lost == 0", "LONG"), ("readings.lost == 0", "readings.LONG == 0"),
    ("readings.lost == 0", "readings.lost == LONG"), ("readings.lost == 0", "cluster[LONG=1].nodes == 1"),
    ("seed: 7", "broker: mqtt://LONG"), ("seed: 7", "broker: LONG"),
    ("duration: 2h", "duration: 2h, speed: LONG"),
    ("every: 10s", "every: 10s\n    publish: { topic: \"${LONG}\" }"), ("every: 10s", "every: LONG"),
    ("every: 10s", "every: 10s\n    publish: { template: \"${LONG}\" }"), ("unit: Cel", "unit: \"LONG\\n\""),
    ("seed: 7", "seed: *LONG"), ("seed: 7", "seed: !LONG 7"), ("seed: 7", "LONG: 1\nLONG: 2"),
    ("seed: 7", "<<: LONG"),
  ])
  func messagesHaveABound(old: String, new: String) {
    let long = String(repeating: "x", count: 250_000)
    for fault in faults(Documents.small.replacing(old, with: new.replacing("LONG", with: long))) {
      #expect(fault.utf8.count < 3000, "\(fault.prefix(300))")
    }
  }

  @Test(arguments: [
    "seed=LONG", "LONG=5", "fleet[LONG]=5", "LONG", "fleet[0].LONG=5", "expect=[LONG]", "seed=\"LONG\"",
  ])
  func messagesOfFlagsHaveABound(flag: String) {
    let found = Documents.faults(set: [flag.replacing("LONG", with: String(repeating: "9", count: 250_000))])
    #expect(!found.isEmpty)
    for fault in found { #expect(fault.utf8.count < 3000, "\(fault.prefix(300))") }
  }

  @Test(arguments: [20, 40, 60, 79, 200])
  func theLineOfARunFitsTheTerminal(width: Int) {
    var status = RunStatus()
    status.phase = .publishing
    status.eventTime = Timestamp(milliseconds: 1_767_225_600_000)
    status.share = 0.25
    status.windowsClosed = 123_456_789
    status.modelsTrained = 10_000
    status.jobsCompleted = 1000
    let line = RunLine(status).text(width: width)
    #expect(line.columns <= width)
    #expect(width < 40 || line.contains("25%") && line.contains("123,456,789 windows"), "\(line)")
    #expect(width < 79 || line.contains("[####............]") && line.contains("01-01T00:00"), "\(line)")
    for share in [-1, 2, Double.nan, .infinity] {
      status.share = share
      #expect(RunLine(status).text(width: width).columns <= width)
    }
    #expect(!RunLine(status).text(width: nil).contains("["))
  }
}
