import Detection
import Files
import HTMLReport
import Pages
import TestSupport
import Testing

/// How good: figures of the report alone.
@Suite struct QualitySectionTests {
  /// A report of figures that are all different.
  private static func figures(_ offset: Double) -> [String: JSONValue] {
    let names = [
      "precision", "recall", "f1", "auc_pr", "auc_roc", "vus_pr", "vus_roc", "range_precision",
      "range_recall",
      "range_f1", "event_f1", "affiliation_f1", "false_alarms_per_device_day", "event_recall",
    ]
    return Dictionary(
      uniqueKeysWithValues: names.enumerated().map { ($1, .number(offset + Double($0) / 1000)) })
  }

  private static func kind(_ detected: Int, of events: Int) -> JSONValue {
    .object([
      "events": .number(Double(events)), "detected": .number(Double(detected)),
      "recall": .number(Double(detected) / Double(events)),
    ])
  }

  private static func detection(_ change: (inout [String: JSONValue]) -> Void = { _ in }) -> JSONValue {
    var members = figures(0.8)
    members["by_kind"] = .object(["mean": kind(3, of: 4), "stuck-at": kind(8, of: 8)])
    members["floors"] = .object([
      "null": .object(figures(0.0)), "random": .object(figures(0.1)), "always_alarm": .object(figures(0.3)),
      "three_sigma": .object(figures(0.6)),
    ])
    members["deployments"] = .array([])
    change(&members)
    return .object(members)
  }

  private static func section(_ detection: JSONValue, _ body: (FinishedRun, PageSection?) throws -> Void)
    async throws
  {
    try await withTemporaryFolder { folder in
      var run = DetectionRun()
      run.detection = detection
      run.add("pump")
      let finished = try run.write(to: folder)
      let section = try QualitySection.section(finished)
      #expect(try QualitySection.section(finished) == section)
      try body(finished, section)
    }
  }

  private static func deployment(_ name: String, _ offset: Double) -> JSONValue {
    var members = figures(offset)
    members["deployment"] = .text(name)
    members["detector"] = .text("script")
    members["us_per_window"] = .number(12.5)
    members["by_kind"] = .object(["mean": kind(1, of: 4)])
    return .object(members)
  }

  @Test func everyFigureIsThatOfTheReport() async throws {
    try await Self.section(Self.detection()) { finished, section in
      let section = try #require(section)
      try section.checkFigures(finished)
      let table = try section.requiredTable("quality-figures")
      #expect(table.rows.count == 14)
      #expect(table.rows.joined().count { $0.figure != nil } == 14 * 5)
      #expect(
        section.finding == "Recall 80.1%, precision 80%; VUS-PR 0.805, better than three sigma (0.605)")
      let kinds = try section.requiredTable("quality-kinds")
      #expect(kinds.rows.map { $0[0].text } == ["stuck-at", "mean"])
      #expect(try kinds.text("mean", "share") == "75%")
      #expect(kinds.rows.joined().count { $0.figure != nil } == 6)
    }
  }

  @Test func aDetectorThatIsNoBetterIsSaidToBeNone() async throws {
    let worse = Self.detection { $0["vus_pr"] = .number(0.5) }
    try await Self.section(worse) { _, section in
      let section = try #require(section)
      #expect(section.finding.hasSuffix("VUS-PR 0.5, no better than three sigma (0.605)"))
    }
    let untrained = Self.detection {
      $0["floors"] = .object(["random": .object(Self.figures(0.1)), "three_sigma": .null])
    }
    try await Self.section(untrained) { _, section in
      let section = try #require(section)
      #expect(section.finding.hasSuffix("better than drawing lots (0.105)"))
      #expect(try section.requiredTable("quality-figures").text("recall", "three sigma") == "–")
    }
  }

  @Test func nothingToFindAndNothingFlagged() async throws {
    let empty = Self.detection {
      for name in ["recall", "precision", "vus_pr"] { $0[name] = .null }
      $0["by_kind"] = .object([:])
    }
    try await Self.section(empty) { finished, section in
      let section = try #require(section)
      #expect(section.finding == "Nothing was anomalous, and nothing was flagged")
      #expect(!section.tables.contains { $0.id == "quality-kinds" })
      try section.checkFigures(finished)
    }
    try await Self.section(.null) { #expect($1 == nil) }
  }

  @Test func deploymentsStandBesideEachOther() async throws {
    let compared = Self.detection {
      $0["deployments"] = .array([
        Self.deployment("svm", 0.7), Self.deployment("forest", 0.75), Self.deployment("random", 0.01),
      ])
    }
    try await Self.section(compared) { finished, section in
      let section = try #require(section)
      try section.checkFigures(finished)
      let table = try section.requiredTable("quality-deployments")
      #expect(table.rows.map { $0[0].text } == ["svm", "forest", "random"])
      #expect(try table.text("forest", "recall") == "0.751" && table.text("svm", "µs a window") == "12.5")
      #expect(
        section.notes.contains {
          $0 == "Of 3 deployments forest ranks windows best, VUS-PR 0.755, and random worst, 0.015."
        })
      #expect(section.figures.count == 2)
    }
  }

  @Test func listsAreBounded() async throws {
    let many = Self.detection {
      $0["deployments"] = .array((0..<150).map { Self.deployment("d\($0)", 0.5) })
      $0["by_kind"] = .object(
        Dictionary(uniqueKeysWithValues: (0..<150).map { ("kind-\($0)", Self.kind(1, of: 2)) }))
    }
    try await Self.section(many) { _, section in
      let section = try #require(section)
      let (deployments, kinds) = (
        try section.requiredTable("quality-deployments"), try section.requiredTable("quality-kinds")
      )
      #expect(deployments.rows.count == 100 && deployments.total == 150)
      #expect(kinds.rows.count == 100 && kinds.total == 150)
      #expect(section.figures[0].svg.contains("the commonest 12 of 150"))
      #expect(section.figures[1].svg.contains("The first 6 of 150 deployments"))
    }
  }

  @Test func namesAreTextAndNothingElse() async throws {
    let hostile = ["<script>x</script>", "a\"b'c&d", "\u{7}", String(repeating: "漢", count: 64), "a.b", ""]
    let named = Self.detection {
      $0["deployments"] = .array(hostile.map { Self.deployment($0, 0.5) })
      $0["by_kind"] = .object(
        Dictionary(uniqueKeysWithValues: hostile.map { ($0, Self.kind(1, of: 2)) }))
    }
    try await Self.section(named) { finished, section in
      let section = try #require(section)
      for figure in section.figures {
        #expect(!figure.svg.contains("<script"))
        #expect(!figure.svg.unicodeScalars.contains("\u{7}"))
      }
      // A name that is a path of its own is not said to be one.
      for row in try section.requiredTable("quality-kinds").rows {
        for cell in row { if let path = cell.figure { #expect(finished.number(path) == cell.value) } }
      }
      #expect(try section.requiredTable("quality-kinds").rows.count == hostile.count)
    }
  }
}
