import Charts

/// What was simulated before it was measured, against what was measured; and by how much it was off.
enum ComparisonChart {
  private static let summary =
    "The makespan of sizes that the model had not seen. On the diagonal, the simulation said what came; "
    + "within the band it was at most 5% off."

  static func svg(_ data: ClusterPictureData, id: String) -> String? {
    let all = data.comparisons.filter {
      [$0.measuredSeconds, $0.simulatedSeconds].allSatisfy { Scale.canPlace($0, on: .log10) }
        && ChartDefaults.isDrawable($0.error)
    }
    guard let worst = all.max(by: { abs($0.error) < abs($1.error) }) else { return nil }
    let labels = labels(all, worst)
    let shown = shown(all, labels, worst)
    let verdict =
      "The worst of \(all.count): \(percent(worst.error)), \(worst.label), \(worst.nodes.nodes) "
      + "(measured \(time(worst.measuredSeconds)), simulated \(time(worst.simulatedSeconds)))."
    guard let scale = timeScale(shown),
      let errors = Scale.fitting(.linear, shown.map(\.error) + [-0.08, 0.08], room: 0.12)
    else { return nil }
    var sheet = Sheet(
      id: id, title: "Simulated against measured makespan", summary: summary,
      description: summary + " " + verdict)
    let times = Frame(
      &sheet, x: Axis("measured makespan", .seconds, scale), y: Axis("simulated makespan", .seconds, scale),
      height: ClusterChartDefaults.plotHeight)
    drawBand(&sheet, times)
    draw(&sheet, times, shown, labels) { $0.simulatedSeconds }
    let shares = Frame(
      &sheet, x: Axis("measured makespan", .seconds, scale),
      y: Axis("simulated above measured", .percent, errors), height: 150, left: times.area.left)
    drawErrorBand(&sheet, shares)
    draw(&sheet, shares, shown, labels, role: "error") { $0.error }
    sheet.addLegend(
      labels.enumerated().map { LegendEntry(.mark(shape($0.offset), paint($0.offset)), $0.element) } + [
        LegendEntry(.line(.quiet, .dashed), "simulated = measured"),
        LegendEntry(.area(.color(.grey), opacity: bandOpacity), "within 5%"),
      ])
    sheet.addNote(verdict)
    if shown.count <= ClusterChartDefaults.mostLabels {
      sheet.addNote("Beside a point: its number of nodes.")
    }
    if let note = Thinning.note(shown.count, of: all.count, "comparisons") { sheet.addNote(note) }
    return sheet.text()
  }

  /// The first labels, and that of the worst.
  private static func labels(
    _ all: [ClusterPictureData.Comparison], _ worst: ClusterPictureData.Comparison
  ) -> [String] {
    var labels: [String] = []
    for comparison in all where !labels.contains(comparison.label) {
      labels.append(comparison.label)
      if labels.count == ClusterChartDefaults.mostSeries { break }
    }
    if !labels.contains(worst.label) { labels[labels.count - 1] = worst.label }
    return labels
  }

  /// Those of `labels`, thinned where they are too many; never without the worst.
  private static func shown(
    _ all: [ClusterPictureData.Comparison], _ labels: [String], _ worst: ClusterPictureData.Comparison
  ) -> [ClusterPictureData.Comparison] {
    var shown = Thinning.evenly(
      all.filter { labels.contains($0.label) }, most: ClusterChartDefaults.mostPoints)
    if !shown.contains(worst) { shown[shown.count / 2] = worst }
    return shown
  }

  /// Of both axes: as wide as the band at least, and nothing below zero.
  private static func timeScale(_ shown: [ClusterPictureData.Comparison]) -> Scale? {
    let times = shown.flatMap { [$0.measuredSeconds, $0.simulatedSeconds] }
    guard let low = times.min(), let high = times.max() else { return nil }
    let isWide = high / low > ClusterChartDefaults.logarithmicValues
    guard let fitting = Scale.fitting(isWide ? .log10 : .linear, times, room: 0.1) else { return nil }
    return Scale(
      fitting.kind, low: max(0, min(fitting.low, low * 0.9)), high: max(fitting.high, high * 1.1))
  }

  private static let bandOpacity = 0.22

  private static func shape(_ index: Int) -> MarkShape {
    MarkShape.allCases[index % MarkShape.allCases.count]
  }
  private static func paint(_ index: Int) -> Paint {
    ClusterSeries.paints[index % ClusterSeries.paints.count]
  }
  private static func time(_ seconds: Double) -> String { ChartUnit.seconds.text(seconds) }
  private static func percent(_ share: Double) -> String {
    (share > 0 ? "+" : "") + ChartNumber.fixed(share * 100, decimals: 1) + "%"
  }

  private static func drawBand(_ sheet: inout Sheet, _ frame: Frame) {
    let (low, high) = (frame.x.low, frame.x.high)
    let above = 1 + ClusterChartDefaults.tolerance
    let below = 1 - ClusterChartDefaults.tolerance
    sheet.drawing.polygon(
      [
        frame.point(low, low), frame.point(low, low * above), frame.point(high / above, high),
        frame.point(high, high), frame.point(high, high * below), frame.point(low / below, low),
      ], Look(fill: .color(.grey), fillOpacity: bandOpacity, role: "band"))
    sheet.drawing.line(
      from: frame.point(low, low), to: frame.point(high, high),
      Look(stroke: .quiet, strokeWidth: 1.4, dash: .dashed, role: "ideal"))
  }

  private static func drawErrorBand(_ sheet: inout Sheet, _ frame: Frame) {
    let tolerance = ClusterChartDefaults.tolerance
    let (above, below) = (frame.y.pixel(tolerance), frame.y.pixel(-tolerance))
    sheet.drawing.box(
      Box(left: frame.area.left, top: above, right: frame.area.right, bottom: below),
      Look(fill: .color(.grey), fillOpacity: bandOpacity, role: "band"))
    sheet.drawing.line(
      from: frame.point(frame.x.low, 0), to: frame.point(frame.x.high, 0),
      Look(stroke: .quiet, strokeWidth: 1.4, dash: .dashed, role: "ideal"))
  }

  private static func draw(
    _ sheet: inout Sheet, _ frame: Frame, _ shown: [ClusterPictureData.Comparison], _ labels: [String],
    role: String = "mark", _ figure: (ClusterPictureData.Comparison) -> Double
  ) {
    let points = shown.map { frame.point($0.measuredSeconds, figure($0)) }
    for (comparison, point) in zip(shown, points) {
      let index = labels.firstIndex(of: comparison.label) ?? 0
      sheet.drawing.mark(
        shape(index), at: point, paint(index),
        tooltip: "\(comparison.label), \(comparison.nodes.nodes): measured "
          + "\(time(comparison.measuredSeconds)), simulated \(time(comparison.simulatedSeconds)), "
          + percent(comparison.error), role: role)
    }
    guard shown.count <= ClusterChartDefaults.mostLabels else { return }
    var placer = LabelPlacer(area: frame.area, marks: points)
    for (comparison, point) in zip(shown, points) {
      sheet.addLabel(
        "\(comparison.nodes)", beside: point, &placer,
        isBold: abs(comparison.error) > ClusterChartDefaults.tolerance)
    }
  }
}
