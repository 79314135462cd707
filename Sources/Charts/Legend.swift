/// What a thing of a chart means.
package struct LegendEntry: Sendable {
  package enum Sample: Hashable, Sendable {
    case line(Paint, LineDash)
    case mark(MarkShape, Paint)
    case area(Paint, opacity: Double)
    /// A patch with a rim in a colour of its own.
    case hatch(Paint, rim: ChartColor)
  }

  package var sample: Sample
  package var text: String

  package init(_ sample: Sample, _ text: String) {
    self.sample = sample
    self.text = text
  }
}

extension Sheet {
  /// As wide as a dash repeats twice; a mark needs less.
  private static func sampleWidth(_ sample: LegendEntry.Sample) -> Double {
    if case .mark = sample { 14 } else { 30 }
  }

  /// Puts the entries side by side, in as many rows as they need.
  package mutating func addLegend(_ entries: [LegendEntry]) {
    guard !entries.isEmpty else { return }
    var left = Sheet.left
    bottom += ChartDefaults.lineHeight + 3
    for entry in entries {
      let text = ChartText.fitted(entry.text, to: ChartDefaults.longestLabel)
      let sample = Self.sampleWidth(entry.sample)
      let width = sample + 6 + ChartText.width(text)
      if left > Sheet.left, left + width > Sheet.right {
        left = Sheet.left
        bottom += ChartDefaults.lineHeight + 3
      }
      addSample(
        entry.sample, Box(left: left, top: bottom - 15, right: left + sample, bottom: bottom - 3))
      drawing.text(
        entry.text, at: Point(left + sample + 6, bottom - 5), room: ChartDefaults.longestLabel)
      left += width + 18
    }
    bottom += 4
  }

  private mutating func addSample(_ sample: LegendEntry.Sample, _ box: Box) {
    switch sample {
    case .line(let paint, let dash):
      drawing.line(
        from: Point(box.left, box.middle.y), to: Point(box.right, box.middle.y),
        Look(stroke: paint, strokeWidth: 2, dash: dash, role: "sample"))
    case .mark(let shape, let paint):
      drawing.mark(shape, at: box.middle, paint, role: "sample")
    case .area(let paint, let opacity):
      drawing.box(box, Look(fill: paint, fillOpacity: opacity, role: "sample"))
    case .hatch(let paint, let rim):
      drawing.box(box, Look(fill: paint, stroke: .color(rim), role: "sample"))
    }
  }
}
