import Charts
import Detection

/// The figures of a ``ThresholdSweep`` against the threshold: shares above, false alarms below.
package enum ThresholdChart {
  private static let title = "Figures by threshold"
  private static let summary =
    "A window is flagged whose decision value is at or below the threshold. Further to the right, more is found, and more false "
    + "alarms are raised."
  /// Of the upper and the lower area, in pixels.
  private static let heights = (shares: 260.0, falseAlarms: 150.0)
  /// The picture ends where so many times the windows are flagged that matter: beyond, precision is nothing.
  private static let reach = 4.0
  /// The least share of the windows that it reaches to.
  private static let leastShare = 0.05

  private struct Line {
    let name: String
    let paint: Paint
    let dash: LineDash
    let figure: @Sendable (ThresholdSweep.Row) -> Double?
  }

  private static let shares = [
    Line(name: "recall", paint: .color(.blue), dash: .solid, figure: { $0.recall }),
    Line(name: "precision", paint: .color(.vermillion), dash: .dashed, figure: { $0.precision }),
    Line(name: "F1", paint: .color(.green), dash: .dashDotted, figure: { $0.f1 }),
    Line(name: "event recall", paint: .color(.purple), dash: .dotted, figure: { $0.eventRecall }),
  ]
  private static let falseAlarms = Line(
    name: "false alarms", paint: .color(.blue), dash: .solid, figure: { $0.falseAlarmsPerDeviceDay })

  /// The picture as SVG; nil where no threshold can be drawn. Equal sweeps give equal bytes.
  ///
  /// - Parameter name: What the threshold in use is called; nil where models have different ones.
  package static func svg(_ sweep: ThresholdSweep, inUse name: String?, id: String = "thresholds") -> String?
  {
    let curve = shown(sweep)
    guard let across = Scale.fitting(.linear, curve.compactMap(\.threshold), room: 0.02),
      let share = Scale.fitting(.linear, [0, 1], fromZero: true, room: 0.04)
    else { return nil }
    let inUse = place(of: sweep.inUse, in: sweep)
    let text = inUseText(sweep, name)
    let best = sweep.bestF1.map { "best F1, an oracle's: \(ChartUnit.ratio.text($0.threshold ?? 0))" }
    var sheet = Sheet(
      id: id, title: title, summary: summary,
      description: ([summary, sentence(text, sweep.inUse)]
        + [best.flatMap { best in sweep.bestF1.map { sentence(best, $0) } }].compactMap(\.self))
        .joined(separator: " "))
    let most = curve.compactMap(falseAlarms.figure).max()
    let alarms = most.flatMap { Scale.fitting(.linear, [0, $0], fromZero: true) }
    let left = alarms.map { width(of: $0) } ?? 0
    let upper = Frame(
      &sheet, x: Axis("threshold", .ratio, across), y: Axis("share", .ratio, share), height: heights.shares,
      left: left)
    draw(&sheet, upper, sweep, curve, shares, inUse)
    if let alarms {
      sheet.bottom += 8
      let lower = Frame(
        &sheet, x: Axis("threshold", .ratio, across), y: Axis("false alarms a device-day", .ratio, alarms),
        height: heights.falseAlarms, left: upper.area.left)
      draw(&sheet, lower, sweep, curve, [falseAlarms], inUse)
    }
    sheet.addLegend(
      shares.map { LegendEntry(.line($0.paint, $0.dash), $0.name) }
        + [LegendEntry(.line(.ink, .solid), text)]
        + (best.map { [LegendEntry(.line(.quiet, .longDashed), $0)] } ?? []))
    sheet.addNotes([
      sweep.inUse.threshold == nil
        ? "The line of the thresholds in use stands where one threshold flags as many windows; its points are what they reach."
        : nil,
      sweep.bestF1 == nil
        ? nil
        : "The best F1 is chosen with the labels, which nobody has before: it says what could be reached.",
    ])
    return sheet.text()
  }

  /// What of the curve is worth seeing.
  private static func shown(_ sweep: ThresholdSweep) -> [ThresholdSweep.Row] {
    let matter = [sweep.inUse.flagged, sweep.bestF1?.flagged ?? 0, sweep.anomalousWindows].max() ?? 0
    let most = max(Double(matter) * reach, Double(sweep.windows) * leastShare)
    let rows = sweep.curve.filter { Double($0.flagged) <= most }
    return rows.count > 1 ? rows : sweep.curve
  }

  /// Where a row stands: at its threshold, or at that of the first row of the curve that flags as many windows.
  private static func place(of row: ThresholdSweep.Row, in sweep: ThresholdSweep) -> Double? {
    row.threshold ?? sweep.curve.first { $0.flagged >= row.flagged }?.threshold
  }

  /// As wide as the labels of the lower axis, so that both areas begin at one line.
  private static func width(of scale: Scale) -> Double {
    let labels = scale.ticks(.ratio, most: 5).map { ChartText.width($0.text) }
    return Sheet.left + (labels.max() ?? 0) + 8
  }

  private static func draw(
    _ sheet: inout Sheet, _ frame: Frame, _ sweep: ThresholdSweep, _ curve: [ThresholdSweep.Row],
    _ lines: [Line], _ inUse: Double?
  ) {
    func marker(_ value: Double?, _ paint: Paint, _ dash: LineDash, role: String) {
      guard let value, frame.x.contains(value) else { return }
      let place = frame.x.pixel(value)
      sheet.drawing.line(
        from: Point(place, frame.area.top), to: Point(place, frame.area.bottom),
        Look(stroke: paint, strokeWidth: 1.4, dash: dash, role: role))
    }
    marker(sweep.bestF1?.threshold, .quiet, .longDashed, role: "best-f1")
    marker(inUse, .ink, .solid, role: "in-use")
    for line in lines {
      let points = curve.compactMap { row -> Point? in
        guard let threshold = row.threshold, let figure = line.figure(row) else { return nil }
        return frame.point(threshold, figure)
      }
      sheet.drawing.polyline(
        points, Look(stroke: line.paint, strokeWidth: 1.8, dash: line.dash, role: "line"))
    }
    for line in lines {
      guard let inUse, frame.x.contains(inUse), let figure = line.figure(sweep.inUse) else { continue }
      sheet.drawing.mark(
        .disc, at: frame.point(inUse, figure), line.paint,
        tooltip: "\(line.name) in use: \(ChartUnit.ratio.text(figure))")
    }
  }

  private static func inUseText(_ sweep: ThresholdSweep, _ name: String?) -> String {
    guard let threshold = sweep.inUse.threshold else {
      return "in use: \(name.map { "\($0), " } ?? "")each model its own"
    }
    let number = ChartUnit.ratio.text(threshold)
    let isName = name.map { Double($0) == nil } ?? false
    return "in use: \(number)" + (isName ? " (\(name ?? ""))" : "")
  }

  private static func sentence(_ text: String, _ row: ThresholdSweep.Row) -> String {
    let figures = shares.compactMap { line in
      line.figure(row).map { "\(line.name) \(ChartUnit.ratio.text($0))" }
    }
    let alarms = row.falseAlarmsPerDeviceDay.map { ["\(ChartUnit.ratio.text($0)) false alarms a device-day"] }
    return "\(text): \((figures + (alarms ?? [])).joined(separator: ", "))."
  }
}
