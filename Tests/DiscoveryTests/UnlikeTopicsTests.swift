import Discovery
import PayloadMapping
import Telemetry
import Testing

/// Topics of which one entry cannot read all are not one pattern, and where they must be, it is said.
@Suite struct UnlikeTopicsTests {
  private func topics(_ plant: Plant) throws -> [String] {
    try #require(plant.surveyed().mapping).messages.flatMap(\.topics).map(\.text).sorted()
  }

  /// Payloads of JSON, by what stands in them.
  private static func object(_ round: Int) -> String {
    #"{"t":\#(Plants.time(round).milliseconds),"temp":\#(round)}"#
  }
  private static func list(_ round: Int) -> String { "[\(object(round)),\(object(round + 1))]" }

  @Test func eachKindHasAnEntry() throws {
    #expect(
      try topics(Plants.kinds()) == [
        "plant/counts/{device}", "plant/level/{device}", "plant/lines/{device}", "plant/power/{device}",
        "plant/weather/{device}",
      ])
    let survey = Plants.kinds().surveyed()
    #expect(survey.patterns.allSatisfy { $0.payloads.count == 1 }, "\(survey.lines)")
    #expect(survey.lines.contains { $0.hasPrefix("not in the mapping: plant/pack/+") })
  }

  /// Names that are alike in two lots, which vary in the same levels: the larger lot is the pattern that varies.
  @Test func lotsThatVaryAlikeAreTakenApart() throws {
    #expect(
      try topics(Plants.crowded()) == [
        "batch/{device}", "csv/+", "pack/+", "queue/{device}", "senml/+", "table/+", "{area}/{device}",
      ])
    let proof = try #require(Plants.crowded().surveyed().proof)
    #expect(proof.rejected == 0 && proof.idleTopics == 0)
  }

  /// More names than are taken apart stay one pattern, of which it is said what they are.
  @Test func moreThanAreTakenApartAreTold() throws {
    func plant(_ lists: Int) -> Plant {
      var plant = Plant()
      for round in 0..<4 {
        for number in 0..<30 { plant.send("hall/dev-\(number)", Self.object(round), at: Plants.time(round)) }
        for number in 0..<lists { plant.send("hall/arr-\(number)", Self.list(round), at: Plants.time(round)) }
      }
      return plant
    }
    #expect(try topics(plant(16)).count == 17)
    #expect(try #require(plant(16).surveyed().proof).rejected == 0)
    let survey = plant(17).surveyed()
    #expect(try topics(plant(17)) == ["hall/{device}"])
    #expect(
      survey.patterns[0].note == "68 of 188 kept messages are of another kind, 68 of them lists",
      "\(survey.patterns[0].note)")
    // Not ignored, as if that were right.
    let proof = try #require(survey.proof)
    #expect(proof.rejected == 68 && proof.ignored == 0)
  }

  /// Objects and lists on one topic: no topic tells them apart.
  @Test func twoShapesOnOneTopicAreTold() throws {
    var plant = Plant()
    for round in 0..<30 {
      plant.send(
        "hall/dev-1", round % 3 == 0 ? Self.object(round) : Self.list(round * 2), at: Plants.time(round))
    }
    let survey = plant.surveyed()
    #expect(
      survey.patterns.map(\.note) == ["10 of 30 kept messages are of another kind, 10 of them no lists"])
    let proof = try #require(survey.proof)
    #expect(proof.taken == 20 && proof.rejected == 10, "\(survey.lines)")
  }

  /// A topic of a pattern that is taken, of which nothing is: the proof names it.
  @Test func topicsThatAreIgnoredAreNamed() throws {
    func survey(_ gears: [String]) -> PlantSurvey {
      var plant = Plant()
      for round in 0..<8 {
        for device in ["dev-1", "dev-2"] {
          plant.send("hall/\(device)/pump", ["on", "off"][round % 2], at: Plants.time(round))
          plant.send("hall/\(device)/gear", gears[round % gears.count], at: Plants.time(round))
        }
      }
      return plant.surveyed()
    }
    #expect(try #require(survey(["open", "closed"]).proof).idleTopics == 0)
    // Half is not most.
    #expect(try #require(survey(["open", "drive"]).proof).idleTopics == 0)
    let survey = survey(["park", "drive"])
    let proof = try #require(survey.proof)
    #expect(proof.idleTopics == 2 && proof.idleTopic == "hall/dev-1/gear")
    let text = survey.lines.joined(separator: " ").split(separator: " ").joined(separator: " ")
    #expect(text.contains("most messages on 2 topics are ignored"), "\(survey.lines)")
    #expect(text.contains("such as hall/dev-1/gear"), "\(survey.lines)")
  }

  /// `null` between records costs nothing, and a number between them itself alone.
  @Test func whatStandsBetweenRecordsIsNone() throws {
    let records = try #require(Plants.gaps().surveyed().mapping).messages.map(\.records?.text)
    #expect(records == ["list.*", "*"])
    var plant = Plant()
    for round in 0..<8 {
      plant.send("gate/data", #"{"gw":"g","list":[\#(Self.object(round)),5,null]}"#, at: Plants.time(round))
    }
    let survey = plant.surveyed()
    let proof = try #require(survey.proof)
    #expect(proof.readings == 8 && proof.refusedValues == 8 && proof.rejected == 0, "\(survey.lines)")
    // A list of lists is no list of records.
    var lists = Plant()
    for round in 0..<8 {
      lists.send("gate/data", #"{"v":\#(round),"list":[\#(Self.object(round)),[1]]}"#, at: Plants.time(round))
    }
    #expect(try #require(lists.surveyed().mapping).messages.allSatisfy { $0.records == nil })
  }
}
