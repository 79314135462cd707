import Charts
import Verdict

/// Latency of the scoring service and what a row takes, by rows a request, with the knee; where the number of rows was the same
/// throughout, by replicas.
package enum ServingChart {
  package static let fileName = "serving.svg"

  /// What the trials differ in along the axis.
  private enum Across {
    case rows, replicas

    func value(_ trial: ServingAccount.Trial) -> Double {
      Double(self == .rows ? trial.rowsPerRequest : trial.maxReplicas)
    }

    /// What the lower area shows: what a row takes, of which the knee is made, in seconds; or rows a second. Nil where it has no place.
    func below(_ trial: ServingAccount.Trial) -> Double? {
      guard self == .rows else {
        return Scale.canPlace(trial.report.rowsPerSecond, on: .linear) ? trial.report.rowsPerSecond : nil
      }
      let row = trial.report.serviceTimeMs.p50.map { $0 / 1000 / Double(max(1, trial.rowsPerRequest)) }
      return row.flatMap { Scale.canPlace($0, on: .log10) ? $0 : nil }
    }
  }

  /// Of each of the two areas, in pixels.
  private static let plotHeight = 200.0
  private static let left = 84.0

  /// The picture as SVG; nil of fewer than two trials with an answer. Equal trials give equal bytes.
  package static func svg(_ trials: [ServingAccount.Trial]) -> String? {
    let answered = trials.filter {
      ($0.report.latencyMs.p50).map { Scale.canPlace($0 / 1000, on: .log10) } ?? false
    }
    let across: Across = Set(answered.map(\.rowsPerRequest)).count > 1 ? .rows : .replicas
    guard Set(answered.map(across.value)).count > 1 else { return nil }
    // One line for each number of the other thing.
    let groups = Dictionary(grouping: answered) { across == .rows ? $0.maxReplicas : $0.rowsPerRequest }
      .sorted { $0.key < $1.key }
      .map { key, trials in (key: key, trials: trials.sorted { across.value($0) < across.value($1) }) }
    let shown = Array(groups.prefix(LoadChartDefaults.mostLines))
    let places = shown.flatMap(\.trials).map(across.value)
    let low = places.min() ?? 1
    let kind: Scale.Kind = (places.max() ?? 1) / low > LoadChartDefaults.logarithmic ? .log10 : .linear
    guard let scale = Scale.fitting(kind, places),
      let times = Scale.fitting(
        .log10,
        shown.flatMap(\.trials).flatMap { trial -> [Double] in
          [trial.report.latencyMs.p50, trial.report.latencyMs.p99].compactMap { $0.map { $0 / 1000 } }
        }),
      let below = across == .rows
        ? Scale.fitting(.log10, shown.flatMap(\.trials).compactMap(across.below))
        : Scale.fitting(.linear, shown.flatMap(\.trials).compactMap(across.below), fromZero: true)
    else { return nil }
    let knee = across == .rows ? BatchSizeKnee(trials) : nil
    let finding = title(answered, knee, across)
    var sheet = Sheet(
      id: "serving", title: finding, summary: summary(across),
      description: ([finding + ".", summary(across)]
        + answered.prefix(LoadChartDefaults.mostFaults).map(words))
        .joined(separator: " "))
    let values = Set(places).sorted()
    let ticks: [Tick]? =
      values.count <= 12 ? values.map { Tick(value: $0, text: ChartNumber.short($0)) } : nil
    let axis = Axis(across == .rows ? "rows a request" : "replicas", .count, scale, ticks: ticks)
    let latency = Frame(
      &sheet, x: axis, y: Axis("from the planned send to the answer", .seconds, times), height: plotHeight,
      left: left)
    addKnee(knee, latency, &sheet)
    for (index, group) in shown.enumerated() { drawLatencies(group.trials, index, across, latency, &sheet) }
    sheet.bottom += 8
    let title = across == .rows ? "median from the real send to the answer, a row" : "rows answered a second"
    let rate = Frame(
      &sheet, x: axis, y: Axis(title, across == .rows ? .seconds : .ratio, below), height: plotHeight * 0.7,
      left: left)
    addKnee(knee, rate, &sheet)
    for (index, group) in shown.enumerated() { drawBelow(group.trials, index, across, rate, &sheet) }
    addLegend(shown, across, &sheet)
    if shown.count < groups.count {
      sheet.addNote(
        "\(shown.count) of \(groups.count) numbers of \(across == .rows ? "replicas" : "rows a request") are shown."
      )
    }
    return sheet.text()
  }

  /// What was found, for a title.
  package static func finding(_ trials: [ServingAccount.Trial]) -> String {
    let rows = Set(trials.map(\.rowsPerRequest)).count > 1
    return title(trials, rows ? BatchSizeKnee(trials) : nil, rows ? .rows : .replicas)
  }

  private static func title(_ trials: [ServingAccount.Trial], _ knee: BatchSizeKnee?, _ across: Across)
    -> String
  {
    if let knee {
      guard let rows = knee.rows else {
        return
          "No knee up to \(number(trials.map(\.rowsPerRequest).max() ?? 0)) rows a request: larger requests stay cheaper"
      }
      return "The knee is at \(number(rows)) rows a request: more rows are hardly any cheaper"
    }
    let timed = trials.compactMap { trial in trial.report.latencyMs.p99.map { (trial, $0) } }
    guard
      let best = timed.enumerated().min(by: { ($0.element.1, $0.offset) < ($1.element.1, $1.offset) })?
        .element,
      let worst = timed.enumerated().max(by: { ($0.element.1, -$0.offset) < ($1.element.1, -$1.offset) })?
        .element
    else { return "The scoring service answered nothing" }
    let time = ChartUnit.seconds
    guard timed.count > 1 else {
      return "99% of the requests were answered within \(time.text(best.1 / 1000)) (\(best.0.name))"
    }
    return across == .replicas
      ? "99% within \(time.text(worst.1 / 1000)) with \(replicas(worst.0)), "
        + "\(time.text(best.1 / 1000)) with \(replicas(best.0))"
      : "99% within \(time.text(best.1 / 1000)) (\(best.0.name)) to \(time.text(worst.1 / 1000))"
  }

  private static func replicas(_ trial: ServingAccount.Trial) -> String {
    let count =
      trial.minReplicas == trial.maxReplicas
      ? "\(trial.maxReplicas)" : "\(trial.minReplicas) to \(trial.maxReplicas)"
    return "\(count) \(trial.maxReplicas == 1 ? "replica" : "replicas")"
  }

  private static func summary(_ across: Across) -> String {
    across == .rows
      ? "Each point is a load on the service, with requests of as many rows. A request costs something, and each row does."
      : "Each point is the same load on a service of as many replicas."
  }

  private static func words(_ trial: ServingAccount.Trial) -> String {
    let report = trial.report
    func text(_ milliseconds: Double?) -> String {
      milliseconds.map { ChartUnit.seconds.text($0 / 1000) } ?? "?"
    }
    return "\(trial.name): median \(text(report.latencyMs.p50)), 99% within \(text(report.latencyMs.p99)), "
      + "\(ChartNumber.short(report.rowsPerSecond)) rows/s, \(report.rejected) rejected, \(report.errors) errors."
  }

  private static func number(_ count: Int) -> String { ChartNumber.short(Double(count)) }

  private static func addKnee(_ knee: BatchSizeKnee?, _ frame: Frame, _ sheet: inout Sheet) {
    guard let rows = knee?.rows else { return }
    var placer = LabelPlacer(area: frame.area)
    frame.addMarker(
      &sheet, at: Double(rows), label: "knee: \(number(rows)) rows", .color(.green), .solid, placer: &placer)
  }

  private static func drawLatencies(
    _ trials: [ServingAccount.Trial], _ index: Int, _ across: Across, _ frame: Frame, _ sheet: inout Sheet
  ) {
    let lines: [(String, LineDash, (ServingAccount.Trial) -> Double?)] = [
      ("p99", .dashed, { $0.report.latencyMs.p99 }), ("p50", .solid, { $0.report.latencyMs.p50 }),
    ]
    for (role, dash, value) in lines {
      let points = trials.compactMap { trial -> (ServingAccount.Trial, Point)? in
        guard let seconds = value(trial).map({ $0 / 1000 }), Scale.canPlace(seconds, on: .log10) else {
          return nil
        }
        return (trial, frame.point(across.value(trial), seconds))
      }
      sheet.drawing.polyline(
        points.map(\.1), Look(stroke: paint(index), strokeWidth: 1.8, dash: dash, role: role))
      for (trial, point) in points { mark(trial, point, index, &sheet) }
    }
  }

  private static func drawBelow(
    _ trials: [ServingAccount.Trial], _ index: Int, _ across: Across, _ frame: Frame, _ sheet: inout Sheet
  ) {
    let points = trials.compactMap { trial in
      across.below(trial).map { (trial, frame.point(across.value(trial), $0)) }
    }
    sheet.drawing.polyline(points.map(\.1), Look(stroke: paint(index), strokeWidth: 1.8, role: "below"))
    for (trial, point) in points { mark(trial, point, index, &sheet) }
  }

  private static func isSound(_ trial: ServingAccount.Trial) -> Bool {
    trial.report.rejected + trial.report.errors == 0
  }

  /// A trial in which requests were turned away or failed is crossed.
  private static func mark(_ trial: ServingAccount.Trial, _ point: Point, _ index: Int, _ sheet: inout Sheet)
  {
    let isSound = isSound(trial)
    sheet.drawing.mark(
      isSound ? shape(index) : .cross, at: point, isSound ? paint(index) : .color(.vermillion),
      tooltip: words(trial))
  }

  private static func addLegend(
    _ groups: [(key: Int, trials: [ServingAccount.Trial])], _ across: Across, _ sheet: inout Sheet
  ) {
    let names = groups.map { key, _ in
      across == .rows
        ? "\(key) \(key == 1 ? "replica" : "replicas")" : "\(key) \(key == 1 ? "row" : "rows") a request"
    }
    sheet.addLegend(
      names.enumerated().map { LegendEntry(.mark(shape($0.offset), paint($0.offset)), $0.element) } + [
        LegendEntry(.line(.ink, .solid), "median"),
        LegendEntry(.line(.ink, .dashed), "99th percentile"),
      ]
        + (groups.contains { $0.trials.contains { !isSound($0) } }
          ? [LegendEntry(.mark(.cross, .color(.vermillion)), "requests were turned away or failed")] : []))
  }

  private static func paint(_ index: Int) -> Paint {
    // Vermillion is for what failed.
    let paints: [Paint] = [.color(.blue), .color(.green), .color(.purple), .ink, .color(.grey)]
    return paints[index % paints.count]
  }

  private static func shape(_ index: Int) -> MarkShape {
    let shapes: [MarkShape] = [.disc, .square, .triangle, .diamond, .wedge]
    return shapes[index % shapes.count]
  }
}
