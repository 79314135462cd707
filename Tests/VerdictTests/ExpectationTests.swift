import Files
import Testing
import Verdict

@Suite struct ExpectationTests {
  private let report = JSONValue.object([
    "readings": .object(["lost": .number(0), "stored": .number(172_800)]),
    "detection": .object([
      "recall": .number(0.93), "delay_seconds": .object(["p90": .number(840)]), "vus_pr": .null,
      "by_kind": .object(["stuck-at": .object(["recall": .number(1)])]),
    ]),
    "ingestion": .object(["end_to_end_ms": .object(["p99": .number(80), "p99.9": .number(120)])]),
    "cluster": .array([
      .object(["nodes": .number(1), "mode": .text("measured"), "speedup": .number(1)]),
      .object(["nodes": .number(4), "mode": .text("measured"), "speedup": .number(3.4)]),
      .object(["nodes": .number(4), "mode": .text("simulated"), "speedup": .number(3.6)]),
    ]),
  ])

  @Test(arguments: [
    ("readings.lost == 0", true), ("readings.lost != 0", false), ("readings.stored == 172800", true),
    ("detection.recall >= 0.9", true), ("detection.recall > 0.93", false), ("detection.recall<1", true),
    ("detection.delay_seconds.p90 <= 900", true), ("ingestion.end_to_end_ms.p99.9 > 100", true),
    ("ingestion.end_to_end_ms.p99 < 100", true), ("detection.by_kind.stuck-at.recall == 1e0", true),
    ("cluster[nodes=4,mode=measured].speedup > 3.5", false), ("cluster[nodes=1].mode == measured", true),
    ("  readings.lost  ==  -0  ", true),
  ])
  func comparisons(expression: String, passed: Bool) throws {
    let result = try Expectation(expression).evaluate(report)
    #expect(result.passed == passed)
    #expect(result.expression == expression)
    #expect((result.explanation == nil) == passed)
  }

  @Test(arguments: [
    ("detection.vus_pr > 0", "detection.vus_pr was not measured in this run"),
    ("detection.f1 > 0", "detection has no “f1”; it has by_kind, delay_seconds, recall, vus_pr"),
    ("detection.by_kind.maen.recall > 0", "by_kind has no “maen”; it has stuck-at"),
    ("cluster[nodes=4].speedup > 3", "cluster has 2 entries with nodes=4; choose by another field too"),
    ("cluster[nodes=8].speedup > 3", "cluster has no entry with nodes=8"),
    ("scoring.jobs == 1", "the report has no “scoring”; it has cluster, detection, ingestion, readings"),
  ])
  func whatIsNotThereFailsAndSaysWhy(expression: String, explanation: String) throws {
    let result = try Expectation(expression).evaluate(report)
    #expect(!result.passed)
    #expect(result.actual == .null)
    #expect(result.explanation == explanation)
  }

  @Test(arguments: [
    ("detection.recal >= 0.9", 10, "recall"), ("detecton.recall >= 0.9", 0, "detection"),
    ("cluster[node=4].speedup > 3", 8, "nodes"), ("ingestion.end_to_end_ms.p99.8 > 3", 24, "p99.9"),
    ("detection.delay_seconds.p95 > 3", 24, "p90"),
  ])
  func anUnknownNameHasItsPlaceAndTheNearest(expression: String, offset: Int, nearest: String) {
    #expect {
      try Expectation(expression)
    } throws: {
      let error = $0 as? ExpectationError
      return error?.offset == offset && error?.suggestion == nearest
    }
  }

  @Test(arguments: [
    ("", 0), ("readings.lost", 13), ("readings.lost = 0", 14), ("readings.lost == ", 17),
    ("readings.lost == many", 17),
    ("readings == 0", 0), ("cluster.speedup > 3", 0), ("readings[a=1].lost == 0", 0),
    ("cluster[nodes=4.speedup > 3", 27),
    ("cluster[nodes=1].mode > measured", 24), ("readings.lost.x == 0", 14), ("readings..lost == 0", 9),
    ("detection.by_kind == 0", 0), ("readings.lost == 0x10", 17), ("readings.lost === 0", 14),
  ])
  func whatCannotBeReadHasItsPlace(expression: String, offset: Int) {
    #expect {
      try Expectation(expression)
    } throws: {
      ($0 as? ExpectationError)?.offset == offset
    }
  }

  @Test func aReportIsWhatItsJSONSays() throws {
    struct Readings: Encodable {
      let lost = 0
      let share = 0.5
      let note: String? = nil
      let names = ["a"]
      let isDone = true
    }
    #expect(
      try JSONValue(encoding: Readings())
        == .object([
          "lost": .number(0), "share": .number(0.5), "names": .array([.text("a")]), "isDone": .bool(true),
        ]))
    #expect(JSONValue.number(172_800).description == "172800")
  }
}
