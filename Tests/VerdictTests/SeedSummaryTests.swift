import Files
import Telemetry
import Testing
import Verdict

/// What the runs with several seeds say together.
@Suite struct SeedSummaryTests {
  private static func report(
    recall: Double?, lost: Double = 0, verdict: String = "passed", reason: String? = nil,
    cluster: [JSONValue] = [], kinds: [String: Double] = [:]
  ) -> JSONValue {
    .object([
      "scenario": .text("s"), "verdict": .text(verdict), "reason": reason.map(JSONValue.text) ?? .null,
      "elapsed_seconds": .number(1.1), "seed": .number(9), "expectations": .array([]),
      "readings": .object(["lost": .number(lost)]),
      "detection": .object([
        "recall": recall.map(JSONValue.number) ?? .null,
        "by_kind": .object(kinds.mapValues { .object(["recall": .number($0)]) }),
      ]),
      "cluster": .array(cluster),
    ])
  }

  private static func cell(_ nodes: Double, _ mode: String, speedup: Double) -> JSONValue {
    .object(["nodes": .number(nodes), "mode": .text(mode), "speedup": .number(speedup), "vm_size": .null])
  }

  private static func summary(
    _ runs: [SeedRun], expecting expressions: [String] = [], seeds: [UInt64]? = nil, isJudged: Bool = true
  ) throws -> SeedSummary {
    SeedSummary(
      .init(
        scenario: "s", seeds: seeds ?? runs.map(\.seed),
        expectations: try expressions.map { try Expectation($0) }, isJudged: isJudged), runs)
  }

  private static func runs(recalls: Double?...) -> [SeedRun] {
    recalls.enumerated().map { SeedRun(seed: UInt64($0 + 1), report: report(recall: $1)) }
  }

  /// What a reader of `report.json` finds under `path`.
  private static func value(_ json: JSONValue, _ path: String) -> JSONValue? {
    path.split(separator: ".").reduce(Optional(json)) { value, name in
      if case .object(let members)? = value { members[String(name)] } else { nil }
    }
  }

  private static let figures: [(values: [Double], median: Double, min: Double, max: Double)] = [
    ([3.0], 3.0, 3.0, 3.0), ([3, 1], 2, 1, 3), ([1, 5, 3], 3, 1, 5), ([4, 1, 3, 2], 2.5, 1, 4),
    ([0.1, 0.2], 0.15, 0.1, 0.2), ([0.7, 0.7, 0.1, 0.9], 0.7, 0.1, 0.9), ([-1, 1], 0, -1, 1),
    ([1e308, 1.2e308], 1.1e308, 1e308, 1.2e308),
  ]

  @Test(arguments: figures)
  func medianAndRange(values: [Double], median: Double, min: Double, max: Double) throws {
    let figure = try #require(
      SeedFigure(values.enumerated().map { .init(seed: UInt64($0 + 1), number: $1) }))
    #expect(figure.median == median && figure.min == min && figure.max == max)
    #expect(values[Int(figure.minSeed) - 1] == min && values[Int(figure.maxSeed) - 1] == max)
    #expect(figure.runs == values.count)
  }

  @Test func nothingHasNoMedian() { #expect(SeedFigure([]) == nil) }

  @Test func everyNumberOfTheReportIsAFigureUnderItsName() throws {
    let json = try Self.summary(Self.runs(recalls: 0.9, nil, 0.5, 0.7)).json()
    #expect(
      Self.value(json, "detection.recall")
        == .object([
          "median": .number(0.7), "min": .number(0.5), "max": .number(0.9), "min_seed": .number(3),
          "max_seed": .number(1), "runs": .number(3),
        ]))
    #expect(Self.value(json, "readings.lost.runs") == .number(4))
    // A figure that no run has, and a section that none has, are there and null.
    #expect(Self.value(json, "detection.auc_pr") == .null && Self.value(json, "replay") == .null)
    // Names and details have no median, and the seeds stand in a list.
    #expect(Self.value(json, "losses") == nil && Self.value(json, "seed") == nil)
    #expect(
      Self.value(json, "seeds") == .array([.number(1), .number(2), .number(3), .number(4)]))
    #expect(Self.value(json, "total_seconds") == .number(4.4))
  }

  @Test func aKindThatOnlySomeRunsHaveCountsThoseRuns() throws {
    let json = try Self.summary([
      SeedRun(seed: 1, report: Self.report(recall: 1, kinds: ["mean": 0.5])),
      SeedRun(seed: 2, report: Self.report(recall: 1, kinds: ["mean": 1, "spike": 0])),
    ]).json()
    #expect(Self.value(json, "detection.by_kind.mean.recall.median") == .number(0.75))
    #expect(Self.value(json, "detection.by_kind.spike.recall.runs") == .number(1))
  }

  /// Rows of a list are put together by what tells them apart, in whatever order they come.
  @Test func entriesOfListsKeepTheirKeys() throws {
    let json = try Self.summary([
      SeedRun(
        seed: 1,
        report: Self.report(
          recall: 1,
          cluster: [
            Self.cell(1, "measured", speedup: 1), Self.cell(4, "measured", speedup: 3),
            Self.cell(4, "simulated", speedup: 3.5),
          ])),
      SeedRun(
        seed: 2,
        report: Self.report(
          recall: 1,
          cluster: [Self.cell(4, "measured", speedup: 2), Self.cell(1, "measured", speedup: 1)])),
    ]).json()
    guard case .array(let rows)? = Self.value(json, "cluster") else {
      Issue.record("there is no list")
      return
    }
    #expect(rows.count == 3)
    #expect(rows.map { Self.value($0, "nodes") } == [.number(1), .number(4), .number(4)])
    #expect(
      rows.map { Self.value($0, "mode") } == [.text("measured"), .text("measured"), .text("simulated")])
    #expect(rows.map { Self.value($0, "speedup.median") } == [.number(1), .number(2.5), .number(3.5)])
    #expect(rows.map { Self.value($0, "speedup.runs") } == [.number(2), .number(2), .number(1)])
  }

  @Test func aSeedBeyondTheNumbersOfJSONIsText() throws {
    let json = try Self.summary([SeedRun(seed: .max, report: Self.report(recall: 0.5))]).json()
    #expect(Self.value(json, "seeds") == .array([.text("18446744073709551615")]))
    #expect(Self.value(json, "detection.recall.min_seed") == .text("18446744073709551615"))
  }

  // MARK: - Expectations

  private static let demands: [(expression: String, passed: Bool, actual: Double)] = [
    ("median(detection.recall) >= 0.7", true, 0.7), ("median(detection.recall) > 0.7", false, 0.7),
    ("min(detection.recall) >= 0.5", true, 0.5), ("min( detection.recall )>0.5", false, 0.5),
    ("max(detection.recall) == 0.9", true, 0.9), ("  max (detection.recall) < 0.9", false, 0.9),
    ("median(readings.lost) == 0", true, 0),
  ]

  @Test(arguments: demands)
  func expectationsOverSeeds(expression: String, passed: Bool, actual: Double) throws {
    let runs = Self.runs(recalls: 0.9, 0.5, 0.7)
    let summary = try Self.summary(runs, expecting: [expression])
    let result = try #require(summary.expectations.first)
    #expect(result.passed == passed && result.actual == .number(actual) && result.held == nil)
    #expect(summary.verdict == (passed ? .passed : .failed))
    #expect((result.explanation == nil) == passed)
  }

  private static let failures: [(expression: String, explanation: String)] = [
    ("median(detection.recall) > 0.7", "it is 0.7, 0.5 to 0.9 over 3 runs"),
    ("min(detection.recall) > 0.7", "it is 0.5, with seed 2"),
    ("max(detection.recall) < 0.7", "it is 0.9, with seed 1"),
    (
      "median(detection.precision) > 0",
      "0 of 3 runs have a value, not with seeds 1, 2, 3; with seed 1: detection has no “precision”; it has by_kind, recall"
    ),
    ("detection.recall > 0.6", "not with seed 2: it is 0.5"),
    ("detection.recall > 0.8", "not with seeds 2, 3; with seed 2 it is 0.5"),
  ]

  @Test(arguments: failures)
  func aFailureSaysWithWhichSeeds(expression: String, explanation: String) throws {
    let summary = try Self.summary(Self.runs(recalls: 0.9, 0.5, 0.7), expecting: [expression])
    #expect(summary.expectations.first?.explanation == explanation)
  }

  /// What has no value would mostly be the worst, so that a median of the others says too much.
  @Test func aRunWithoutAValueFailsWhatIsDemandedOfAll() throws {
    let summary = try Self.summary(
      Self.runs(recalls: 1, nil, 1), expecting: ["median(detection.recall) >= 0.5"])
    #expect(summary.verdict == .failed)
    #expect(
      summary.expectations.first?.explanation
        == "2 of 3 runs have a value, not with seed 2; with seed 2: detection.recall was not measured in this run"
    )
  }

  @Test func ofOneRunAFunctionIsItsValue() throws {
    for name in ["median", "min", "max"] {
      let expectation = try Expectation("\(name)(detection.recall) == 0.9")
      #expect(expectation.isOverSeeds)
      #expect(expectation.evaluate(Self.report(recall: 0.9)).passed)
      #expect(!expectation.evaluate(Self.report(recall: nil)).passed)
    }
  }

  @Test func selectorsWorkInside() throws {
    let runs = [3.0, 2, 4].enumerated().map {
      SeedRun(
        seed: UInt64($0),
        report: Self.report(
          recall: 1, cluster: [Self.cell(1, "measured", speedup: 1), Self.cell(4, "paced", speedup: $1)]))
    }
    let summary = try Self.summary(
      runs, expecting: ["median(cluster[nodes=4,mode=paced].speedup) == 3", "cluster[nodes=4].speedup >= 3"])
    #expect(summary.expectations.map(\.passed) == [true, false])
    #expect(summary.expectations[1].failedSeeds == [1] && summary.expectations[1].held == 2)
    #expect(summary.expectations[1].actual == .array([.number(3), .number(2), .number(4)]))
  }

  private static let unknownNames: [(expression: String, offset: Int, nearest: String)] = [
    ("media(detection.recall) > 0", 0, "median"), ("Median(detection.recall) > 0", 0, "median"),
    ("median(detection.recal) > 0", 17, "recall"), ("median(detecton.recall) > 0", 7, "detection"),
    ("min(cluster[node=4].speedup) > 3", 12, "nodes"),
  ]

  @Test(arguments: unknownNames)
  func anUnknownNameHasItsPlaceAndTheNearest(expression: String, offset: Int, nearest: String) {
    #expect {
      try Expectation(expression)
    } throws: {
      let error = $0 as? ExpectationError
      return error?.offset == offset && error?.suggestion == nearest
    }
  }

  private static let unreadable: [(expression: String, offset: Int)] = [
    ("median(detection.recall >= 1", 24), ("median() > 1", 7), ("median(detection.recall) 1", 25),
    ("median(detection) > 1", 7), ("median(min(detection.recall)) > 1", 7), ("(detection.recall) > 1", 0),
    ("median(cluster[nodes=1].mode) == measured", 0), ("median detection.recall > 1", 0),
    ("median(detection.recall, 1) > 0", 23), ("median(0.5) > 0", 7), ("foo(detection.recall) > 0", 0),
  ]

  @Test(arguments: unreadable)
  func whatCannotBeReadHasItsPlace(expression: String, offset: Int) {
    #expect {
      try Expectation(expression)
    } throws: {
      ($0 as? ExpectationError)?.offset == offset
    }
  }

  // MARK: - Verdicts

  private static func run(_ seed: UInt64, _ verdict: String, _ reason: String? = nil) -> SeedRun {
    SeedRun(seed: seed, report: report(recall: 1, verdict: verdict, reason: reason))
  }

  @Test func theVerdictIsThatOfTheWorstRun() throws {
    #expect(try Self.summary([Self.run(1, "passed"), Self.run(2, "passed")]).verdict == .passed)
    let failed = try Self.summary([Self.run(1, "invalid", "late"), Self.run(2, "failed", "doubled")])
    #expect(failed.verdict == .failed && failed.reason == "with seed 2: doubled")
    // Nothing may be concluded over an invalid run, be it good or bad.
    let invalid = try Self.summary(
      [Self.run(1, "passed"), Self.run(2, "invalid", "late")], expecting: ["max(detection.recall) < 1"])
    #expect(invalid.verdict == .invalid && invalid.reason == "with seed 2: late")
    let broken = try Self.summary(
      [Self.run(1, "failed"), Self.run(2, "error", "no broker")],
      expecting: ["detection.recall == 1", "min(detection.recall) == 1"])
    #expect(broken.verdict == .error && broken.reason == "with seed 2: no broker")
    // What is demanded of all cannot be judged, and half of a run has no figures.
    #expect(broken.expectations.map(\.expression) == ["detection.recall == 1"])
    #expect(broken.figure(at: ["detection", "recall"])?.runs == 1)
  }

  @Test func equalReasonsAreNamedOnceAndNotAllOfMany() throws {
    let alike = try Self.summary([Self.run(1, "error", "no broker"), Self.run(2, "error", "no broker")])
    #expect(alike.reason == "with seeds 1, 2: no broker")
    let many = try Self.summary((1...9).map { Self.run($0, "invalid", "late by \($0) s") })
    #expect(
      many.reason?.hasSuffix("with seed 5: late by 5 s; and 4 more reasons, in the reports of the runs")
        == true)
  }

  @Test func seedsThatWereNotRunAreNamed() throws {
    let summary = try Self.summary([Self.run(3, "passed")], seeds: [3, 5, 7])
    #expect(summary.verdict == .error && summary.reason == "not run: seeds 5, 7")
    let none = try Self.summary([], expecting: ["readings.lost == 0"], seeds: [1])
    #expect(none.verdict == .error && none.expectations.isEmpty)
  }

  @Test func aReportWithoutAVerdictIsABrokenRun() {
    for report in [JSONValue.null, .object([:]), .object(["verdict": .text("good")])] {
      let run = SeedRun(seed: 1, report: report)
      #expect(run.verdict == .error && run.report == .null && run.reason != nil)
    }
  }

  @Test func theCasesOfAllRuns() throws {
    let summary = try Self.summary(
      [Self.run(1, "passed"), Self.run(2, "failed", "doubled")],
      expecting: ["readings.lost == 0", "min(detection.recall) > 1"])
    let cases = JUnitReport(summary, startedAt: Timestamp(milliseconds: 0), version: "1").cases
    #expect(
      cases == [
        .init("readings.lost == 0", .passed),
        .init(
          "min(detection.recall) > 1", .failed("min(detection.recall) > 1: it is 1, with seed 1")),
        .init("what the run with seed 2 finds of itself", .failed("doubled")),
      ])
    let broken = try Self.summary(
      [Self.run(1, "error", "no broker")], expecting: ["readings.lost == 0"], seeds: [1, 2])
    #expect(
      JUnitReport(broken, startedAt: Timestamp(milliseconds: 0), version: "1").cases == [
        .init("readings.lost == 0", .skipped("a run is missing, and it is demanded of all")),
        .init("seed 1 comes to a verdict", .broken("no broker")),
        .init("every seed is run", .broken("1 of 2 are not, from seed 2 on")),
      ])
  }
}
