import Documents
import Foundation
import Scenario
import Telemetry
import Testing

/// Seeds as people write them, and scenarios that have several.
@Suite struct SeedListTests {
  private static let lists: [(text: String, seeds: [UInt64], again: String)] = [
    ("1..3", [1, 2, 3], "1..3"), ("1,5,9", [1, 5, 9], "1,5,9"), ("1..3,7", [1, 2, 3, 7], "1..3,7"),
    (" 9 , 1 .. 2 ", [9, 1, 2], "9,1,2"), ("7..7", [7], "7..7"), ("0,1", [0, 1], "0,1"),
    (
      "18446744073709551614..18446744073709551615", [.max - 1, .max],
      "18446744073709551614,18446744073709551615"
    ),
    ("3,2,1", [3, 2, 1], "3,2,1"), ("007..9", [7, 8, 9], "7..9"),
  ]

  @Test(arguments: lists)
  func whatIsWrittenIsRead(text: String, seeds: [UInt64], again: String) throws {
    let list = try SeedList(text)
    #expect(list.seeds == seeds)
    #expect(list.description == again)
    #expect(try SeedList(again) == list)
  }

  private static let faultyLists: [(text: String, reason: String)] = [
    ("", "a seed is missing"), ("1,", "a seed is missing"), ("a..b", "“a” is no seed"),
    ("10..1", "runs backwards; write 1..10"), ("1..", "lacks an end"), ("..5", "lacks an end"),
    ("1...5", "“.5” is no seed"), ("1-5", "“1-5” is no seed"), ("-1..3", "“-1” is no seed"),
    ("+1,2", "“+1” is no seed"),
    ("1..3,2", "seed 2 is given twice"), ("5,5", "seed 5 is given twice"),
    ("10", "“10” alone may be one seed or the number of them; write 10..10, or 1..10"),
    ("1..1001", "there are more than 1000 seeds"),
    ("0..18446744073709551615", "there are more than 1000 seeds"),
    ("1..600,1001..1600", "there are more than 1000 seeds"), ("1,18446744073709551616", "is too great"),
    ("1.5,2", "“1.5” is no seed"), ("0x1..3", "“0x1” is no seed"),
  ]

  @Test(arguments: faultyLists)
  func whatIsNoneIsRefusedWithTheReason(text: String, reason: String) {
    #expect {
      try SeedList(text)
    } throws: {
      "\($0)".contains(reason)
    }
  }

  @Test func asManyAsMayBe() throws { #expect(try SeedList("1..1000").seeds.count == SeedList.most) }

  private static let several = Documents.small.replacing("seed: 7", with: "seeds: 4..6")

  private static let writtenSeeds: [(written: String, seeds: [UInt64])] = [
    ("4..6", [4, 5, 6]), ("\"1,5\"", [1, 5]), ("[1, 5, 9]", [1, 5, 9]), ("[1..3, 7]", [1, 2, 3, 7]),
    ("[3]", [3]), ("[\"3\", 4]", [3, 4]), ("1,5,9", [1, 5, 9]),
  ]

  @Test(arguments: writtenSeeds)
  func aScenarioHasSeeds(written: String, seeds: [UInt64]) throws {
    let document = try Documents.parse(Documents.small.replacing("seed: 7", with: "seeds: \(written)"))
    #expect(document.seeds?.seeds == seeds)
    #expect(document.seed == seeds[0])
  }

  private static let faultySeeds: [(written: String, reason: String)] = [
    ("10", "“10” alone may be one seed or the number of them"), ("[]", "there is no seed"),
    ("[1, 1]", "seed 1 is given twice"), ("[1..3, 2]", "seed 2 is given twice"), ("[-1]", "expected a seed"),
    ("[1.5]", "expected a seed"), ("9..1", "runs backwards"), ("[~]", "expected a seed"),
    ("~", "expected seeds such as"),
    ("{ a: 1 }", "expected seeds such as"), ("many", "“many” is no seed"), ("[many]", "“many” is no seed"),
  ]

  @Test(arguments: faultySeeds)
  func aScenariosSeedsAreRefusedWithTheirPlace(written: String, reason: String) {
    let faults = Documents.faults("seed: 7", "seeds: \(written)")
    #expect(faults.count == 1, "\(faults)")
    #expect(
      faults.allSatisfy { $0.hasPrefix("s.yaml:2:") && $0.contains("seeds: ") && $0.contains(reason) },
      "\(faults)")
  }

  @Test func seedAndSeedsExcludeEachOther() {
    let faults = Documents.faults("seed: 7", "seed: 7\nseeds: 1..3")
    #expect(faults.count == 1 && faults[0].contains("seed and seeds exclude each other"), "\(faults)")
  }

  /// The command line goes before the file, and one seed before several.
  @Test func theCommandLineDecides() throws {
    let own = ScenarioText(path: "s.yaml", text: Self.several)
    #expect(try ScenarioDocument.parse(own).seeds?.seeds == [4, 5, 6])
    let one = try ScenarioDocument.parse(own.with(seed: 3))
    #expect(one.seeds == nil && one.seed == 3)
    let others = ScenarioText(path: "s.yaml", text: Documents.small, seeds: try SeedList("1,2"))
    #expect(try ScenarioDocument.parse(others).seeds?.seeds == [1, 2])
  }

  /// What is demanded of all runs is not demanded of each, and is demanded of a run that is the only one.
  @Test func expectationsOverSeedsAreNotThoseOfARun() throws {
    let text = Self.several + "\n  - median(detection.recall) >= 0.9"
    let all = try ScenarioDocument.parse(ScenarioText(path: "s.yaml", text: text))
    #expect(all.seedSubject.seeds == [4, 5, 6] && all.seedSubject.expectations.count == 2)
    let run = try all.run(with: 5)
    #expect(run.seed == 5 && run.seeds == nil)
    #expect(run.expectationsOfRun.map(\.expression) == ["readings.lost == 0"])
    let alone = try ScenarioDocument.parse(ScenarioText(path: "s.yaml", text: text, seed: 5))
    #expect(alone.expectationsOfRun.count == 2)
  }

  @Test func aFigureThatNothingFillsIsRefusedInsideAFunctionToo() throws {
    let text = Self.several.replacing("readings.lost == 0", with: "median(schedule_lag_ms.p99) < 5")
    let document = try Documents.parse(text)
    #expect {
      try document.checkEachSeed { try $0.checkExpectations() }
    } throws: {
      "\($0)".contains("nothing fills schedule_lag_ms.p99") && "\($0)".contains("(with seed 4)")
    }
  }

  /// A run says in its files of which seeds it is one.
  @Test func aScenarioTextWithSeedsIsWrittenAndReadAgain() throws {
    let text = ScenarioText(path: "/x/s.yaml", text: "name: s", seed: 5, seeds: try SeedList("1..9"))
    let again = try JSONDecoder().decode(ScenarioText.self, from: JSONEncoder().encode(text))
    #expect(again == text)
  }
}
