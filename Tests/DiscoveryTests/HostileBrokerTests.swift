import Discovery
import Scenario
import Telemetry
import Testing

/// A survey keeps no more than its bounds, whatever a broker sends, and says what it has not kept.
@Suite struct HostileBrokerTests {
  private func take(
    _ survey: inout TopicSurvey, _ topic: String, _ payload: String, at seconds: Int = 0
  ) {
    survey.take(topic: topic, payload: Array(payload.utf8), arrival: Plant.start + .seconds(seconds))
  }

  private func expectBounds(_ survey: TopicSurvey, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(survey.topics <= DiscoveryDefaults.maximumNodes, sourceLocation: sourceLocation)
    #expect(survey.levels <= DiscoveryDefaults.maximumNodes, sourceLocation: sourceLocation)
    #expect(survey.keptMessages <= DiscoveryDefaults.maximumKeptMessages, sourceLocation: sourceLocation)
    #expect(survey.keptBytes <= DiscoveryDefaults.maximumKeptBytes, sourceLocation: sourceLocation)
  }

  /// Every message is told of by some pattern, or as one that was not counted by its topic.
  private func expectEveryMessage(_ plant: PlantSurvey, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(plant.patternsNotShown == 0, sourceLocation: sourceLocation)
    #expect(
      plant.patterns.reduce(0) { $0 + $1.messages } + plant.uncounted == plant.messages,
      sourceLocation: sourceLocation)
  }

  @Test(.timeLimit(.minutes(30))) func aHundredThousandTopicsAreOnePattern() throws {
    var survey = TopicSurvey()
    for number in 0..<100_000 {
      take(&survey, "plant/device-\(number)/telemetry", #"{"temp":\#(number % 90)}"#)
    }
    expectBounds(survey)
    #expect(survey.uncounted == 0)
    let plant = PlantSurvey(survey, heardFor: .seconds(60))
    expectEveryMessage(plant)
    #expect(plant.patterns.map(\.topic) == ["plant/{device}/telemetry"])
    #expect(plant.patterns.first?.hasMoreTopics == true)
    #expect(try #require(plant.proof).rejected == 0)
  }

  /// Names that never come again on every level: there is no pattern in them, and they are still counted.
  @Test(.timeLimit(.minutes(30))) func topicsThatNeverComeAgainAreCounted() {
    var survey = TopicSurvey()
    for number in 0..<100_000 {
      let levels = (0..<8).map { String((number &* 2_654_435_761) >> ($0 * 3) & 0xFFFF, radix: 36) }
      take(&survey, levels.joined(separator: "/"), "\(number)")
    }
    expectBounds(survey)
    #expect(survey.messages == 100_000)
    let plant = PlantSurvey(survey, heardFor: .seconds(60))
    #expect(plant.patterns.count + plant.patternsNotShown > 0)
    #expect(plant.patterns.count <= DiscoveryDefaults.maximumPatterns)
  }

  @Test func topicsThatAreTooLongOrTooDeepAreCountedAlone() {
    var survey = TopicSurvey()
    take(&survey, String(repeating: "a", count: DiscoveryDefaults.maximumTopicBytes + 1), "1")
    take(&survey, String(repeating: "a/", count: DiscoveryDefaults.maximumLevels), "1")
    take(&survey, String(repeating: "a/", count: DiscoveryDefaults.maximumLevels - 1), "1")
    #expect(survey.uncounted == 2)
    #expect(survey.topics == 1)
    let plant = PlantSurvey(survey, heardFor: .seconds(1))
    expectEveryMessage(plant)
    #expect(plant.lines.contains { $0.hasPrefix("2 messages of topics that were not told apart") })
  }

  @Test(.timeLimit(.minutes(30))) func largePayloadsFillNoMoreThanTheirBound() throws {
    var survey = TopicSurvey()
    let filler = String(repeating: "x", count: PayloadCodec.maximumBytes - 64)
    for number in 0..<1_000 {
      // Each of a form of its own: of these some are kept whatever there is already.
      take(&survey, "large/\(number % 100)", #"{"temp":\#(number),"text\#(number / 100)":"\#(filler)"}"#)
    }
    for number in 0..<10 { take(&survey, "larger/\(number)", filler + filler) }
    expectBounds(survey)
    #expect(survey.keptMessages < 200)
    let plant = PlantSurvey(survey, heardFor: .seconds(60))
    expectEveryMessage(plant)
    let larger = try #require(plant.patterns.first { $0.topic.hasPrefix("larger") })
    #expect(larger.payloads == ["too-large": 10])
    #expect(larger.keptMessages == 0)
  }

  /// A level beyond what ingestion reads is no JSON to it, and none to the survey; one less is.
  @Test func deepPayloadsAreReadAsFarAsIngestionReadsThem() {
    func kind(_ depth: Int) -> [String: Int]? {
      var survey = TopicSurvey()
      let opening = String(repeating: #"{"a":"#, count: depth)
      take(&survey, "deep", opening + "1" + String(repeating: "}", count: depth))
      return PlantSurvey(survey, heardFor: .seconds(1)).patterns.first?.payloads
    }
    #expect(kind(JSONText.maximumDepth) == ["json": 1])
    #expect(kind(JSONText.maximumDepth + 1) == ["text": 1])
    #expect(kind(10_000) == ["text": 1])
  }

  /// Members that are other ones in every message, and more in one message than are looked at.
  @Test(.timeLimit(.minutes(30))) func membersWithoutEndAreCut() throws {
    var survey = TopicSurvey()
    for number in 0..<2_000 { take(&survey, "keys", #"{"temp":1,"k\#(number)":\#(number)}"#, at: number) }
    let wide = (0..<5_000).map { #""m\#($0)":1"# }.joined(separator: ",")
    take(&survey, "wide", "{\(wide)}")
    let plant = PlantSurvey(survey, heardFor: .seconds(60))
    for pattern in plant.patterns { #expect(pattern.fields.count <= DiscoveryDefaults.maximumPaths) }
    #expect(plant.lines.count < 200)
    #expect(try #require(plant.mappingYAML).utf8.count < 200_000)
  }

  /// What a broker sends ends in comments of a file and on a terminal.
  @Test func namesCannotWriteLinesOfTheirOwn() throws {
    var survey = TopicSurvey()
    let evil = "a\nmessages: []\n\u{1B}[2J#\u{2028}"
    for number in 0..<20 {
      let key = #"key\nx: 1 # \"\u001b[2J\\"#
      take(&survey, "\(evil)/d\(number % 3)/x", #"{"\#(key)":\#(number),"word":"on\noff \#(evil.count)"}"#)
    }
    let plant = PlantSurvey(survey, heardFor: .seconds(60))
    let text = plant.document(of: "#", at: "mqtt://127.0.0.1:1883", from: Plant.start)
    #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" || $0.value == 0x2028 })
    let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
    #expect(lines.count { $0.hasPrefix("messages:") } == 1)
    for line in lines { #expect(!line.hasPrefix("x: 1")) }
    #expect(try #require(plant.proof).readings == 20)
  }

  /// Scalars that YAML reads nowhere, or only at the beginning of a file: in levels, members, words and names of devices.
  @Test(arguments: ["\u{FEFF}", "\u{FFFE}", "\u{FFFF}", "\u{7F}", "\u{85}", "\u{9F}", "\u{2028}", "\u{2029}"])
  func aFileWithNamesThatAreNotPrintableIsReadBack(mark: String) throws {
    var survey = TopicSurvey()
    for number in 0..<20 {
      let device = "d\(mark)\(number % 3)"
      take(
        &survey, "a\(mark)b/\(device)/x",
        #"{"v\#(mark)":\#(number),"id\#(mark)":"\#(device)","word":"one\#(mark)\#(number % 2)","t\#(mark)_id":\#(number)}"#
      )
      take(&survey, "k\(mark)/temp\(mark)", number % 2 == 0 ? "up\(mark)" : "down")
      take(&survey, "n\(mark)/devices/c/telemetry\(mark)", #"{"k\#(mark)":1,"\#(mark)":\#(number)}"#)
    }
    let plant = PlantSurvey(survey, heardFor: .seconds(60))
    let text = plant.document(of: "#\(mark)", at: "mqtt://127.0.0.1:1883", from: Plant.start)
    #expect(!text.unicodeScalars.contains { mark.unicodeScalars.contains($0) })
    #expect(try PayloadDocument.parse(text, path: "plant.yaml") == plant.mapping)
    #expect(try #require(plant.proof).rejected == 0)
  }

  @Test func theSameMessagesLeaveTheSameSurvey() {
    let (a, b) = (Plants.mixed().surveyed(), Plants.mixed().surveyed())
    #expect(a.lines == b.lines)
    #expect(a.mappingYAML == b.mappingYAML)
  }
}
