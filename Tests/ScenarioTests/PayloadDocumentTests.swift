import Documents
import Foundation
import PayloadMapping
import Scenario
import Telemetry
import TestSupport
import Testing

/// Payload mappings as YAML: what is written is read, and each fault has its place and, for a misspelt key, its name.
@Suite(.timeLimit(.minutes(30))) struct PayloadDocumentTests {
  private static let full = """
    name: everything
    about: Every key once.
    messages:
      - topic: a/#
        ignore: true
        where: { "kind": "x*" }
      - topic: ["b/{device}", "c/{device}"]
        where: { method: Notify*, n.m: 5 }
        format: json
        records: readings.{channel}
        names: { site: $.site, unit: [u, /v/w] }
        device: "{site}/{device}"
        time: { path: [t, $.t], unit: iso8601, zone: "+01:00", otherwise: arrival }
        epoch: boot
        sequence: n
        values:
          - data
          - { path: more.*, sensor: "{channel}[.{unit}].{name}", separator: "", drop_prefix: x_, texts: number, booleans: leave_out,
              lists: number, enumeration: { high: 1.5 } }
        sensor: "{name}"
        separator: /
        drop_prefix: value_
        leave_out: ["**.id", /a/b]
        without_values: ignore
        texts: number_or_leave_out
        booleans: number
        lists: leave_out
        enumeration: { "ON": 1, "OFF": 0, none: null }
    """

  @Test func whatIsWrittenIsRead() throws {
    let mapping = try PayloadDocument.parse(Self.full, path: "f.yaml")
    #expect(mapping.name == "everything" && mapping.about == "Every key once.")
    #expect(mapping.messages[0].isIgnored && mapping.messages[0].conditions.map(\.text) == ["x*"])
    let message = mapping.messages[1]
    #expect(message.topics.map(\.text) == ["b/{device}", "c/{device}"] && !message.isIgnored)
    #expect(message.conditions.map(\.path.text) == ["method", "n.m"])
    #expect(message.conditions.map(\.text) == ["Notify*", "5"])
    #expect(message.format == .json && message.records?.text == "readings.{channel}")
    #expect(message.names.map(\.name) == ["site", "unit"])
    #expect(message.names.map { $0.paths.map(\.text) } == [["$.site"], ["u", "/v/w"]])
    #expect(message.device.text == "{site}/{device}" && message.sensor.text == "{name}")
    #expect(message.time.paths.map(\.text) == ["t", "$.t"] && message.time.unit == .iso8601)
    #expect(message.time.zone.text == "+01:00" && message.time.isOtherwiseArrival)
    #expect(message.epoch?.text == "boot" && message.sequence?.text == "n")
    #expect(message.values.map(\.path.text) == ["data", "more.*"])
    let values = message.values[1]
    #expect(values.sensor?.text == "{channel}[.{unit}].{name}" && values.separator == "")
    #expect(values.dropPrefix == "x_" && values.texts == .number && values.booleans == .leaveOut)
    #expect(values.lists == .number && values.enumeration?.map(\.number) == [1.5])
    #expect(message.values[0].enumeration == nil && message.values[0].texts == nil)
    #expect(message.separator == "/" && message.dropPrefix == "value_" && message.ignoresWithoutValues)
    #expect(message.leaveOut.map(\.text) == ["**.id", "/a/b"])
    #expect(message.texts == .numberOrLeaveOut && message.booleans == .number && message.lists == .leaveOut)
    #expect(message.enumeration.map(\.text) == ["ON", "OFF", "none"])
    #expect(message.enumeration.map(\.number) == [1, 0, nil])
  }

  @Test func whatIsNotSaidIsAsThePageHasIt() throws {
    let text = "messages:\n  - { topic: \"t/{device}\", time: arrival }\n"
    let mapping = try PayloadDocument.parse(text, path: "folder/plant.yaml")
    var expected = MessageMapping(topics: [try TopicPattern("t/{device}")])
    expected.time = .arrival
    #expect(mapping == PayloadMapping(name: "plant", messages: [expected]))
  }

  /// A change of one line of the document, and the fault that it is.
  @Test(arguments: [
    ("about:", "abuot:", "f.yaml:2:1: unknown key “abuot”; did you mean “about”?"),
    (
      "without_values: ignore", "without_value: ignore",
      "f.yaml:24:5: unknown key “without_value”; did you mean “without_values”?"
    ),
    (
      "unit: iso8601", "unit: iso8602",
      "f.yaml:13:35: unit: expected s, ms, us, ns, iso8601 or auto, found “iso8602”; did you mean “iso8601”?"
    ),
    ("unit: iso8601", "unit: ms", "zone: only times of iso8601 have one"),
    ("zone: \"+01:00\"", "zone: CET", "f.yaml:13:50: zone: “CET” is no zone"),
    ("    epoch: boot\n", "", "sequence needs epoch beside it"),
    ("topic: a/#", "topic: a/#/b", "f.yaml:4:12: topic: # stands at the end of a topic"),
    ("\"c/{device}\"", "\"c/{d}\"", "f.yaml:7:12: topic: “c/{d}” has other names than “b/{device}”"),
    ("records: readings.{channel}", "records: readings.{}", "f.yaml:10:14: records: “” is no name"),
    (
      "device: \"{site}/{device}\"", "device: \"{sit}/{device}\"",
      "f.yaml:12:13: device: there is no name “sit” in topic"
    ),
    (
      "    ignore: true\n", "    ignore: true\n    device: x\n",
      "f.yaml:6:13: device: a message that is ignored has topic and where"
    ),
    ("    ignore: true\n", "    ignore: false\n", "f.yaml:5:13: ignore: leave it out, or write true"),
    ("    ignore: true\n", "", "f.yaml:4:5: message lacks one of ignore, time"),
    ("time: { path", "time: { paht", "f.yaml:13:13: unknown key “paht”; did you mean “path”?"),
    (
      "enumeration: { high: 1.5 }", "enumeration: { high: much }",
      "f.yaml:19:47: enumeration.high: expected a number, found “much”"
    ),
    ("    - data\n", "    - \"data.\"\n", "values: a key of no characters"),
    ("drop_prefix: x_", "drop_prefix: [x]", "drop_prefix: expected text, found [x]"),
    ("sequence: n", "sequence: n\n    sequence: m", "“sequence” is given twice"),
    ("\"ON\": 1,", "\"ON\": .inf,", "enumeration.ON: expected a number"),
    ("format: json", "format: text", "f.yaml:8:12: where: for payloads of JSON alone"),
    (
      "where: { method: Notify*, n.m: 5 }", "where: {}",
      "f.yaml:8:12: where: expected at least one entry, found an empty mapping"
    ),
    (
      "enumeration: { high: 1.5 }", "enumeration: {}",
      "enumeration: expected at least one entry, found an empty mapping"
    ),
    (
      "names: { site: $.site, unit: [u, /v/w] }", "names: {}",
      "f.yaml:11:12: names: expected at least one entry, found an empty mapping"
    ),
    ("topic: a/#", "topic: $share/g/a/#", "f.yaml:4:12: topic: a shared subscription is the subscriber's"),
    (
      "topic: a/#\n    ignore: true\n    where: { \"kind\": \"x*\" }", "topic: +/#\n    ignore: true",
      "f.yaml:6:12: topic: messages[1] never takes a message: “+/#” of messages[0], which has no “where”"
    ),
    (
      "records: readings.{channel}", "records: readings.x{channel}",
      "f.yaml:10:14: records: a name is a whole part"
    ),
  ]) func aFaultHasItsPlace(old: String, new: String, fault: String) throws {
    let indented = Self.full.replacing(old, with: new)
    #expect(Self.full.contains(old))
    let faults = faults(indented)
    #expect(faults.contains { $0.contains(fault) }, "\(faults)")
  }

  private func faults(_ text: String) -> [String] {
    do {
      _ = try PayloadDocument.parse(text, path: "f.yaml")
      return []
    } catch let diagnostics as Diagnostics {
      return diagnostics.all.map(\.description)
    } catch {
      return ["not faults but \(error)"]
    }
  }

  @Test func anEmptyFileAndNoYAMLAreFaults() {
    #expect(faults("").contains { $0.contains("the document is empty") })
    #expect(faults("messages: [").contains { $0.contains("not YAML") })
    #expect(faults("[]").contains { $0.contains("payload: expected a mapping with name, about, messages") })
    #expect(
      faults("messages: []").contains { $0.contains("messages: expected a list of at least 1, found []") })
    let pathless = "messages:\n  - { topic: t, time: { path: [], unit: s } }\n"
    #expect(faults(pathless).contains { $0.contains("path: expected a list of at least 1, found []") })
    #expect(faults("messages: 1").contains { $0.contains("messages: expected a list, found") })
    let many = "messages:\n" + String(repeating: "  - { topic: t, ignore: true }\n", count: 65)
    #expect(faults(many).contains { $0.contains("messages") })
  }

  @Test func aNameIsAPresetsOrAFiles() async throws {
    try await withTemporaryFolder { folder in
      try Self.full.write(toFile: "\(folder)/plant.yaml", atomically: true, encoding: .utf8)
      #expect(try PayloadDocument.named("plant.yaml", in: folder).name == "everything")
      #expect(try PayloadDocument.named("\(folder)/plant.yaml").name == "everything")
      #expect(try PayloadDocument.named("tasmota", in: folder).name == "tasmota")
      let fault = #expect(throws: PayloadNameError.self) { try PayloadDocument.named("tasmotta", in: folder) }
      #expect(fault?.description.contains("did you mean “tasmota”?") == true)
    }
  }

  /// A mapping that reads Sonde's own form, as the fleet of these scenarios publishes it.
  private static let own =
    "topic: \"devices/{device}/telemetry\", time: { path: ts, unit: ms }, epoch: epoch, sequence: seq, values: [values]"

  @Test func aScenarioHasAMappingOfItsOwnAPresetOrAFile() async throws {
    try await withTemporaryFolder { folder in
      try "name: plant\nmessages:\n  - { \(Self.own) }\n".write(
        toFile: "\(folder)/plant.yaml", atomically: true, encoding: .utf8)
      let written = try Self.document("{ messages: [{ \(Self.own) }] }", folder)
      #expect(written.payload?.messages.count == 1 && written.payload?.name == "payload")
      #expect(try Self.document("plant.yaml", folder).payload?.name == "plant")
      #expect(try Self.document("./plant.yaml", folder).payload?.messages == written.payload?.messages)
      #expect(try Documents.parse(Documents.small).payload == nil)
    }
  }

  @Test(arguments: [
    ("plant.yaml", "plant.yaml:2:1: unknown key “abuot”; did you mean “about”?"),
    ("nowhere.yaml", "there is no file"), ("tasmotta", "did you mean “tasmota”?"),
    ("[tasmota]", "payload: expected"),
    ("{ messages: [{ topic: \"t/{device}\" }] }", "message lacks one of ignore, time"),
    ("{ messages: [{ topic: \"t/{device\", time: arrival }] }", "topic: a name is written {name}"),
    // Whether ingestion reads with it what the fleet publishes is tried.
    ("tasmota", "no topic of the mapping matches “devices/pump-0001/telemetry”"),
    ("{ messages: [{ \(own), device: \"x/{device}\" }] }", "ingestion reads something else"),
    (
      "{ messages: [{ topic: \"devices/{device}/telemetry\", ignore: true }, { topic: \"t/{device}\", time: arrival }] }",
      "ingestion reads something else"
    ),
  ]) func aScenarioWithAWrongMappingIsRefused(payload: String, reason: String) async throws {
    try await withTemporaryFolder { folder in
      try Self.full.replacing("about:", with: "abuot:").write(
        toFile: "\(folder)/plant.yaml", atomically: true, encoding: .utf8)
      let fault = #expect(throws: Diagnostics.self) { try Self.document(payload, folder) }
      #expect(fault?.description.contains(reason) == true, "\(payload): \(fault?.description ?? "")")
      #expect(fault?.all.first?.location.description.hasPrefix("\(folder)/s.yaml:") == true)
    }
  }

  private static func document(_ payload: String, _ folder: String) throws -> ScenarioDocument {
    let section = "ingestion: { window: 5m"
    precondition(Documents.small.contains(section))
    return try ScenarioDocument.parse(
      ScenarioText(
        path: "\(folder)/s.yaml",
        text: Documents.small.replacing(section, with: "\(section), payload: \(payload)")))
  }
}
