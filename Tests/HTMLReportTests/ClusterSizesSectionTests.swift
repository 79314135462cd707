import Files
import HTMLReport
import Pages
import TestSupport
import Testing

@Suite struct ClusterSizesSectionTests {
  static let account = """
    "sweep":{"tasks":4,"rounds":1,"overheadSeconds":0.1,"secondsPerRow":0.001,"secondsPerKernel":0,"serialSeconds":0,
    "heldOut":[],"undone":[],"idleSeconds":120,"billing":"azure","deadlineSeconds":900}
    """
  static let header =
    "target,region,vm_size,tier,nodes,min_instances,cores_per_node,mini_batch_size,mode,repeats,makespan_seconds,"
    + "makespan_low_seconds,makespan_high_seconds,windows_per_second,speedup,efficiency,node_hours,billed_node_hours,"
    + "cost_usd,cost_usd_per_million_windows,cost_usd_per_month,billing,price_usd_h,price_as_of,speed\n"

  static func line(_ nodes: Int, _ size: String) -> String {
    "local,eastus,\(size),dedicated,\(nodes),0,2,auto,simulated,9,\(600 / nodes),\(590 / nodes),\(610 / nodes),10,\(nodes),1,"
      + "0.2,0.25,0.0\(nodes),1,,azure,0.1,2026-01-01,1\n"
  }

  private func report(_ size: String, rows: Int = 2) -> String {
    func row(_ nodes: Int) -> String {
      "{\"target\":\"local\",\"vm_size\":\"\(size)\",\"tier\":\"low_priority\",\"nodes\":\(nodes),\"mode\":\"simulated\","
        + "\"makespan_seconds\":\(600 / nodes),\"cost_usd\":0.0\(nodes),\"speedup\":\(nodes)}"
    }
    let sizes = Array(repeating: row(2), count: rows).joined(separator: ",")
    return """
      {"answers":{"cheapest":\(row(1)),"fastest":\(row(2)),"cheapest_within_deadline":null,"smallest_that_beats_one":null,
      "break_even_interval_seconds":425,"sentences":["Of \(size)."]},"calibration":{"worst_error":0.021},"cluster":[\(sizes)]}
      """
  }

  @Test func theAnswersAreThoseOfTheReport() async throws {
    try await withTemporaryFolder { path in
      let files = try RunFiles(path, report: report("D2"))
      try files.writeAccount(Self.account)
      try files.write(Self.header + Self.line(1, "D2") + Self.line(2, "D2"), to: "\(path)/clusters.csv")
      let run = try files.run()
      let section = try #require(try ClusterSizesSection.section(run))
      #expect(
        section.finding
          == "The cheapest is 1 × D2 (low priority), $0.01 a job; the fastest is 2 × D2 (low priority), 5 min"
      )
      try section.checkFigures(run)
      #expect(section.figures.count >= 3)
      #expect(
        section.named.isSuperset(of: [
          "answers.cheapest.cost_usd", "answers.break_even_interval_seconds", "cluster.1.speedup",
          "calibration.worst_error",
        ]))
      #expect(section.table("cluster-answers")?.rows.count == 3)
      #expect(try ClusterSizesSection.section(run) == section)
    }
  }

  @Test func aNameIsNothingButText() async throws {
    try await withTemporaryFolder { path in
      let hostile = "</title><script>&'" + String(repeating: "Ｗ", count: 64)
      let files = try RunFiles(path, report: report(hostile, rows: 500))
      try files.writeAccount(Self.account)
      try files.write(Self.header + Self.line(1, hostile) + Self.line(2, hostile), to: "\(path)/clusters.csv")
      let run = try files.run()
      let section = try #require(try ClusterSizesSection.section(run))
      try section.checkFigures(run)
      #expect(!section.hasForeignMarkup)
      let rows = try #require(section.table("cluster-rows"))
      #expect(rows.rows.count == 60 && rows.total == 500 && rows.rows[0][0].text == hostile)
    }
  }

  @Test func aDamagedTableIsSaid() async throws {
    try await withTemporaryFolder { path in
      let files = try RunFiles(path, report: report("D2"))
      try files.writeAccount(Self.account)
      try files.write(
        Self.header + Self.line(1, "D2") + Self.line(2, "D2").replacing("dedicated", with: "borrowed"),
        to: "\(path)/clusters.csv")
      let run = try files.run()
      let error = try #require(throws: CSVError.self) { try ClusterSizesSection.section(run) }
      #expect(error.line == 3 && error.path == "\(path)/clusters.csv")
    }
  }

  @Test func aRunWithoutASweepHasNoSection() async throws {
    try await withTemporaryFolder { path in
      let run = try RunFiles(path, report: "{\"answers\":null}").run()
      #expect(try ClusterSizesSection.section(run) == nil)
    }
  }
}
