import Files
import HTMLReport
import Pages
import TestSupport
import Testing

@Suite struct CapacityPageSectionTests {
  private func report(_ steps: Int) -> String {
    let each = (1...steps).map {
      "{\"stage\":\($0),\"name\":\"step\",\"offered_per_second\":\($0 * 1000),\"carried\":\"\($0 < 3 ? "yes" : "no")\","
        + "\"limit\":\"ingestion\",\"why\":\"</title><script>\",\"end_to_end_ms\":{\"p99\":\($0 * 10)}}"
    }
    return """
      {"capacity":{"steps":\(steps),"knee_step":2,"knee_per_second":2000,"knee_p99_ms":20,"limit":"ingestion"},
      "load":[\(each.joined(separator: ","))]}
      """
  }

  /// Two steps that were carried, and one that was not: each two seconds of a schedule.
  static let account = """
    "fleet":{"planned":12000,"publications":12000,"published":12000,"acknowledged":12000,"published_readings":12000,
    "acknowledged_readings":12000,"unconfirmed":0,"repeated":0,"waste":0,"reconnects":0,"births":0,"connections":1,
    "connect_seconds":0.1,"processes":1,"incomplete":[],"seconds":6,"schedule_lag_ms":{"p50":0.1,"p99":0.2,"max":0.3},
    "stages":[{"publications":2000,"published":2000,"waited_seconds":0,"schedule_lag_ms":null},
    {"publications":4000,"published":4000,"waited_seconds":0,"schedule_lag_ms":null},
    {"publications":6000,"published":6000,"waited_seconds":0,"schedule_lag_ms":null}]},
    "load":{"processors":2,"climb":{"steps":3,"planned":3,"latency_ms":250},"stages":[
    {"name":"step","level":1,"seconds":2,"taken_at_begin":0,"taken_at_end":2000},
    {"name":"step","level":2,"seconds":2,"taken_at_begin":2000,"taken_at_end":6000},
    {"name":"step","level":3,"seconds":2,"taken_at_begin":6000,"taken_at_end":8000}]}
    """

  @Test func theKneeIsThatOfTheReport() async throws {
    try await withTemporaryFolder { path in
      let files = try RunFiles(path, report: report(3))
      try files.writeAccount(Self.account)
      let run = try files.run()
      let section = try #require(try CapacityPageSection.section(run))
      #expect(section.finding == "2,000 messages a second were carried; then the limit was: ingestion")
      #expect(section.figures.first?.svg.contains("knee: 2,000 messages/s") == true)
      try section.checkFigures(run)
      #expect(!section.hasForeignMarkup)
      #expect(
        section.named.isSuperset(of: [
          "capacity.knee_per_second", "load.2.end_to_end_ms.p99", "load.0.carried",
        ]))
      #expect(try CapacityPageSection.section(run) == section)
      // A step more that comes through, and no step was too much.
      try files.writeAccount(Self.account.replacing("\"taken_at_end\":8000", with: "\"taken_at_end\":12000"))
      let other = try #require(try CapacityPageSection.section(run))
      #expect(other.finding == "2,000 messages a second were carried, and no step was too much")
    }
  }

  @Test func manyStepsAreBoundedAndSaid() async throws {
    try await withTemporaryFolder { path in
      let files = try RunFiles(path, report: report(100))
      try files.writeAccount(Self.account)
      let table = try #require(try CapacityPageSection.section(try files.run())?.table("capacity-steps"))
      #expect(table.rows.count == 60 && table.total == 100)
    }
  }

  @Test func aLoadThatDoesNotClimbHasNoSection() async throws {
    try await withTemporaryFolder { path in
      let run = try RunFiles(path, report: "{\"capacity\":null}").run()
      #expect(try CapacityPageSection.section(run) == nil)
    }
  }
}
