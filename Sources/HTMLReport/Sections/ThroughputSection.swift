import Charts
import Files
import LoadCharts
import Pages
import Verdict

/// Throughput and backlog over the wall time of a run, with what was broken meanwhile.
package enum ThroughputSection {
  /// Nil where the run did not publish. Throws `FileError` and `CSVError` where a file cannot be read.
  package static func section(_ run: FinishedRun) throws -> PageSection? {
    guard var course = try RunCourse(timeline: run.folder.timeline), course.moments.count > 1 else {
      return nil
    }
    let count = run.list("faults.events").count
    course.faults = faults(run, of: count)
    guard let svg = ThroughputChart.svg(course) else { return nil }
    let finding = ThroughputChart.Finding(course)
    var section = PageSection(
      id: "throughput", topic: "How much came through?", finding: title(run, finding),
      notes: [finding.sentence].filter { !$0.isEmpty } + notes(run), figures: [PageFigure(svg: svg)],
      tables: [totals(run)])
    if let usage = UsageChart.svg(course) {
      section.figures.append(PageFigure(svg: usage))
      section.tables.append(parts(course))
    }
    if count > 0 { section.tables.append(table(run, of: count)) }
    return section
  }

  private static func title(_ run: FinishedRun, _ finding: ThroughputChart.Finding) -> String {
    guard let mean = run.number("ingestion.messages_per_second") else { return finding.title }
    return "\(ChartNumber.short(mean)) messages a second became durable; "
      + (finding.mostBacklog == 0
        ? "none was seen to wait" : "at most \(ChartNumber.short(finding.mostBacklog)) waited")
  }

  private static func notes(_ run: FinishedRun) -> [String] {
    var notes: [String] = []
    if let planned = run.number("faults.planned"), let seen = run.number("faults.carried_out") {
      let slowest = run.number("faults.recovery_seconds.max").map {
        "; the slowest recovery took \(ChartUnit.seconds.text($0))"
      }
      notes.append(
        "\(ChartNumber.short(seen)) of \(ChartNumber.short(planned)) faults were carried out\(slowest ?? "")."
      )
    }
    if let restarts = run.number("ingestion.restarts"), restarts > 0 {
      let unplanned = run.number("ingestion.unplanned_restarts") ?? 0
      notes.append(
        "Ingestion was started again \(restarts == 1 ? "once" : "\(ChartNumber.short(restarts)) times")"
          + (unplanned > 0
            ? ", \(ChartNumber.short(unplanned)) of them without a fault that explains it." : "."))
    }
    return notes
  }

  /// Those faults that happened, by their place in the scenario.
  private static func faults(_ run: FinishedRun, of count: Int) -> [RunCourse.Fault] {
    (0..<count).compactMap { index in
      let path = "faults.events.\(index)"
      guard let began = run.number("\(path).began_seconds"), ChartDefaults.isDrawable(began) else {
        return nil
      }
      let ended = run.number("\(path).ended_seconds").flatMap { ChartDefaults.isDrawable($0) ? $0 : nil }
      return RunCourse.Fault(
        number: index + 1, what: run.text("\(path).what") ?? "what happened is not known", began: began,
        ended: max(began, ended ?? began))
    }
  }

  private static func totals(_ run: FinishedRun) -> PageTable {
    let figures = [
      ("Messages a second", "ingestion.messages_per_second"),
      ("Readings a second", "ingestion.readings_per_second"),
      ("Processor time of ingestion a message, in µs", "ingestion.cpu_us_per_message"),
      ("Windows closed", "windows.closed"), ("Windows scored a second", "scoring.windows_per_second"),
      (
        "From the end of the last fault, or of publishing, until all was stored, in s",
        "faults.drained_seconds"
      ),
      ("Ingestion started again", "ingestion.restarts"),
    ]
    return PageTable(
      id: "throughput-totals", caption: "Of the whole run",
      columns: [.init("What"), .init("How much", .number)],
      rows: run.rows(figures))
  }

  private static func parts(_ course: RunCourse) -> PageTable {
    PageTable(
      id: "throughput-parts", caption: "The most that each part used, a second at a time",
      columns: [
        .init("Part"), .init("Memory in MB", .number), .init("Processors", .number),
        .init("Started again", .number),
      ],
      rows: UsageChart.peaks(course).map { peak in
        [
          PageTable.Cell(peak.part),
          PageTable.Cell(ChartNumber.short(peak.bytes / 1e6), value: peak.bytes / 1e6),
          PageTable.Cell(ChartNumber.short(peak.cores), value: peak.cores),
          PageTable.Cell("\(peak.restarts)", value: Double(peak.restarts)),
        ]
      })
  }

  private static func table(_ run: FinishedRun, of count: Int) -> PageTable {
    PageTable(
      id: "faults", caption: "Faults, numbered as in the picture",
      columns: [
        .init("Number", .number), .init("Fault"), .init("What happened"), .init("Began at, in s", .number),
        .init("Ended at, in s", .number), .init("Recovered after, in s", .number),
      ],
      rows: (0..<min(count, LoadChartDefaults.mostFaults)).map { index in
        let path = "faults.events.\(index)"
        let what = run.text("\(path).what") == nil ? "it did not happen" : run.textCell("\(path).what")
        return [
          PageTable.Cell("\(index + 1)", value: Double(index + 1)), run.textCell("\(path).fault"), what,
        ]
          + ["began_seconds", "ended_seconds", "recovery_seconds"].map { run.numberCell("\(path).\($0)") }
      }, total: count)
  }
}
