import Discovery
import PayloadMapping
import Scenario
import Telemetry
import TestSupport
import Testing
import Yams

/// A preset is named where it takes what the proposed mapping takes.
@Suite struct FittingPresetTests {
  private static let presets = PayloadPreset.allCases.compactMap { try? PayloadDocument.mapping(of: $0) }

  @Test func everyPresetCanBeAsked() { #expect(Self.presets.count == PayloadPreset.allCases.count) }

  @Test func theOneThatFitsIsNamed() throws {
    for (plant, name) in [
      (Plants.zigbee(), "zigbee2mqtt"), (Plants.chirpstack(), "chirpstack"),
      (Plants.telegraf(), "telegraf-json"),
    ] {
      let survey = plant.surveyed(presets: Self.presets)
      let best = try #require(survey.presets.first, "no preset of \(name)")
      #expect(best.name == name)
      #expect(best.shareOfPlant == 1)
      #expect(survey.advice == .preset)
      #expect(survey.lines.contains("  sonde ingest --payload \(name) …"))
    }
  }

  /// Of a part of a plant it is named, but it is not the plant's.
  @Test func onePartIsNoPlant() throws {
    let survey = Plants.mixed().surveyed(presets: Self.presets)
    let tasmota = try #require(survey.presets.first { $0.name == "tasmota" })
    #expect(tasmota.shareOfPlant < 0.9)
    #expect(survey.advice == .mapping)
  }

  @Test func onesThatTakeTooLittleAreNot() throws {
    #expect(Plants.gateway().surveyed(presets: Self.presets).presets.isEmpty)
    // One that leaves out one value of ten takes all, one that leaves out two does not.
    func preset(leavingOut count: Int) throws -> PayloadMapping {
      var message = MessageMapping(topics: [try TopicPattern("ten/{device}")])
      message.leaveOut = try (0..<count).map { try PayloadPath("v\($0)") }
      return PayloadMapping(name: "ten", messages: [message])
    }
    var plant = Plant()
    let values = (0..<10).map { #""v\#($0)":\#($0)"# }.joined(separator: ",")
    for device in 1...5 { plant.send("ten/d\(device)", "{\(values)}", at: Plant.start) }
    let most = plant.surveyed(presets: [try preset(leavingOut: 1)])
    #expect(most.presets.map(\.takesAll) == [true] && most.advice == .preset)
    let less = plant.surveyed(presets: [try preset(leavingOut: 2)])
    #expect(less.presets.map(\.takesAll) == [false] && less.advice == .mapping)
    #expect(less.lines.contains { $0.hasPrefix("the preset ten knows some of these topics") })
    // One that can read none of its messages is not named.
    var strange = try preset(leavingOut: 0)
    strange.messages[0].time = MappedTime(paths: [try PayloadPath("clock")], unit: .seconds)
    #expect(plant.surveyed(presets: [strange]).presets.isEmpty)
  }

  /// What the sources' documentation shows is surveyed so that each preset is named for its messages, and what is proposed takes nearly as
  /// much: a preset knows words and times that a dozen messages do not show.
  @Test(arguments: PayloadPreset.allCases) func documentedMessagesAreOfTheirPreset(_ preset: PayloadPreset)
    throws
  {
    struct Document: Decodable {
      struct Sent: Decodable {
        var topic: String
        var payload: String
      }
      var messages: [Sent]
    }
    let path = "/Tests/ScenarioTests/PayloadMessages/\(preset.rawValue).yaml"
    let text = try String(contentsOfFile: SondeProgram.packageRoot + path, encoding: .utf8)
    var plant = Plant()
    for one in try YAMLDecoder().decode(Document.self, from: text).messages {
      plant.send(one.topic, one.payload, at: Plant.start)
    }
    let survey = plant.surveyed(presets: Self.presets)
    let proof = try #require(survey.proof)
    #expect(proof.rejected + proof.refusedValues <= 1, "\(survey.lines.joined(separator: "\n"))")
    #expect(try PayloadDocument.parse(survey.mappingYAML ?? "", path: "plant.yaml") == survey.mapping)
    // Of these two the documentation also shows uplinks without a payload, which the presets reject.
    guard preset != .chirpstack, preset != .theThingsStack else { return }
    #expect(survey.presets.first?.name == preset.rawValue, "\(survey.presets)")
  }

  /// The text of a mapping is read as that mapping, for all that mappings can say.
  @Test(arguments: PayloadPreset.allCases) func theTextOfAMappingIsThatMapping(_ preset: PayloadPreset) throws
  {
    let mapping = try PayloadDocument.mapping(of: preset)
    let text = MappingText(mapping).text
    #expect(try PayloadDocument.parse(text, path: "again.yaml") == mapping, "\(text)")
  }
}
