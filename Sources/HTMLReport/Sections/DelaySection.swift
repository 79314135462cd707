import Charts
import DetectionCharts
import Pages
import Wording

/// When it was found: how long until anomalies were known.
package enum DelaySection {
  static let topic = "When was it known?"

  /// Nil where no anomaly was found. Throws as the files of the run do.
  package static func section(_ run: FinishedRun) throws -> PageSection? {
    guard let files = try DetectionFiles(run.folder) else { return nil }
    return try section(run, DetectionFindings(files))
  }

  static func section(_ run: FinishedRun, _ findings: DetectionFindings) throws -> PageSection? {
    let known = findings.events.compactMap(\.untilWindow)
    guard !known.isEmpty else { return nil }
    let kinds = kinds(findings.events)
    let untilJob = findings.events.compactMap(\.untilJob).sorted()
    let markers = ["p50", "p90", "max"].compactMap { name in
      run.number("detection.delay_seconds.\(name)").map {
        DelayChart.Marker(name == "max" ? "longest" : name, seconds: $0)
      }
    }
    let chart = DelayChart(kinds: kinds, untilJob: untilJob, markers: markers)
    return PageSection(
      id: "when", topic: topic, finding: finding(run, known),
      notes: notes(findings, untilJob),
      figures: chart.svg().map { [PageFigure(svg: $0)] } ?? [],
      tables: [table(run, untilJob), table(kinds)])
  }

  private static func finding(_ run: FinishedRun, _ known: [Double]) -> String {
    let half = run.text("detection.delay_seconds.p50", .seconds)
    guard let half, let longest = run.text("detection.delay_seconds.max", .seconds) else {
      let longest = ChartUnit.seconds.text(known.max() ?? 0)
      return "What was found was known after \(longest) at the latest"
    }
    return known.count == 1
      ? "The anomaly that was found was known after \(longest)"
      : "Half of the anomalies that were found were known within \(half), the last after \(longest)"
  }

  private static func notes(_ findings: DetectionFindings, _ untilJob: [Double]) -> [String] {
    var notes = [
      "A delay ends where the first flagged window of the anomaly is over: until then nobody can know what the window is."
    ]
    if let middle = nearestRank(untilJob, 0.5), let longest = untilJob.last {
      notes.append(
        "Until the job that scored it had fired, it was \(ChartUnit.seconds.text(middle)) for half of them and "
          + "\(ChartUnit.seconds.text(longest)) at most, by event time.")
    }
    let missed = findings.events.count { $0.untilWindow == nil }
    if missed > 0 {
      notes.append("\(counted(missed, "anomaly", "anomalies")) of \(findings.events.count.grouped) never.")
    }
    return notes
  }

  /// The least of `sorted` that the share of them does not exceed, as the report counts.
  private static func nearestRank(_ sorted: [Double], _ share: Double) -> Double? {
    sorted.isEmpty ? nil : sorted[max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1)]
  }

  private static func kinds(_ events: [DetectionFindings.Event]) -> [DelayChart.Kind] {
    Dictionary(grouping: events, by: \.kind).map { name, events in
      DelayChart.Kind(name, delays: events.compactMap(\.untilWindow), events: events.count)
    }.sorted { ($1.events, $0.name) < ($0.events, $1.name) }
  }

  private static func table(_ run: FinishedRun, _ untilJob: [Double]) -> PageTable {
    func own(_ share: Double) -> PageTable.Cell {
      nearestRank(untilJob, share).map { PageTable.Cell(ChartUnit.seconds.text($0), value: $0) } ?? "–"
    }
    let columns: [PageTable.Column] = [
      .init("until"), .init("p50", .number), .init("p90", .number), .init("longest", .number),
    ]
    return PageTable(
      id: "when-quantiles", caption: "Time from the beginning of an anomaly until it was known",
      columns: columns,
      rows: [
        ["its first flagged window was over"]
          + ["p50", "p90", "max"].map {
            run.numberCell("detection.delay_seconds.\($0)", ChartUnit.seconds.text)
          },
        ["the job that scored it had fired", own(0.5), own(0.9), own(1)],
      ])
  }

  private static func table(_ kinds: [DelayChart.Kind]) -> PageTable {
    let rows = kinds.prefix(DelayChart.mostKinds).map { kind -> [PageTable.Cell] in
      let delays = kind.delays.sorted()
      let quantiles = [0.5, 1].map { share in
        nearestRank(delays, share).map { PageTable.Cell(ChartUnit.seconds.text($0), value: $0) } ?? "–"
      }
      return [PageTable.Cell(kind.name), .counted(kind.events), .counted(delays.count)] + quantiles
    }
    return PageTable(
      id: "when-kinds", caption: "The same by kind of anomaly",
      columns: [
        .init("kind"), .init("anomalies", .number), .init("known", .number), .init("p50", .number),
        .init("longest", .number),
      ], rows: rows, total: kinds.count, isFolded: true)
  }
}
