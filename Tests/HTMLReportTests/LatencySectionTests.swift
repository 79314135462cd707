import Files
import HTMLReport
import Pages
import TestSupport
import Testing

@Suite struct LatencySectionTests {
  private let report = """
    {"ingestion":{"commit_ms":{"p50":2.5,"p99":20},"end_to_end_ms":{"p50":10,"p90":20,"p99":120,"p99.9":300}},
    "stream":{"watermark_delay_ms":{"p50":40,"p99":90,"max":95}},"serving":{"latency_ms":{"p50":5,"p90":6,"p99":7,"max":9}}}
    """

  @Test func everyLatencyOfTheReportIsThere() async throws {
    try await withTemporaryFolder { path in
      let files = try RunFiles(path, report: report)
      let run = try files.run()
      let section = try #require(try LatencySection.section(run))
      #expect(
        section.finding
          == "Half of the messages were durable within 10 ms, 99% within 120 ms; 99% of the windows were scored in the stream "
          + "within 90 ms; the service answered 99% within 7 ms at its worst load")
      try section.checkFigures(run)
      #expect(
        section.named.isSuperset(of: [
          "ingestion.end_to_end_ms.p99.9", "ingestion.commit_ms.p50", "stream.watermark_delay_ms.max",
          "serving.latency_ms.p99",
        ]))
      #expect(section.table("latencies")?.rows.count == 4)
      #expect(try LatencySection.section(run) == section)
    }
  }

  @Test func aStreamThatIsNullIsLeftOut() async throws {
    try await withTemporaryFolder { path in
      let files = try RunFiles(
        path, report: "{\"ingestion\":{\"commit_ms\":{\"p50\":2,\"p99\":3}},\"stream\":null,\"serving\":null}"
      )
      let section = try #require(try LatencySection.section(try files.run()))
      #expect(section.finding == "Half of the commits took at most 2 ms, 99% at most 3 ms")
      #expect(section.table("latencies")?.rows.count == 1)
      #expect(section.notes.count == 1)
      let empty = try RunFiles(path, report: "{\"ingestion\":{\"commit_ms\":{\"p50\":null}}}")
      #expect(try LatencySection.section(try empty.run()) == nil)
    }
  }

  /// The histogram that the load has left, line by line.
  @Test func theServicesHistogramIsRead() async throws {
    try await withTemporaryFolder { path in
      let files = try RunFiles(path, report: report)
      try files.writeAccount(ServingPageSectionTests.account([(1, 1), (2, 1)]))
      let histogram = """
               Value     Percentile TotalCount 1/(1-Percentile)

              4.000 0.500000000000         50           2.00
              6.000 0.950000000000         95          20.00
              9.000 1.000000000000        100
        #[Max     =        9.000, Total count    =          100]

        """
      let file = "\(files.folder.serving)/replicas-1-rows-1/load/latency.hgrm"
      try files.write(histogram, to: file)
      let run = try files.run()
      let section = try #require(try LatencySection.section(run))
      #expect(section.figures.count == 2)
      #expect(section.figures[1].svg.contains("2 replicas, 1 row a request"))
      for (bad, line) in [
        ("oops 0.950000000000", 4), ("6.000 1.950000000000", 4), ("3.000 0.950000000000", 4),
      ] {
        try files.write(histogram.replacing("6.000 0.950000000000", with: bad), to: file)
        let error = try #require(throws: CSVError.self) { try LatencySection.section(run) }
        #expect(error.line == line && error.path == file)
      }
    }
  }
}
