import Charts
import ClusterModel

/// A figure against the number of nodes: a line a series, its interval as a band, and the ideal.
struct CurveChart {
  let title: String
  let summary: String
  let axis: String
  let unit: ChartUnit
  let idealName: String
  /// The figure of a row whose makespan is ``ClusterRow/makespanSeconds`` times `factor`.
  let figure: @Sendable (ClusterRow, _ factor: Double) -> Double?
  /// What is ideal on so many nodes.
  let ideal: @Sendable (Double) -> Double
  /// Whether the axis is logarithmic where that of the nodes is.
  let followsNodes: Bool

  static let speedup = CurveChart(
    title: "Speed-up by nodes",
    summary: "How many times as fast as one node a cluster does the job. On the ideal line, twice the nodes "
      + "take half the time.",
    axis: "times as fast as one node", unit: .ratio, idealName: "ideal: as many times as there are nodes",
    figure: { row, factor in row.speedup.map { $0 / factor } }, ideal: { $0 }, followsNodes: true)

  static let efficiency = CurveChart(
    title: "Efficiency by nodes",
    summary: "The speed-up by the number of nodes: the share of what is paid for that does the job.",
    axis: "efficiency", unit: .percent, idealName: "ideal",
    figure: { row, factor in row.efficiency.map { $0 / factor } }, ideal: { _ in 1 }, followsNodes: false)

  /// A figure with the ends of its interval.
  private struct Value {
    let row: ClusterRow
    let middle: Double
    let low: Double
    let high: Double

    var nodes: Double { Double(row.cell.nodes) }
  }

  private func value(_ row: ClusterRow) -> Value? {
    guard row.cell.nodes >= 1, ChartDefaults.isDrawable(Double(row.cell.nodes)), let middle = figure(row, 1),
      middle > 0, ChartDefaults.isDrawable(middle)
    else {
      return nil
    }
    func end(_ makespan: Double) -> Double {
      let end = figure(row, makespan / row.makespanSeconds) ?? middle
      return end > 0 && ChartDefaults.isDrawable(end) ? end : middle
    }
    return Value(
      row: row, middle: middle, low: min(middle, end(row.makespanHighSeconds)),
      high: max(middle, end(row.makespanLowSeconds)))
  }

  func svg(_ data: ClusterPictureData, id: String) -> String? {
    let all = ClusterSeries.all(of: data.rows.filter { value($0) != nil })
    let shown = Array(all.prefix(ClusterChartDefaults.mostSeries))
    let values = shown.flatMap { $0.rows.compactMap(value) }
    guard let least = values.map(\.nodes).min(), let most = values.map(\.nodes).max() else { return nil }
    let isWide = most / least > ClusterChartDefaults.logarithmicNodes
    guard let across = Scale.fitting(isWide ? .log2 : .linear, [least, most]) else { return nil }
    /// By series, then by mode.
    let lines = shown.map { series in
      shown.modes.map { mode in
        Thinning.spread(
          series.rows.filter { $0.cell.mode == mode }.compactMap(value),
          most: ClusterChartDefaults.mostPointsPerLine, place: { across.pixel($0.nodes) })
      }
    }
    var sheet = Sheet(
      id: id, title: title, summary: summary, description: description(all))
    let top = values.map(\.high).max() ?? 1
    let figures = values.flatMap { [$0.low, $0.high] } + [min(ideal(most), max(top * 1.4, ideal(least)))]
    guard let up = Scale.fitting(isWide && followsNodes ? .log2 : .linear, figures, fromZero: true) else {
      return nil
    }
    let frame = Frame(
      &sheet, x: Axis("nodes", .count, across), y: Axis(axis, unit, up),
      height: ClusterChartDefaults.plotHeight)
    let hasIdeal = drawIdeal(&sheet, frame, from: least, to: most)
    for (series, modes) in zip(shown, lines) {
      for line in modes { drawBand(&sheet, frame, line, series) }
    }
    draw(&sheet, frame, shown, lines)
    sheet.addLegend(
      shown.legend() + (hasIdeal ? [LegendEntry(.line(.quiet, .dashed), idealName)] : [])
        + (values.contains { $0.low < $0.high }
          ? [LegendEntry(.area(.color(.grey), opacity: 0.3), "95% interval of the median")] : []))
    sheet.addNotes([
      Thinning.note(shown.count, of: all.count, "series"),
      Thinning.note(lines.joined().joined().count, of: values.count, "rows of these series"),
    ])
    return sheet.text()
  }

  /// As far as the frame goes; false where there is no way to go.
  private func drawIdeal(
    _ sheet: inout Sheet, _ frame: Frame, from least: Double, to most: Double
  ) -> Bool {
    // The ideal is the number itself, or the same everywhere.
    let end = ideal(most) > frame.y.high ? frame.y.high : most
    let begin = ideal(least) < frame.y.low ? frame.y.low : least
    guard end > begin else { return false }
    sheet.drawing.line(
      from: frame.point(begin, ideal(begin)), to: frame.point(end, ideal(end)),
      Look(stroke: .quiet, strokeWidth: 1.4, dash: .dashed, role: "ideal"))
    return true
  }

  private func drawBand(_ sheet: inout Sheet, _ frame: Frame, _ line: [Value], _ series: ClusterSeries) {
    if line.count == 1, line[0].high > line[0].low {
      sheet.drawing.line(
        from: frame.point(line[0].nodes, line[0].low), to: frame.point(line[0].nodes, line[0].high),
        Look(stroke: series.paint, strokeWidth: 3, role: "interval"))
    } else if line.count > 1 {
      sheet.drawing.polygon(
        line.map { frame.point($0.nodes, $0.high) } + line.reversed().map { frame.point($0.nodes, $0.low) },
        Look(fill: series.paint, fillOpacity: 0.18, role: "band"))
    }
  }

  private func draw(_ sheet: inout Sheet, _ frame: Frame, _ shown: [ClusterSeries], _ lines: [[[Value]]]) {
    var placer = LabelPlacer(
      area: frame.area, marks: lines.joined().joined().map { frame.point($0.nodes, $0.middle) })
    for (series, modes) in zip(shown, lines) {
      for line in modes {
        let points = line.map { frame.point($0.nodes, $0.middle) }
        placer.avoid(line: points)
        sheet.drawing.polyline(
          points, Look(stroke: series.paint, strokeWidth: 1.8, dash: series.dash, role: "line"))
      }
    }
    // What is nearest to the truth is drawn last, over the others.
    for mode in shown.modes.reversed() {
      for (series, modes) in zip(shown, lines).reversed() {
        for value in modes.joined() where value.row.cell.mode == mode {
          let interval =
            value.low < value.high ? " (\(unit.text(value.low)) to \(unit.text(value.high)))" : ""
          sheet.drawing.mark(
            mode.shape, at: frame.point(value.nodes, value.middle), series.paint,
            tooltip: value.row.summary(series, unit.text(value.middle) + interval))
        }
      }
    }
    guard shown.count > 1 else { return }
    for (series, modes) in zip(shown, lines) {
      guard let last = modes.joined().max(by: { $0.nodes < $1.nodes }) else { continue }
      sheet.addLabel(series.letter, beside: frame.point(last.nodes, last.middle), &placer, isBold: true)
    }
  }

  private func description(_ all: [ClusterSeries]) -> String {
    let sentences = all.prefix(ClusterChartDefaults.mostDescribed).compactMap { series -> String? in
      let values = series.rows.compactMap(value)
      guard let best = values.max(by: { $0.middle < $1.middle }), let last = values.last else { return nil }
      return "\(series.label): at most \(unit.text(best.middle)), on \(best.row.cell.nodes.nodes) "
        + "(\(best.row.cell.mode.rawValue)); \(unit.text(last.middle)) on \(last.row.cell.nodes.nodes) "
        + "(\(last.row.cell.mode.rawValue))."
    }
    return ([summary] + sentences).joined(separator: " ")
  }
}

extension Sheet {
  /// A label where there is room beside `point`; nothing where there is none.
  mutating func addLabel(
    _ text: String, beside point: Point, _ placer: inout LabelPlacer, isBold: Bool = false
  ) {
    guard let place = placer.place(text, beside: point) else { return }
    drawing.text(text, at: place, isBold: isBold, isOverLines: true, role: "label")
  }
}
