import Files
import HTMLReport
import Pages
import TestSupport
import Testing

@Suite struct ServingPageSectionTests {
  /// The member `serving` of an account: a trial for each number of replicas and of rows, of which a request takes 1 ms and a row
  /// 0.01 ms.
  static func account(_ trials: [(replicas: Int, rows: Int)]) -> String {
    let each = trials.map { replicas, rows in
      let half = 1 + 0.01 * Double(rows)
      let times =
        "{\"p50\":\(half),\"p90\":\(half * 2),\"p99\":\(half * 3),\"p99.9\":null,\"max\":\(half * 4)}"
      return """
        {"minReplicas":\(replicas),"maxReplicas":\(replicas),"mostReplicas":\(replicas),"rowsPerRequest":\(rows),"report":{
        "achievedPerSecond":10,"answered":100,"arrivals":"poisson","complete":true,"connections":4,"errors":0,
        "errorsByKind":{"connection":0,"status":0,"timeout":0,"unreadable":0,"wrongId":0},"generatorCpuSeconds":0.1,
        "generatorLagMs":\(times),"latencyMs":\(times),"serviceTimeMs":\(times),"sendLagMs":\(times),
        "offeredPerSecond":10,"planKept":true,"protocol":"oip","rejected":0,"reopened":0,"requests":100,"resent":0,
        "rows":100,"rowsPerRequest":\(rows),"rowsPerSecond":1000,"seconds":10,"seed":1,"stages":[],
        "statuses":{},"unfinished":0,"url":"http://x","waited":0,"waitedBecause":null,"missed":null,"cpuUsPerRequest":null}}
        """
    }
    return "\"serving\":{\"trials\":[\(each.joined(separator: ","))]}"
  }

  private func report(_ trials: Int) -> String {
    let each = (0..<trials).map {
      "{\"replicas\":1,\"min_replicas\":1,\"rows_per_request\":\($0 + 1),\"rejected\":0,\"latency_ms\":{\"p50\":\($0 + 2)}}"
    }
    return
      "{\"serving\":{\"requests\":400,\"rejected\":3,\"errors\":0,\"knee_batch\":1000,\"sweep\":[\(each.joined(separator: ","))]}}"
  }

  @Test func theKneeIsFoundAndMarked() async throws {
    try await withTemporaryFolder { path in
      let files = try RunFiles(path, report: report(4))
      try files.writeAccount(Self.account([(1, 1), (1, 10), (1, 1000), (1, 2000)]))
      let run = try files.run()
      let section = try #require(try ServingPageSection.section(run))
      #expect(section.finding == "The knee is at 1,000 rows a request: more rows are hardly any cheaper")
      #expect(section.figures.first?.svg.contains("knee: 1,000 rows") == true)
      #expect(section.notes == ["Of 400 requests 3 were turned away."])
      try section.checkFigures(run)
      #expect(section.named.isSuperset(of: ["serving.knee_batch", "serving.sweep.3.latency_ms.p50"]))
      #expect(try ServingPageSection.section(run) == section)
    }
  }

  @Test func manyLoadsAreBoundedAndSaid() async throws {
    try await withTemporaryFolder { path in
      let files = try RunFiles(path, report: report(200))
      try files.writeAccount(Self.account((1...100).map { (1, $0) }))
      let section = try #require(try ServingPageSection.section(try files.run()))
      let table = try #require(section.table("serving-sweep"))
      #expect(table.rows.count == 64 && table.total == 200)
    }
  }

  @Test func aRunThatServedNothingHasNoSection() async throws {
    try await withTemporaryFolder { path in
      let run = try RunFiles(path, report: "{\"serving\":null}").run()
      #expect(try ServingPageSection.section(run) == nil)
    }
  }

  @Test func aDamagedAccountIsSaid() async throws {
    try await withTemporaryFolder { path in
      let files = try RunFiles(path, report: report(1))
      try files.write("{\"started_at\":", to: files.folder.account)
      let run = try files.run()
      #expect(throws: JSONFileError.self) { try ServingPageSection.section(run) }
    }
  }
}
