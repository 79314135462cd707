import Charts
import Files
import LoadCharts
import Pages
import Verdict

/// How long things took, by percentile: ingestion, scoring inside the stream, the scoring service.
package enum LatencySection {
  /// What a latency is called, and the figure that it is in.
  private struct Kind {
    var name: String
    var path: String
    var quantiles: [String]
  }

  private static let pipeline = [
    Kind(
      name: "from the planned send until durable", path: "ingestion.end_to_end_ms",
      quantiles: ["p50", "p90", "p99", "p99.9"]),
    Kind(name: "a commit of ingestion", path: "ingestion.commit_ms", quantiles: ["p50", "p99"]),
    Kind(
      name: "from a window's end until it was scored in the stream", path: "stream.watermark_delay_ms",
      quantiles: ["p50", "p99", "max"]),
  ]
  private static let quantiles = ["p50", "p90", "p99", "p99.9", "max"]

  /// Nil where the report has no latency. Throws `FileError`, `JSONFileError` and `CSVError` where a file cannot be read.
  package static func section(_ run: FinishedRun) throws -> PageSection? {
    let account = try run.account()
    let kinds = pipeline.filter { kind in kind.quantiles.contains { run.number("\(kind.path).\($0)") != nil }
    }
    let curves = kinds.map { curve($0, run, account) }
    let trials = account?.serving?.trials ?? []
    let served = try trials.compactMap { try curve($0, run) }
    var figures: [PageFigure] = []
    let finding = (pipelineFindings(run) + serviceFindings(run)).joined(separator: "; ")
    if let svg = LatencyChart.svg(
      id: "latency", title: sentence(pipelineFindings(run)), curves, of: curves.count)
    {
      figures.append(PageFigure(svg: svg))
    }
    let worst = served.enumerated().sorted {
      (-p99($0.element), $0.offset) < (-p99($1.element), $1.offset)
    }.prefix(LoadChartDefaults.mostLines).map(\.element)
    if let svg = LatencyChart.svg(
      id: "latency-serving", title: sentence(serviceFindings(run)), worst, of: served.count)
    {
      figures.append(PageFigure(svg: svg))
    }
    guard !figures.isEmpty else { return nil }
    return PageSection(
      id: "latency", topic: "How long did it take?", finding: sentence([finding]),
      notes: run.figure("ingestion.end_to_end_ms.p50") == nil && run.figure("ingestion") != nil
        ? [
          "Without a schedule (speed: max) no message has a time at which it was meant to leave, so only commits are timed."
        ]
        : [],
      figures: figures, tables: [table(run, Array(zip(kinds, curves)))])
  }

  private static func p99(_ curve: LatencyChart.Curve) -> Double {
    curve.points.first { $0.percentile >= 99 }?.seconds ?? curve.max ?? 0
  }

  // MARK: - Curves

  /// From the histogram where the account has it, and from the figures of the report otherwise.
  private static func curve(_ kind: Kind, _ run: FinishedRun, _ account: RunAccount?) -> LatencyChart.Curve {
    let ingestion = account?.ingestion
    let histogram =
      kind.path == "ingestion.commit_ms"
      ? ingestion?.commitMicroseconds
      : kind.path == "ingestion.end_to_end_ms" ? ingestion?.endToEndMicroseconds : nil
    var points: [LatencyChart.Curve.Point] = []
    var longest = run.number("\(kind.path).max").map { $0 / 1000 }
    if let histogram, histogram.totalCount > 0 {
      points = finer.filter { (100 - $0) / 100 * Double(histogram.totalCount) >= 1 || $0 == 50 }
        .map { .init($0, Double(histogram.valueAtPercentile($0)) / 1e6) }
      longest = Double(histogram.max) / 1e6
    }
    // What the report says counts, to the last digit.
    for quantile in kind.quantiles {
      guard let percentile = Double(quantile.dropFirst()), let value = run.number("\(kind.path).\(quantile)")
      else { continue }
      points.removeAll { $0.percentile == percentile }
      points.append(.init(percentile, value / 1000))
    }
    points.sort { $0.percentile < $1.percentile }
    return LatencyChart.Curve(name: kind.name, points: points, max: longest)
  }

  /// From one of two to one of a million, ten steps a decade and the names that people know.
  private static let finer: [Double] =
    [50, 75, 90, 95, 97.5, 98, 99, 99.5, 99.75, 99.9, 99.95, 99.99, 99.995, 99.999, 99.9999]

  /// Nil where nothing was answered.
  private static func curve(_ trial: ServingAccount.Trial, _ run: FinishedRun) throws -> LatencyChart.Curve? {
    let latency = trial.report.latencyMs
    guard latency.p50 != nil else { return nil }
    let known: [(Double, Double?)] = [
      (50, latency.p50), (90, latency.p90), (99, latency.p99), (99.9, latency.p999),
    ]
    var points = try ServingHistogram.points(of: ServingHistogram.path(trial, in: run.folder)) ?? []
    for (percentile, milliseconds) in known {
      guard let milliseconds else { continue }
      points.removeAll { $0.percentile == percentile }
      points.append(.init(percentile, milliseconds / 1000))
    }
    points.sort { $0.percentile < $1.percentile }
    return LatencyChart.Curve(name: trial.name, points: points, max: latency.max.map { $0 / 1000 })
  }

  // MARK: - Words

  private static func time(_ run: FinishedRun, _ path: String) -> String? {
    run.number(path).map { ChartUnit.seconds.text($0 / 1000) }
  }

  private static func sentence(_ parts: [String]) -> String {
    let text = parts.filter { !$0.isEmpty }.joined(separator: "; ")
    return text.isEmpty ? "How long it took" : text.prefix(1).uppercased() + text.dropFirst()
  }

  private static func serviceFindings(_ run: FinishedRun) -> [String] {
    time(run, "serving.latency_ms.p99").map { ["the service answered 99% within \($0) at its worst load"] }
      ?? []
  }

  private static func pipelineFindings(_ run: FinishedRun) -> [String] {
    func text(_ path: String) -> String? { time(run, path) }
    var parts: [String] = []
    if let half = text("ingestion.end_to_end_ms.p50"), let most = text("ingestion.end_to_end_ms.p99") {
      parts.append("half of the messages were durable within \(half), 99% within \(most)")
    } else if let half = text("ingestion.commit_ms.p50"), let most = text("ingestion.commit_ms.p99") {
      parts.append("half of the commits took at most \(half), 99% at most \(most)")
    }
    if let most = text("stream.watermark_delay_ms.p99") {
      parts.append("99% of the windows were scored in the stream within \(most)")
    }
    return parts
  }

  private static func table(_ run: FinishedRun, _ kinds: [(kind: Kind, curve: LatencyChart.Curve)])
    -> PageTable
  {
    var rows = kinds.map { kind, curve in
      [PageTable.Cell(kind.name)] + quantiles.map { cell(run, kind, $0, curve) }
    }
    if run.figure("serving") != nil {
      rows.append(
        ["a request to the scoring service, of the worst load"]
          + quantiles.map { run.numberCell("serving.latency_ms.\($0)") })
    }
    return PageTable(
      id: "latencies", caption: "Times in ms",
      columns: [
        .init("What"), .init("50%", .number), .init("90%", .number), .init("99%", .number),
        .init("99.9%", .number),
        .init("Longest", .number),
      ], rows: rows)
  }

  /// The figure of the report; where it has none, what the picture shows, which is from the histogram.
  private static func cell(
    _ run: FinishedRun, _ kind: Kind, _ quantile: String, _ curve: LatencyChart.Curve
  ) -> PageTable.Cell {
    let path = "\(kind.path).\(quantile)"
    if run.number(path) != nil { return run.numberCell(path) }
    let seconds =
      quantile == "max"
      ? curve.max : curve.points.first { $0.percentile == Double(quantile.dropFirst()) }?.seconds
    guard let milliseconds = seconds.map({ $0 * 1000 }) else { return "–" }
    return PageTable.Cell(ChartNumber.short(milliseconds), value: milliseconds)
  }
}
