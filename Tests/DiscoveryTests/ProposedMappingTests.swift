import Discovery
import PayloadMapping
import Scenario
import Telemetry
import Testing
import Wording

/// The mapping that is proposed for a plant takes every reading that is in it, and nothing else.
@Suite struct ProposedMappingTests {
  /// A plant, by name.
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let plant: @Sendable () -> Plant
  }

  static let cases = [
    Case(testDescription: "Tasmota", plant: Plants.tasmota),
    Case(testDescription: "Zigbee2MQTT", plant: Plants.zigbee),
    Case(testDescription: "ChirpStack", plant: Plants.chirpstack),
    Case(testDescription: "Telegraf", plant: Plants.telegraf),
    Case(testDescription: "a topic a sensor", plant: Plants.textPerSensor),
    Case(testDescription: "a gateway", plant: Plants.gateway),
    Case(testDescription: "pairs", plant: Plants.pairs),
    Case(testDescription: "line protocol", plant: Plants.lineProtocol),
    Case(testDescription: "areas", plant: Plants.areas),
    Case(testDescription: "one device", plant: Plants.single),
    Case(testDescription: "strangers", plant: Plants.strangers),
    Case(testDescription: "times of other names", plant: Plants.timesOfOtherNames),
    Case(testDescription: "kinds", plant: Plants.kinds),
    Case(testDescription: "crowded", plant: Plants.crowded),
    Case(testDescription: "neighbours", plant: Plants.neighbours),
    Case(testDescription: "gaps", plant: Plants.gaps),
    Case(testDescription: "mixed", plant: Plants.mixed),
  ]

  @Test(.timeLimit(.minutes(30)), arguments: cases) func itTakesEveryReading(_ one: Case) throws {
    let plant = one.plant()
    let survey = plant.surveyed()
    let mapping = try #require(survey.mapping)
    #expect(mapping.problems.isEmpty, "\(mapping.problems)")
    let decoded = plant.decoded(by: mapping)
    let text = survey.mappingYAML ?? ""
    #expect(decoded.reasons.isEmpty, "\(decoded.reasons.prefix(3)) with\n\(text)")
    let expected = plant.readings.sorted()
    let missing = Set(expected).subtracting(decoded.readings).sorted().prefix(5)
    let foreign = Set(decoded.readings).subtracting(expected).sorted().prefix(5)
    #expect(missing.isEmpty && foreign.isEmpty, "missing \(missing), foreign \(foreign) with\n\(text)")
    #expect(decoded.readings == expected)
  }

  /// What is printed is read as the mapping that was tried.
  @Test(.timeLimit(.minutes(30)), arguments: cases) func itsFileIsTheMapping(_ one: Case) throws {
    let survey = one.plant().surveyed()
    let text = survey.document(of: "#", at: "mqtt://127.0.0.1:1883", from: Plant.start)
    #expect(try PayloadDocument.parse(text, path: "plant.yaml") == survey.mapping)
    for line in text.split(separator: "\n") where line.hasPrefix("#") { #expect(line.count <= 80, "\(line)") }
  }

  /// What was tried on the kept messages is what comes of all of them.
  @Test(.timeLimit(.minutes(30)), arguments: cases) func theProofSaysTheSame(_ one: Case) throws {
    let plant = one.plant()
    let survey = plant.surveyed()
    let proof = try #require(survey.proof)
    #expect(survey.keptMessages == plant.sent.count)
    #expect(proof.readings == plant.readings.count)
    #expect(proof.rejected == 0 && proof.refusedValues == 0 && proof.sameTimes == 0)
    #expect(proof.devices == Set(plant.readings.map(\.device)).count)
    #expect(proof.taken + proof.ignored + proof.elsewhere == survey.keptMessages)
  }

  @Test func messagesThatAreNumberedStayNumbered() throws {
    let mapping = try #require(Plants.areas().surveyed().mapping)
    #expect(mapping.messages.map { $0.epoch?.text } == ["boot"])
    #expect(mapping.messages.map { $0.sequence?.text } == ["seq"])
    // A counter without an epoch is no number of a message.
    let counted = try #require(Plants.chirpstack().surveyed().mapping)
    #expect(counted.messages.allSatisfy { $0.sequence == nil && $0.leaveOut.isEmpty })
  }

  /// No reading has the time of its arrival where its message says a time, whatever the other devices of its pattern call theirs.
  @Test func everyMemberThatIsTheTimeIsNamed() throws {
    let survey = Plants.timesOfOtherNames().surveyed()
    let mapping = try #require(survey.mapping)
    #expect(mapping.messages.allSatisfy { !$0.time.isOtherwiseArrival && $0.leaveOut.isEmpty })
    #expect(Set(mapping.messages.flatMap(\.time.paths).map(\.text)) == ["ts", "when", "date"])
    let times = survey.patterns.flatMap(\.fields).filter { $0.role == .time }
    #expect(Set(times.map(\.path)) == ["ts", "when", "date"])
  }

  @Test func whatIsReadAnywayNeedsNoMapping() {
    for plant in [Plants.canonical(), Plants.senML()] {
      let survey = plant.surveyed()
      #expect(survey.advice == .noMappingNeeded)
      #expect(survey.mapping == nil && survey.mappingYAML == nil)
    }
    #expect(Plants.canonical().surveyed().lines.contains("  sonde ingest --topic 'devices/+/telemetry' …"))
  }

  /// SenML is in no mapping; beside others it is said to be left.
  @Test func whatNoMappingTakesIsSaid() throws {
    let survey = Plants.mixed().surveyed()
    #expect(survey.lines.contains { $0.hasPrefix("not in the mapping: sensors/node-1/senml") })
    #expect(try #require(survey.proof).elsewhere == Plants.senML().sent.count)
  }

  /// A line of a member that does not fit ends with a mark; one name is no several.
  @Test func whatIsCutIsMarked() {
    var plant = Plant()
    for round in 0..<4 {
      plant.send(
        "tele/pump-1/SENSOR",
        #"{"temp":\#(round),"mode":"\#(String(repeating: "mode ", count: 12))\#(round)"}"#,
        at: Plants.time(round))
    }
    for number in 0..<3 { plant.send("a/b-\(number)/c", #"{"v":\#(number)}"#, at: Plants.time(number)) }
    let lines = plant.surveyed().lines
    let mode = lines.filter { $0.hasPrefix("    left out mode") }
    #expect(mode.count == 1 && mode.allSatisfy { $0.hasSuffix("…") && $0.columns == 78 }, "\(lines)")
    #expect(
      lines.allSatisfy { !$0.hasSuffix("…") || $0.columns == 78 || $0.contains("sonde ingest") }, "\(lines)")
    #expect(lines.contains { $0.hasSuffix("the level has 3 names") }, "\(lines)")
    // Of two devices one sends what can be read.
    var half = Plant()
    for round in 0..<4 {
      half.send("a/b-1/c", #"{"v":\#(round)}"#, at: Plants.time(round))
      half.send("a/b-2/c", [0xFF, 0x00], at: Plants.time(round))
    }
    let said = half.surveyed().lines
    #expect(said.contains { $0.hasSuffix("the level has 1 name") }, "\(said)")
  }

  @Test func nothingIsProposedForNothing() {
    #expect(Plant().surveyed().advice == .nothingHeard)
    var plant = Plant()
    plant.send("notes", "a text, and no value", at: Plant.start)
    plant.send("frames", [0xFF, 0x00, 0x80], at: Plant.start)
    plant.send("spBv1.0/g/DDATA/e/d", [0x08, 0xC8, 0x01, 0xFF], at: Plant.start)
    let survey = plant.surveyed()
    #expect(survey.advice == .nothingToTake)
    #expect(survey.mapping == nil)
    #expect(Set(survey.patterns.map(\.outcome)) == [.nothing, .unreadable])
  }
}
