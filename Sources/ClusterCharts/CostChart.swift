import Charts
import ClusterModel

/// What a job costs against how long it takes, with the sizes that none beats in both, and the deadline.
enum CostChart {
  private static let summary =
    "Every point is a size of the cluster, with its number of nodes beside it. No size is both faster and cheaper "
    + "than one of the front."

  private struct Value {
    let row: ClusterRow
    let series: ClusterSeries
    let time: Double
    let cost: Double
  }

  static func svg(_ data: ClusterPictureData, id: String) -> String? {
    let rows = data.rows.filter { row in
      guard let cost = row.costUSD else { return false }
      return Scale.canPlace(row.makespanSeconds, on: .log10) && cost >= 0 && ChartDefaults.isDrawable(cost)
    }
    let all = ClusterSeries.all(of: rows)
    let series = Array(all.prefix(ClusterChartDefaults.mostSeries))
    let values = series.flatMap { series in
      series.rows.map { Value(row: $0, series: series, time: $0.makespanSeconds, cost: $0.costUSD ?? 0) }
    }
    guard !values.isEmpty else { return nil }
    let front = ParetoFront.indices(of: values.map { ($0.time, $0.cost) }).map { values[$0] }
    let deadline = data.deadlineSeconds.flatMap { Scale.canPlace($0, on: .log10) ? $0 : nil }
    guard
      let across = scale(values.map(\.time) + (deadline.map { [$0] } ?? [])),
      let up = scale(values.map(\.cost))
    else { return nil }
    var sheet = Sheet(
      id: id, title: "Cost against time", summary: summary,
      description: summary + " " + description(front, deadline, values))
    let frame = Frame(
      &sheet, x: Axis("makespan", .seconds, across), y: Axis("cost of a job", .dollars, up),
      height: ClusterChartDefaults.plotHeight)
    let cells = Set(front.map(\.row.cell))
    let others = values.filter { !cells.contains($0.row.cell) }
    let kept = Thinning.evenly(others, most: ClusterChartDefaults.mostPoints)
    let shownFront = Thinning.evenly(front, most: ClusterChartDefaults.mostPointsPerLine)
    var placer = LabelPlacer(
      area: frame.area, marks: (kept + shownFront).map { frame.point($0.time, $0.cost) })
    let line = shownFront.map { frame.point($0.time, $0.cost) }
    placer.avoid(line: line)
    sheet.drawing.polyline(
      line, Look(stroke: .ink, strokeWidth: 1.5, dash: .shortDashed, role: "front"))
    if let deadline {
      frame.addMarker(
        &sheet, at: deadline, label: "deadline \(ChartUnit.seconds.text(deadline))", .color(.vermillion),
        .longDashed, placer: &placer)
    }
    draw(&sheet, frame, kept, shownFront, &placer)
    sheet.addLegend(
      series.legend(hasLines: false)
        + (front.count > 1
          ? [LegendEntry(.line(.ink, .shortDashed), "front: none is faster and cheaper")] : []))
    sheet.addNotes([
      Thinning.note(series.count, of: all.count, "series"),
      Thinning.note(kept.count, of: others.count, "points off the front"),
      Thinning.note(shownFront.count, of: front.count, "points of the front"),
    ])
    return sheet.text()
  }

  /// By logarithm where the values span much, from zero where they do not or one of them is zero.
  private static func scale(_ values: [Double]) -> Scale? {
    guard let low = values.min(), let high = values.max() else { return nil }
    let isWide =
      Scale.canPlace(low, on: .log10) && high / low > ClusterChartDefaults.logarithmicValues
    return Scale.fitting(isWide ? .log10 : .linear, values, fromZero: true)
  }

  private static func draw(
    _ sheet: inout Sheet, _ frame: Frame, _ values: [Value], _ front: [Value], _ placer: inout LabelPlacer
  ) {
    // The front is drawn last, over the others.
    let order = values + front
    for value in order {
      let figures = "\(ChartUnit.seconds.text(value.time)), \(ChartUnit.dollars.text(value.cost))"
      sheet.drawing.mark(
        value.row.cell.mode.shape, at: frame.point(value.time, value.cost), value.series.paint,
        tooltip: value.row.summary(value.series, figures))
    }
    let hasLetters = Set(order.map(\.series.index)).count > 1
    for value in (front + values).prefix(ClusterChartDefaults.mostLabels) {
      let label = hasLetters ? "\(value.series.letter)\(value.row.cell.nodes)" : "\(value.row.cell.nodes)"
      sheet.addLabel(label, beside: frame.point(value.time, value.cost), &placer)
    }
  }

  private static func description(_ front: [Value], _ deadline: Double?, _ values: [Value]) -> String {
    func text(_ value: Value) -> String {
      value.row.summary(
        value.series, "\(ChartUnit.seconds.text(value.time)), \(ChartUnit.dollars.text(value.cost))")
    }
    var sentences: [String] = []
    if let first = front.first { sentences.append("The fastest is \(text(first)).") }
    if let last = front.last { sentences.append("The cheapest is \(text(last)).") }
    if let deadline {
      let best = front.last { $0.time <= deadline }
      sentences.append(
        best.map { "The cheapest within the deadline is \(text($0))." } ?? "None keeps the deadline.")
    }
    return sentences.joined(separator: " ")
  }
}
