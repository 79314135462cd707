import Charts

/// What was simulated before it was measured, against what was measured.
enum ComparisonChart {
  private static let summary =
    "The makespan of sizes that the model had not seen. On the diagonal, the simulation said what came; "
    + "within the band it was at most 5% off."

  static func svg(_ data: ClusterPictureData, id: String) -> String? {
    let all = data.comparisons.filter {
      [$0.measuredSeconds, $0.simulatedSeconds].allSatisfy { Scale.canPlace($0, on: .log10) }
    }
    guard !all.isEmpty else { return nil }
    let kept = Thinning.evenly(all, most: ClusterChartDefaults.mostPoints)
    var labels: [String] = []
    for comparison in kept where !labels.contains(comparison.label) {
      labels.append(comparison.label)
      if labels.count == ClusterChartDefaults.mostSeries { break }
    }
    let shown = kept.filter { labels.contains($0.label) }
    let times = shown.flatMap { [$0.measuredSeconds, $0.simulatedSeconds] }
    guard let low = times.min(), let high = times.max() else { return nil }
    let isWide = high / low > ClusterChartDefaults.logarithmicValues
    guard let fitting = Scale.fitting(isWide ? .log10 : .linear, times, room: 0.1) else { return nil }
    // As wide as the band at least, and nothing below zero.
    let scale = Scale(
      fitting.kind, low: max(0, min(fitting.low, low * 0.9)), high: max(fitting.high, high * 1.1))
    let worst = all.max { abs($0.error) < abs($1.error) } ?? all[0]
    let verdict =
      "The worst of \(all.count): \(percent(worst.error)), \(worst.label), \(worst.nodes.nodes) "
      + "(measured \(time(worst.measuredSeconds)), simulated \(time(worst.simulatedSeconds)))."
    var sheet = Sheet(
      id: id, title: "Simulated against measured makespan", summary: summary,
      description: summary + " " + verdict)
    let frame = Frame(
      &sheet, x: Axis("measured makespan", .seconds, scale), y: Axis("simulated makespan", .seconds, scale),
      height: 400)
    drawBand(&sheet, frame, scale)
    draw(&sheet, frame, shown, labels)
    sheet.addLegend(
      labels.enumerated().map { LegendEntry(.mark(shape($0.offset), paint($0.offset)), $0.element) } + [
        LegendEntry(.line(.quiet, .dashed), "simulated = measured"),
        LegendEntry(.area(.color(.grey), opacity: 0.22), "within 5%"),
      ])
    sheet.addNote(verdict)
    if shown.count <= ClusterChartDefaults.mostLabels {
      sheet.addNote("Beside a point: its nodes, and the error where it is above 5%.")
    }
    if let note = Thinning.note(shown.count, of: all.count, "comparisons") { sheet.addNote(note) }
    return sheet.text()
  }

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

  private static func drawBand(_ sheet: inout Sheet, _ frame: Frame, _ scale: Scale) {
    let (low, high) = (scale.low, scale.high)
    let above = 1 + ClusterChartDefaults.tolerance
    let below = 1 - ClusterChartDefaults.tolerance
    sheet.drawing.polygon(
      [
        frame.point(low, low), frame.point(low, low * above), frame.point(high / above, high),
        frame.point(high, high), frame.point(high, high * below), frame.point(low / below, low),
      ], Look(fill: .color(.grey), fillOpacity: 0.22, role: "band"))
    sheet.drawing.line(
      from: frame.point(low, low), to: frame.point(high, high),
      Look(stroke: .quiet, strokeWidth: 1.4, dash: .dashed, role: "ideal"))
  }

  private static func draw(
    _ sheet: inout Sheet, _ frame: Frame, _ shown: [ClusterPictureData.Comparison], _ labels: [String]
  ) {
    let points = shown.map { frame.point($0.measuredSeconds, $0.simulatedSeconds) }
    for (comparison, point) in zip(shown, points) {
      let index = labels.firstIndex(of: comparison.label) ?? 0
      sheet.drawing.mark(
        shape(index), at: point, paint(index),
        tooltip:
          "\(comparison.label), \(comparison.nodes.nodes): measured \(time(comparison.measuredSeconds)), "
          + "simulated \(time(comparison.simulatedSeconds)), \(percent(comparison.error))")
    }
    guard shown.count <= ClusterChartDefaults.mostLabels else { return }
    var placer = LabelPlacer(area: frame.area, marks: points)
    for (comparison, point) in zip(shown, points) {
      let isOff = abs(comparison.error) > ClusterChartDefaults.tolerance
      sheet.addLabel(
        isOff ? "\(comparison.nodes): \(percent(comparison.error))" : "\(comparison.nodes)", beside: point,
        &placer, isBold: isOff)
    }
  }
}
