import Detection
import Files
import Foundation
import HTMLReport
import Pages
import TestSupport
import Testing

/// Was it found: counts of the five classes, and the worst devices first.
@Suite struct FoundSectionTests {
  /// A device for each way in which windows come out.
  private static var run: DetectionRun {
    var run = DetectionRun()
    run.labels = [
      DetectionRun.label("found", 30, 60), DetectionRun.label("missed", 30, 60),
      DetectionRun.label("touched", 30, 36),
    ]
    run.add("found", flagged: [6, 7, 8, 9, 10, 11])
    run.add("missed")
    run.add("false-alarm", flagged: [3, 15])
    // Of the second window a fifth is labelled.
    run.add("touched", flagged: [6])
    run.add("quiet")
    return run
  }

  private static func section(_ run: DetectionRun, _ body: (FinishedRun, PageSection) throws -> Void)
    async throws
  {
    try await withTemporaryFolder { folder in
      let finished = try run.write(to: folder)
      try body(finished, try #require(try FoundSection.section(finished)))
    }
  }

  @Test func eachWindowIsCountedInItsClass() async throws {
    let run = Self.run
    try await Self.section(run) { finished, section in
      let table = try section.requiredTable("found-classes")
      func count(_ name: String) throws -> Int { Int(try table.text(name, "how many")) ?? -1 }
      #expect(try count("found") == 7 && count("missed") == 6 && count("false alarm") == 2)
      #expect(try count("ignored") == 1 && count("rightly quiet") == 5 * 24 - 16)
      let metrics = run.evaluated
      #expect(try count("found") + count("missed") == metrics.anomalousWindows)
      #expect(try count("ignored") == metrics.ignoredWindows)
      #expect(
        section.finding == "2 of 3 anomalies were found; 2 windows on 1 device were flagged for nothing")
      #expect(section.notes.isEmpty)
      try section.checkFigures(finished)
      #expect(table.rows.joined().contains { $0.figure == "detection.ignored_windows" })
    }
  }

  /// One row of one prediction file, and a count is another.
  @Test(arguments: [
    ("missed,*,2026-01-01T12:30:00.000Z", "missed", "5", "found", "8"),
    ("quiet,*,2026-01-01T12:30:00.000Z", "false alarm", "3", "rightly quiet", "103"),
    ("found,*,2026-01-01T12:30:00.000Z", "missed", "7", "found", "6"),
  ])
  func oneFlagIsSeen(row: String, name: String, count: String, other: String, rest: String) async throws {
    try await withTemporaryFolder { folder in
      _ = try Self.run.write(to: folder)
      let path = "\(folder)/predictions/2026-01-01T13-00-00Z/predictions.csv"
      var lines = try TextFile.text(of: path).split(separator: "\n").map(String.init)
      let place = try #require(lines.firstIndex { $0.hasPrefix(row) })
      lines[place] = lines[place].replacing(/,[01],v1/) { $0.output == ",0,v1" ? ",1,v1" : ",0,v1" }
      try AtomicFile.write(lines.joined(separator: "\n"), to: path, existing: .replace)
      let section = try #require(try FoundSection.section(try FinishedRun(RunFolder(folder))))
      let table = try section.requiredTable("found-classes")
      #expect(try table.text(name, "how many") == count && table.text(other, "how many") == rest)
    }
  }

  @Test func theWorstDevicesComeFirstAndTheRestIsCounted() async throws {
    var run = Self.run
    for number in 0..<60 { run.add("pump-\(100 + number)", flagged: number == 50 ? [1, 2, 3] : []) }
    try await Self.section(run) { finished, section in
      let table = try section.requiredTable("found-devices")
      #expect(table.rows.count == 40 && table.total == 65)
      #expect(table.rows.prefix(3).map { $0[0].text } == ["missed", "pump-150", "false-alarm"])
      #expect(
        try table.text("missed", "windows missed") == "6" && table.text("missed", "of them found") == "0")
      #expect(try table.text("pump-150", "false alarms") == "3" && table.text("touched", "ignored") == "1")
      let svg = try #require(section.figures.first?.svg)
      #expect(svg.contains("The worst 40 of 65 devices over time"))
      #expect(try FoundSection.section(finished) == section)
    }
  }

  /// A report that was made of other files is not agreed with in silence.
  @Test func filesThatDoNotFitTheReportAreNamed() async throws {
    try await withTemporaryFolder { folder in
      let finished = try Self.run.write(to: folder)
      let path = "\(folder)/predictions/2026-01-01T13-00-00Z/predictions.csv"
      let lines = try TextFile.text(of: path).split(separator: "\n").map(String.init)
      try AtomicFile.write(lines.dropLast().joined(separator: "\n"), to: path, existing: .replace)
      let section = try #require(try FoundSection.section(finished))
      #expect(section.notes.contains { $0.contains("hold 118 windows") && $0.contains("made of 119") })
    }
  }

  @Test func aRunWithoutAnomaliesSaysSo() async throws {
    var run = DetectionRun()
    run.add("pump", flagged: [4])
    try await Self.section(run) { _, section in
      #expect(
        section.finding == "There was no anomaly to find; 1 window on 1 device was flagged for nothing")
    }
    run = DetectionRun()
    run.labels = [DetectionRun.label("pump", 30, 60), DetectionRun.label("pump", -500, -400)]
    run.add("pump", flagged: [6, 7, 8, 9, 10, 11])
    try await Self.section(run) { _, section in
      #expect(section.finding == "The one anomaly was found, and nothing was flagged for nothing")
      #expect(section.notes.contains { $0.contains("Of 1 labelled anomaly no window was scored") })
    }
  }

  @Test func whatIsNotThereIsLeftOutAndWhatIsBrokenIsSaid() async throws {
    try await withTemporaryFolder { folder in
      let finished = try Self.run.write(to: folder)
      let path = "\(folder)/predictions/2026-01-01T13-00-00Z/predictions.csv"
      try AtomicFile.write("device\nx\n", to: path, existing: .replace)
      for maker in DetectionSections.makers(finished) where maker.topic != "How good?" {
        #expect(throws: CSVError.self, "\(maker.topic)") { try maker.section() }
      }
      try FileManager.default.removeItem(atPath: path)
      #expect(throws: FileError.self) { try FoundSection.section(finished) }
      try FileManager.default.removeItem(atPath: "\(folder)/jobs.sqlite")
      #expect(try FoundSection.section(finished) == nil)
      for maker in DetectionSections.makers(finished) where maker.topic != "How good?" {
        #expect(try maker.section() == nil, "\(maker.topic)")
      }
    }
  }

  /// Three sections look at the same windows, and say the same whether they read them together or apart.
  @Test func sectionsThatShareWhatTheyReadSayTheSame() async throws {
    try await withTemporaryFolder { folder in
      let finished = try Self.run.write(to: folder)
      let together = try DetectionSections.makers(finished).map { try $0.section() }
      #expect(
        try together == [
          FoundSection.section(finished), QualitySection.section(finished), WhySection.section(finished),
          DelaySection.section(finished),
        ])
      #expect(together.map { $0?.id } == ["found", "quality", "why", "when"])
    }
  }
}
