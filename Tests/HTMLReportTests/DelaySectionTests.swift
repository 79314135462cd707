import Detection
import Files
import HTMLReport
import Pages
import TestSupport
import Testing

/// When: delays of the report, and those until the jobs fired.
@Suite struct DelaySectionTests {
  private static var run: DetectionRun {
    var run = DetectionRun()
    run.labels = [
      DetectionRun.label("early", 31, 61), DetectionRun.label("late", 31, 61, kind: "drift"),
      DetectionRun.label("never", 31, 61, kind: "drift"), DetectionRun.label("last", 90, 120),
    ]
    // From minute 31 to the end of the window: 4 and 24 minutes; from minute 90: 10 minutes.
    run.add("early", flagged: [6, 7, 8])
    run.add("late", flagged: [10])
    run.add("never")
    run.add("last", flagged: [19])
    return run
  }

  private static func section(_ run: DetectionRun, _ body: (FinishedRun, PageSection?) throws -> Void)
    async throws
  {
    try await withTemporaryFolder { folder in
      let finished = try run.write(to: folder)
      let section = try DelaySection.section(finished)
      #expect(try DelaySection.section(finished) == section)
      try body(finished, section)
    }
  }

  @Test func figuresAreThoseOfTheReportAndJobsAreBesideThem() async throws {
    try await Self.section(Self.run) { finished, section in
      let section = try #require(section)
      #expect(
        section.finding
          == "Half of the anomalies that were found were known within 10 min, the last after 24 min")
      let table = try section.requiredTable("when-quantiles")
      #expect(
        table.rows[0].map(\.text) == ["its first flagged window was over", "10 min", "24 min", "24 min"])
      // The first job fires at minute 60, 29 minutes after both began; the stream ends at minute 120.
      #expect(
        table.rows[1].map(\.text) == ["the job that scored it had fired", "29 min", "30 min", "30 min"])
      try section.checkFigures(finished)
      #expect(table.rows[0].compactMap(\.figure).count == 3)
      #expect(section.notes.contains("1 anomaly of 4 never."))
      let kinds = try section.requiredTable("when-kinds")
      #expect(try kinds.text("drift", "known") == "1" && kinds.text("mean", "known") == "2")
      #expect(section.figures[0].svg.contains("longest 24 min"))
    }
  }

  /// The flag of a later window alone, and it takes as much longer.
  @Test func oneFlagMovesADelay() async throws {
    var run = Self.run
    let place = try #require(
      run.windows.firstIndex { $0.device.name == "late" && $0.start == DetectionRun.minute(50) })
    run.windows[place].isFlagged = false
    run.windows[place + 1].isFlagged = true
    try await Self.section(run) { _, section in
      let section = try #require(section)
      #expect(try section.requiredTable("when-quantiles").rows[0][3].text == "29 min")
    }
  }

  /// What the report says is shown, and not what the files would give.
  @Test func theReportHasTheWord() async throws {
    var run = Self.run
    run.detection = .object([
      "delay_seconds": .object(["p50": .number(60), "p90": .number(120), "max": .number(7200)])
    ])
    try await Self.section(run) { finished, section in
      let section = try #require(section)
      #expect(section.finding.hasSuffix("within 1 min, the last after 2 h"))
      try section.checkFigures(finished)
    }
    // A run that broke off has no report of detection.
    run.detection = .null
    try await Self.section(run) { _, section in
      let section = try #require(section)
      #expect(section.finding == "What was found was known after 24 min at the latest")
    }
  }

  @Test func nothingFoundHasNoDelay() async throws {
    var run = DetectionRun()
    run.labels = [DetectionRun.label("pump", 30, 60)]
    run.add("pump")
    try await Self.section(run) { #expect($1 == nil) }
  }

  @Test func kindsAreTextAndBounded() async throws {
    var run = DetectionRun()
    for number in 0..<30 {
      run.labels.append(
        DetectionRun.label("pump-\(number)", 30, 60, kind: "<script>\(number)</script>\u{7}\"", severity: nil)
      )
      run.add("pump-\(number)", flagged: [7])
    }
    try await Self.section(run) { _, section in
      let section = try #require(section)
      let kinds = try section.requiredTable("when-kinds")
      #expect(kinds.rows.count == 12 && kinds.total == 30)
      let svg = section.figures[0].svg
      #expect(svg.contains("19 other kinds") && !svg.contains("<script"))
    }
  }
}
