import Detection
import HTMLReport
import Pages
import Telemetry
import TestSupport
import Testing
import WindowStore

/// Why: the worst misses and false alarms, each with its signal.
@Suite struct WhySectionTests {
  private static func section(_ run: DetectionRun, _ body: (PageSection?) throws -> Void) async throws {
    try await withTemporaryFolder { folder in
      let finished = try run.write(to: folder)
      let section = try WhySection.section(finished)
      #expect(try WhySection.section(finished) == section)
      try body(section)
    }
  }

  private static var run: DetectionRun {
    var run = DetectionRun()
    run.labels = [
      DetectionRun.label("part", 30, 60), DetectionRun.label("whole", 30, 45),
      DetectionRun.label("strong", 30, 45, kind: "spike", severity: 9),
    ]
    run.add("part", flagged: [6, 7])
    run.add("whole")
    run.add("strong")
    run.add("twice", flagged: [3, 4])
    run.add("once", flagged: [9])
    return run
  }

  @Test func theWorstComeFirst() async throws {
    try await Self.section(Self.run) { section in
      let section = try #require(section)
      let table = try section.requiredTable("why-cases")
      #expect(
        table.rows.map { $0[1].text } == ["strong · heat", "whole · heat", "part · heat", "twice", "once"])
      let said = table.rows.map { $0[2].text }
      #expect(said[0] == "not found: spike, severity 9; 3 of 3 windows missed")
      #expect(said[2] == "mean, severity 4; 4 of 6 windows missed")
      #expect(said[3] == "2 false alarms in a row, lowest score -0.1" && said[4] == "false alarm, score -0.1")
      #expect(
        section.finding
          == "3 anomalies missed or seen in part only, 2 stretches flagged for nothing: what the detector saw"
      )
      #expect(table.total == 5)
    }
  }

  /// One flag in the middle of what was missed, and it is seen in part only.
  @Test func oneFlagMovesACase() async throws {
    var run = Self.run
    let place = try #require(
      run.windows.firstIndex { $0.device.name == "strong" && $0.start == DetectionRun.minute(35) })
    run.windows[place].isFlagged = true
    run.windows[place].score = -0.2
    try await Self.section(run) { section in
      let rows = try #require(section).requiredTable("why-cases").rows
      #expect(rows.map { $0[1].text } == ["whole · heat", "part · heat", "strong · heat", "twice", "once"])
      #expect(rows[2][2].text == "spike, severity 9; 2 of 3 windows missed")
    }
  }

  @Test func casesAreBoundedAndBothKindsAreShown() async throws {
    var run = DetectionRun()
    for number in 10..<40 {
      run.labels.append(DetectionRun.label("miss-\(number)", 30, 40))
      run.add("miss-\(number)")
      run.add("alarm-\(number)", flagged: [number % 20])
    }
    try await Self.section(run) { section in
      let section = try #require(section)
      let table = try section.requiredTable("why-cases")
      #expect(table.rows.count == 6 && table.total == 60)
      #expect(table.rows.count { $0[1].text.hasPrefix("miss-") } == 3)
      #expect(section.figures[0].svg.contains("The worst 6 of 60 cases"))
    }
    // Where there are few of one, there are more of the other.
    run.labels = [run.labels[0]]
    try await Self.section(run) { section in
      let rows = try #require(section).requiredTable("why-cases").rows
      #expect(rows.count { $0[1].text.hasPrefix("alarm-") } == 5 && rows.count == 6)
    }
  }

  @Test func theSignalIsThatOfTheLabelOrOfWhatStandsOut() async throws {
    let vibration = SensorID("vibration")!
    var run = Self.run
    run.stored = run.windows.flatMap { window -> [WindowRow] in
      let device = window.device.name
      let index = Int((window.start - DetectionRun.start).milliseconds / 300_000)
      let isShaken = device == "once" && index == 9
      return [
        DetectionRun.stored(device, index, mean: 60 + Double(index % 3)),
        DetectionRun.stored(device, index, mean: isShaken ? 99 : 3, sensor: vibration),
      ]
    }
    try await Self.section(run) { section in
      let section = try #require(section)
      let names = try section.requiredTable("why-cases").rows.map { $0[1].text }
      // Labels name the sensor; the one false alarm lies where vibration stands out.
      #expect(names[0] == "strong · heat" && names[4] == "once · vibration")
      let svg = section.figures[0].svg
      #expect(svg.ranges(of: "class=\"mean").count == 5 && !svg.contains("not in the store"))
      #expect(svg.ranges(of: "class=\"threshold").count == 5)
    }
  }

  /// A detector that flags by a rule of its own has no line at zero.
  @Test func aThresholdIsDrawnWhereThereIsOne() async throws {
    var run = DetectionRun()
    run.windows = (0..<24).map {
      DetectionRun.window("pump", $0, flagged: $0 == 8, score: $0 == 8 ? 0.9 : 0.1)
    }
    try await Self.section(run) { section in
      let section = try #require(section)
      #expect(!section.figures[0].svg.contains("class=\"threshold"))
      #expect(section.notes.contains { $0.contains("rule of its own") })
    }
  }

  @Test func aFaultlessRunHasNoSuchSection() async throws {
    var run = DetectionRun()
    run.labels = [DetectionRun.label("pump", 30, 60)]
    run.add("pump", flagged: [6, 7, 8, 9, 10, 11])
    try await Self.section(run) { #expect($0 == nil) }
  }
}
