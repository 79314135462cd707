import Charts
import Files
import LoadCharts
import Pages
import Verdict

/// The scoring service under its loads: latency and rows a second by rows a request, or by replicas.
package enum ServingPageSection {
  /// As many as a scenario may have.
  private static let mostTrials = 64

  /// Nil where nothing was served. Throws `FileError` and `JSONFileError` where a file cannot be read.
  package static func section(_ run: FinishedRun) throws -> PageSection? {
    guard run.figure("serving") != nil else { return nil }
    let trials = try run.account()?.serving?.trials ?? []
    var section = PageSection(
      id: "serving", topic: "How fast is the scoring service?", finding: ServingChart.finding(trials),
      notes: notes(run), tables: [totals(run), sweep(run)])
    if let svg = ServingChart.svg(trials) { section.figures = [PageFigure(svg: svg)] }
    section.tables.removeAll { $0.rows.isEmpty }
    return section
  }

  private static func notes(_ run: FinishedRun) -> [String] {
    let wrong = [("rejected", "were turned away"), ("errors", "failed")].compactMap {
      name, words -> String? in
      guard let count = run.number("serving.\(name)"), count > 0 else { return nil }
      return "\(ChartNumber.short(count)) \(words)"
    }
    guard let requests = run.number("serving.requests"), !wrong.isEmpty else { return [] }
    return ["Of \(ChartNumber.short(requests)) requests \(wrong.joined(separator: " and "))."]
  }

  private static func totals(_ run: FinishedRun) -> PageTable {
    let figures = [
      ("Requests that were due", "serving.requests"), ("Answered rightly", "serving.answered"),
      ("Turned away", "serving.rejected"), ("Failed", "serving.errors"), ("Rows", "serving.rows"),
      ("Requests due a second", "serving.offered_per_second"),
      ("Right answers a second", "serving.achieved_per_second"),
      ("Rows answered a second", "serving.rows_per_second"),
      ("Processor time a request, in µs", "serving.cpu_us_per_request"),
      ("The most replicas", "serving.replicas_max"),
      ("The knee, in rows a request", "serving.knee_batch"),
    ]
    return PageTable(
      id: "serving-totals", caption: "All loads together",
      columns: [.init("What"), .init("How much", .number)],
      rows: run.rows(figures))
  }

  private static func sweep(_ run: FinishedRun) -> PageTable {
    let trials = run.list("serving.sweep")
    return PageTable(
      id: "serving-sweep", caption: "Each load by itself; times in ms, from the planned send to the answer",
      columns: [
        .init("Replicas", .number), .init("Rows a request", .number), .init("Due a second", .number),
        .init("Answered a second", .number), .init("Rows a second", .number), .init("50%", .number),
        .init("99%", .number),
        .init("Longest", .number), .init("Turned away", .number), .init("Failed", .number),
        .init("µs a row", .number),
      ],
      rows: trials.indices.prefix(mostTrials).map { index in
        [
          "replicas", "rows_per_request", "offered_per_second", "achieved_per_second", "rows_per_second",
          "latency_ms.p50", "latency_ms.p99", "latency_ms.max", "rejected", "errors", "cpu_us_per_row",
        ].map { run.numberCell("serving.sweep.\(index).\($0)") }
      }, total: trials.count)
  }
}
