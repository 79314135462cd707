import Charts
import Detection
import Telemetry

/// What the detector saw where it was wrong: of each case the signal, what labels say, and the score against the threshold.
package struct WhyChart: Hashable, Sendable {
  /// The most cases of a picture: two beside each other, three below each other.
  package static let mostPanels = 6

  /// What the windows hold of one sensor.
  package struct Signal: Hashable, Sendable {
    package var span: Range<Timestamp>
    package var mean: Double
    package var min: Double
    package var max: Double

    package init(span: Range<Timestamp>, mean: Double, min: Double, max: Double) {
      self.span = span
      self.mean = mean
      self.min = min
      self.max = max
    }
  }

  package struct Score: Hashable, Sendable {
    package var span: Range<Timestamp>
    package var score: Double
    package var outcome: WindowClass

    package init(span: Range<Timestamp>, score: Double, outcome: WindowClass) {
      self.span = span
      self.score = score
      self.outcome = outcome
    }
  }

  /// One case.
  package struct Panel: Hashable, Sendable {
    /// Device and sensor.
    package var title: String
    /// What went wrong.
    package var finding: String
    package var range: Range<Timestamp>
    /// What of ``range`` it is about.
    package var span: Range<Timestamp>
    /// By start; empty where the store has no windows of it any more.
    package var signal: [Signal]
    package var labels: [Range<Timestamp>]
    /// By start.
    package var scores: [Score]
    /// At or below it a window is flagged; nil where the detector has a rule of its own.
    package var threshold: Double?

    package init(
      title: String, finding: String, range: Range<Timestamp>, span: Range<Timestamp>, signal: [Signal],
      labels: [Range<Timestamp>],
      scores: [Score], threshold: Double?
    ) {
      self.title = title
      self.finding = finding
      self.range = range
      self.span = span
      self.signal = signal
      self.labels = labels
      self.scores = scores
      self.threshold = threshold
    }
  }

  private static let gap = 24.0
  private static let width = (Sheet.width - gap) / 2
  /// Of the labels of the axes that rise.
  private static let gutter = 52.0
  private static let heights = (title: 42.0, signal: 84.0, score: 64.0, between: 12.0, below: 44.0)
  private static let summary =
    "Above, each case: the mean of the windows and the band from their least to their greatest reading; shaded and outlined is what "
    + "labels call anomalous. Below, the score of each window: at or below the threshold it is flagged."

  package var panels: [Panel]
  /// How many cases there are.
  package var total: Int

  package init(_ panels: [Panel], of total: Int) {
    self.panels = panels
    self.total = total
  }

  /// The picture as SVG; nil where there is no case. Equal values give equal bytes.
  package func svg(id: String = "why") -> String? {
    let shown = panels.prefix(Self.mostPanels)
    guard !shown.isEmpty else { return nil }
    let title =
      shown.count < total
      ? "The worst \(shown.count) of \(ChartUnit.count.text(Double(total))) cases"
      : shown.count == 1 ? "The one case" : "All \(shown.count) cases"
    var sheet = Sheet(
      id: id, title: title, summary: Self.summary,
      description: ([Self.summary] + shown.map { "\($0.title): \($0.finding)." }).joined(separator: " "))
    addLegend(&sheet)
    sheet.bottom += 6
    let top = sheet.bottom
    let heights = Self.heights
    let height = heights.title + heights.signal + heights.between + heights.score + heights.below
    for (index, panel) in shown.enumerated() {
      let left = Sheet.left + Double(index % 2) * (Self.width + Self.gap)
      draw(panel, number: index + 1, left: left, top: top + Double(index / 2) * height, on: &sheet)
    }
    sheet.bottom = top + Double((shown.count + 1) / 2) * height
    return sheet.text()
  }

  private func addLegend(_ sheet: inout Sheet) {
    let classes = WindowClass.drawingOrder.reversed().filter { outcome in
      outcome != .quiet && panels.contains { $0.scores.contains { $0.outcome == outcome } }
    }
    sheet.addLegend(
      [
        LegendEntry(.line(.color(.blue), .solid), "mean"),
        LegendEntry(.area(.color(.blue), opacity: 0.25), "least to greatest"),
        LegendEntry(.line(.quiet, .solid), "score"),
        LegendEntry(.line(.ink, .dashed), "threshold"), LegendEntry(.area(.ink, opacity: 1), "the case"),
      ] + classes.map { LegendEntry(.mark($0.mark, .color($0.color)), $0.words) })
  }

  private func draw(
    _ panel: Panel, number: Int, left: Double, top: Double, on sheet: inout Sheet
  ) {
    let heights = Self.heights
    sheet.drawing.text(
      "\(number) · \(panel.title)", at: Point(left, top + 14), isBold: true, room: Self.width)
    sheet.drawing.text(panel.finding, at: Point(left, top + 31), .start, .quiet, room: Self.width)
    let upper = Box(
      left: left + Self.gutter, top: top + heights.title, right: left + Self.width,
      bottom: top + heights.title + heights.signal)
    let lower = Box(
      left: upper.left, top: upper.bottom + heights.between, right: upper.right,
      bottom: upper.bottom + heights.between + heights.score)
    let axis = TimeAxis(panel.range, left: upper.left, right: upper.right)
    let whole = Box(left: upper.left, top: upper.top, right: upper.right, bottom: lower.bottom)
    let bottom = axis.draw(
      on: &sheet.drawing, below: whole, bounds: left...left + Self.width + Self.gap / 2)
    sheet.drawing.text(
      axis.text, at: Point(upper.middle.x, bottom + 10), .middle, .quiet, room: Self.width)
    for label in panel.labels where label.overlaps(panel.range) {
      let (from, to) = (axis.pixel(label.lowerBound), axis.pixel(label.upperBound))
      sheet.drawing.box(
        Box(left: from, top: upper.top, right: max(to, from + 2), bottom: lower.bottom),
        Look(fill: .ink, fillOpacity: 0.08, stroke: .ink, strokeWidth: 1, role: "label"))
    }
    let (from, to) = (axis.pixel(panel.span.lowerBound), axis.pixel(panel.span.upperBound))
    sheet.drawing.box(
      Box(left: from, top: upper.top - 6, right: max(to, from + 5), bottom: upper.top - 1),
      Look(fill: .ink, role: "case"))
    drawSignal(panel, axis, in: upper, on: &sheet)
    drawScores(panel, axis, in: lower, on: &sheet)
  }

  private func drawSignal(_ panel: Panel, _ axis: TimeAxis, in area: Box, on sheet: inout Sheet) {
    let values = panel.signal.flatMap { [$0.min, $0.max, $0.mean] }
    guard let scale = Scale.fitting(.linear, values)?.placed(from: area.bottom, to: area.top) else {
      sheet.drawing.text(
        "its windows are not in the store", at: area.middle, .middle, .quiet, room: area.width)
      return
    }
    addLevels(scale, in: area, on: &sheet)
    let known = panel.signal.filter { Scale.canPlace($0.mean, on: .linear) }
    // A window says the same of all its time.
    func steps(_ part: ArraySlice<Signal>, _ value: (Signal) -> Double) -> [Point] {
      part.flatMap { signal -> [Point] in
        let level = scale.pixel(value(signal))
        return [
          Point(axis.pixel(signal.span.lowerBound), level), Point(axis.pixel(signal.span.upperBound), level),
        ]
      }
    }
    // What lies between windows that do not follow each other is not known.
    for run in Self.runs(known.map(\.span)) {
      sheet.drawing.polygon(
        steps(known[run], \.max) + steps(known[run], \.min).reversed(),
        Look(fill: .color(.blue), fillOpacity: 0.25, role: "band"))
      sheet.drawing.polyline(
        steps(known[run], \.mean), Look(stroke: .color(.blue), strokeWidth: 1.6, role: "mean"))
    }
  }

  private func drawScores(_ panel: Panel, _ axis: TimeAxis, in area: Box, on sheet: inout Sheet) {
    let known = panel.scores.filter { Scale.canPlace($0.score, on: .linear) }
    let values = known.map(\.score) + [panel.threshold].compactMap(\.self)
    guard let scale = Scale.fitting(.linear, values, room: 0.12)?.placed(from: area.bottom, to: area.top)
    else { return }
    addLevels(scale, in: area, on: &sheet)
    if let threshold = panel.threshold {
      let level = scale.pixel(threshold)
      sheet.drawing.line(
        from: Point(area.left, level), to: Point(area.right, level),
        Look(stroke: .ink, strokeWidth: 1.4, dash: .dashed, role: "threshold"))
    }
    func point(_ score: Score) -> Point {
      Point(
        (axis.pixel(score.span.lowerBound) + axis.pixel(score.span.upperBound)) / 2, scale.pixel(score.score))
    }
    for run in Self.runs(known.map(\.span)) {
      sheet.drawing.polyline(known[run].map(point), Look(stroke: .quiet, strokeWidth: 1.4, role: "score"))
    }
    for outcome in WindowClass.drawingOrder where outcome != .quiet {
      for score in known where score.outcome == outcome {
        sheet.drawing.mark(
          outcome.mark, at: point(score), .color(outcome.color),
          tooltip: "\(outcome.words): \(score.span.lowerBound), score \(ChartUnit.ratio.text(score.score))",
          role: outcome.rawValue, radius: 3.5)
      }
    }
  }

  /// Two or three values at the side of an area.
  private func addLevels(_ scale: Scale, in area: Box, on sheet: inout Sheet) {
    // A label of the axis needs 28 pixels.
    for tick in scale.ticks(.ratio, most: Int(area.height / 28)) {
      let level = scale.pixel(tick.value)
      sheet.drawing.line(from: Point(area.left, level), to: Point(area.right, level), Look(stroke: .grid))
      sheet.drawing.text(
        tick.text, at: Point(area.left - 6, level + 4), .end, .quiet, room: Self.gutter - 8)
    }
  }

  /// Where stretches of `spans` follow each other without a gap that is longer than one of them.
  private static func runs(_ spans: [Range<Timestamp>]) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    for (index, span) in spans.enumerated() {
      if let last = runs.last, index > 0 {
        let before = spans[index - 1]
        if span.lowerBound - before.upperBound <= before.upperBound - before.lowerBound {
          runs[runs.count - 1] = last.lowerBound..<index + 1
          continue
        }
      }
      runs.append(index..<index + 1)
    }
    return runs
  }
}
