import Files
import HTMLReport
import Pages
import TestSupport
import Testing

@Suite struct ThroughputSectionTests {
  private let header =
    "seconds,phase,published,stored,late,rejected,windows,predictions,backlog,ingest_memory_bytes,ingest_cpu_seconds\n"
  private let report = """
    {"ingestion":{"messages_per_second":950.5,"restarts":1,"unplanned_restarts":0},"faults":{"planned":2,"carried_out":1,
    "recovery_seconds":{"max":0.25},"events":[{"fault":"{ at: 1s, kill: ingestion }","what":"kill","began_seconds":1.2,
    "ended_seconds":1.3,"recovery_seconds":0.25},{"fault":"NAME","what":null,"began_seconds":null,"ended_seconds":null,
    "recovery_seconds":null}]}}
    """.replacing("NAME", with: "</title><script>")
  private let rows = """
    0.001,publishing,0,0,0,0,0,0,0,1000000,0.10
    1.001,publishing,1000,900,0,0,10,0,100,2000000,0.50
    2.001,scoring,2000,2000,0,0,20,5,0,2000000,0.20

    """

  @Test func aRunHasItsRatesItsFaultsAndItsRestarts() async throws {
    try await withTemporaryFolder { path in
      let files = try RunFiles(path, report: report)
      try files.write(header + rows, to: files.folder.timeline)
      let run = try files.run()
      let section = try #require(try ThroughputSection.section(run))
      #expect(section.finding == "951 messages a second became durable; at most 100 waited")
      #expect(section.notes.contains("1 of 2 faults were carried out; the slowest recovery took 250 ms."))
      #expect(section.notes.contains("Ingestion was started again once."))
      try section.checkFigures(run)
      #expect(!section.hasForeignMarkup)
      #expect(
        section.named.isSuperset(of: ["ingestion.messages_per_second", "faults.events.0.began_seconds"]))
      #expect(section.table("faults")?.rows[1][2].text == "it did not happen")
      #expect(section.table("throughput-parts")?.rows[0][3].value == 1, "less processor time than before")
      #expect(section.figures.count == 2)
      #expect(try ThroughputSection.section(run) == section)
    }
  }

  /// Each damage is said with the file and the line.
  @Test(arguments: [
    ("1.001,publishing,1000,900", "1.001,publishing,lots,900", "published is “lots”"),
    ("1.001,publishing,1000,900", "1.001,publishing,1000", "10 fields, but the header has 11"),
    ("1.001,publishing,1000,900", "0.000,publishing,1000,900", "seconds is less than in the line before"),
    ("1.001,publishing,1000,900", "inf,publishing,1000,900", "seconds is “inf”"),
    ("100,2000000,0.50", "100,2000000,", "ingest_cpu_seconds is “”"),
    ("100,2000000,0.50", "-1,2000000,0.50", "backlog is “-1”"),
  ])
  func aDamagedLineIsSaid(good: String, bad: String, reason: String) async throws {
    try await withTemporaryFolder { path in
      let files = try RunFiles(path, report: report)
      try files.write(header + rows.replacing(good, with: bad), to: files.folder.timeline)
      let run = try files.run()
      let error = try #require(throws: CSVError.self) { try ThroughputSection.section(run) }
      #expect(error.line == 3 && error.path == files.folder.timeline)
      #expect(error.reason.contains(reason), "\(error)")
    }
  }

  @Test func aMissingColumnIsSaid() async throws {
    try await withTemporaryFolder { path in
      let files = try RunFiles(path, report: report)
      try files.write((header + rows).replacing("backlog", with: "waiting"), to: files.folder.timeline)
      let run = try files.run()
      let error = try #require(throws: CSVError.self) { try ThroughputSection.section(run) }
      #expect(error.line == 1 && error.reason.contains("backlog"))
    }
  }

  @Test func manyFaultsAreBoundedAndSaid() async throws {
    try await withTemporaryFolder { path in
      let event = "{\"fault\":\"x\",\"what\":\"y\",\"began_seconds\":1,\"ended_seconds\":1}"
      let events = Array(repeating: event, count: 300).joined(separator: ",")
      let files = try RunFiles(path, report: "{\"faults\":{\"events\":[\(events)]}}")
      try files.write(header + rows, to: files.folder.timeline)
      let section = try #require(try ThroughputSection.section(try files.run()))
      let table = try #require(section.table("faults"))
      #expect(table.rows.count == 60 && table.total == 300)
      #expect(section.figures[0].svg.contains("60 of 300 faults are shown."))
    }
  }

  @Test func aRunWithoutATimelineHasNoSection() async throws {
    try await withTemporaryFolder { path in
      let files = try RunFiles(path, report: report)
      #expect(try ThroughputSection.section(try files.run()) == nil)
      try files.write(header, to: files.folder.timeline)
      #expect(try ThroughputSection.section(try files.run()) == nil)
    }
  }
}
