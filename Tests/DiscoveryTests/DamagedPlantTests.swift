import Discovery
import PayloadMapping
import Telemetry
import Testing

/// Where the mapping that is proposed does not fit a part of the plant, the proof says so, and where.
@Suite struct DamagedPlantTests {
  private func time(_ round: Int) -> Timestamp { Plant.start + .seconds(round * 2) }

  /// Forty messages of two devices, of which `payload` makes those of the second.
  private func plant(_ payload: (_ round: Int, _ time: Timestamp) -> String) -> Plant {
    var plant = Plant()
    for round in 0..<40 {
      let sound = #"{"ts":\#(time(round).milliseconds),"temp":\#(round),"state":"on"}"#
      plant.send("hall/press-1/data", sound, at: time(round))
      plant.send("hall/press-2/data", payload(round, time(round)), at: time(round))
    }
    return plant
  }

  @Test func aSoundPlantHasNoFinding() throws {
    let proof = try #require(
      plant { #"{"ts":\#($1.milliseconds),"temp":\#($0),"state":"on"}"# }.surveyed().proof)
    #expect(proof.readings == 160 && proof.rejected == 0 && proof.refusedValues == 0 && proof.sameTimes == 0)
    #expect(proof.reasons.isEmpty)
  }

  @Test func aValueThatIsNoNumberIsFound() throws {
    let survey = plant {
      #"{"ts":\#($1.milliseconds),"temp":\#($0 == 7 ? "NaN" : "\($0)"),"state":"on"}"#
    }.surveyed()
    let proof = try #require(survey.proof)
    #expect(proof.refusedValues == 1)
    #expect(proof.reasons.count == 1 && proof.reasons[0].reason.contains("temp"))
    #expect(survey.lines.contains { $0.contains("1 value refused") })
  }

  @Test func aTimeThatIsNoneIsFound() throws {
    let survey = plant {
      #"{"ts":\#($0 == 7 ? #""soon""# : "\($1.milliseconds)"),"temp":\#($0),"state":"on"}"#
    }.surveyed()
    let proof = try #require(survey.proof)
    #expect(proof.rejected == 1)
    #expect(proof.reasons.count == 1 && proof.reasons[0].reason.contains("soon"))
  }

  @Test func aPayloadOfAnotherKindIsFound() throws {
    let survey = plant { $0 == 7 ? "restarting" : #"{"ts":\#($1.milliseconds),"temp":\#($0),"state":"on"}"# }
      .surveyed()
    #expect(try #require(survey.proof).rejected == 1)
    #expect(survey.patterns[0].note.contains("1 of 80 kept messages are of another kind"))
  }

  /// Two messages of one time: the time of the device is too coarse for its messages.
  @Test func timesThatAreTooCoarseAreFound() throws {
    let survey = plant {
      #"{"ts":\#(($1 - .seconds($0 % 2 * 2)).milliseconds),"temp":\#($0),"state":"on"}"#
    }.surveyed()
    #expect(try #require(survey.proof).sameTimes == 20)
    #expect(survey.lines.joined(separator: " ").contains("20 readings would be refused"))
  }

  /// A word that nobody can know the number of is left out, and told.
  @Test func wordsWithoutNumbersAreTold() throws {
    let words = ["grinding", "polishing", "waiting"]
    let survey = plant { #"{"ts":\#($1.milliseconds),"temp":\#($0),"state":"\#(words[$0 % 3])"}"# }.surveyed()
    let field = try #require(survey.patterns[0].fields.first { $0.path == "state" })
    #expect(field.role == .leftOut)
    for word in words { #expect(field.reason.contains(word)) }
    // Not even a part of them, because the sound device's “on” is known.
    #expect(try #require(survey.proof).readings == 80)
  }

  /// A plant whose clocks are all an hour behind: the zone is found, and a clock that is wrong by itself is told.
  @Test func clocksThatAreWrongAreTold() throws {
    var plant = Plant()
    for round in 0..<20 {
      plant.send(
        "hall/press-1/data", #"{"ts":\#((time(round) - .seconds(2 * 3600)).milliseconds),"temp":\#(round)}"#,
        at: time(round))
    }
    let field = plant.surveyed().patterns[0].fields.first { $0.role == .time }
    #expect(try #require(field).reason.contains("2h before its arrival"))
  }
}
