/// An axis of a chart.
package struct Axis: Hashable, Sendable {
  package var title: String
  package var unit: ChartUnit
  package var scale: Scale
  /// What is written at it; nil for round values of the unit.
  package var ticks: [Tick]?

  package init(_ title: String, _ unit: ChartUnit, _ scale: Scale, ticks: [Tick]? = nil) {
    self.title = title
    self.unit = unit
    self.scale = scale
    self.ticks = ticks
  }
}

/// The area in which a chart is drawn, with a quiet grid and what is written at it.
package struct Frame {
  package let area: Box
  package let x: Scale
  package let y: Scale

  /// From one label of the axis that rises to the next, at least.
  private static let closest = 36.0
  /// Free space above the area for the title of the axis that rises.
  private static let headroom = 22.0

  /// Takes `height` pixels and those of the labels from `sheet`. Frames one below the other are made to begin at the same `left`.
  package init(
    _ sheet: inout Sheet, x across: Axis, y up: Axis, height: Double, left: Double = 0
  ) {
    let marks = up.ticks ?? up.scale.ticks(up.unit, most: Int(height / Self.closest))
    let widest = marks.map { ChartText.width($0.text) }.max() ?? 0
    let area = Box(
      left: max(left, Sheet.left + widest + 8), top: sheet.bottom + Self.headroom, right: Sheet.right - 4,
      bottom: sheet.bottom + Self.headroom + height)
    self.area = area
    x = across.scale.placed(from: area.left, to: area.right)
    y = up.scale.placed(from: area.bottom, to: area.top)
    sheet.drawing.text(up.title, at: Point(Sheet.left, area.top - 10), .start, .quiet, room: Sheet.width)
    for mark in marks {
      let level = y.pixel(mark.value)
      sheet.drawing.line(from: Point(area.left, level), to: Point(area.right, level), Look(stroke: .grid))
      sheet.drawing.text(mark.text, at: Point(area.left - 8, level + 4), .end, .quiet)
    }
    sheet.addAcross(across, below: area)
  }

  /// Where a pair of values lies.
  package func point(_ valueX: Double, _ valueY: Double) -> Point { Point(x.pixel(valueX), y.pixel(valueY)) }

  /// A line that stands at `value`, labelled at its upper end; nothing where it lies outside.
  package func addMarker(
    _ sheet: inout Sheet, at value: Double, label: String, _ paint: Paint, _ dash: LineDash,
    placer: inout LabelPlacer
  ) {
    guard x.contains(value) else { return }
    let place = x.pixel(value)
    sheet.drawing.line(
      from: Point(place, area.top), to: Point(place, area.bottom),
      Look(stroke: paint, strokeWidth: 1.6, dash: dash, role: "marker"))
    let width = min(ChartText.width(label), area.width / 2)
    // On the side that has more room.
    let isRight = place < area.middle.x
    let left = isRight ? place + 6 : place - 6 - width
    placer.take(Box(left: left, top: area.top, right: left + width, bottom: area.top + 18))
    placer.take(Box(left: place - 1, top: area.top, right: place + 1, bottom: area.bottom))
    sheet.drawing.text(
      label, at: Point(isRight ? place + 6 : place - 6, area.top + 14), isRight ? .start : .end, .ink,
      isOverLines: true, room: area.width / 2)
  }
}

extension Sheet {
  /// The axis below `area`, with the grid's lines that stand. A line and its label are left out where the label would touch the
  /// one before or leave the sheet.
  package mutating func addAcross(_ axis: Axis, below area: Box) {
    let scale = axis.scale.placed(from: area.left, to: area.right)
    var free = Sheet.left - ChartDefaults.margin / 2
    for mark in axis.ticks ?? scale.ticks(axis.unit, most: Int(area.width / 60)) {
      let place = scale.pixel(mark.value)
      let half = ChartText.width(mark.text) / 2
      guard place - half >= free, place + half <= ChartDefaults.width - 4 else { continue }
      free = place + half + 10
      drawing.line(from: Point(place, area.top), to: Point(place, area.bottom), Look(stroke: .grid))
      drawing.text(mark.text, at: Point(place, area.bottom + 17), .middle, .quiet)
    }
    drawing.line(
      from: Point(area.left, area.bottom), to: Point(area.right, area.bottom), Look(stroke: .quiet))
    drawing.text(axis.title, at: Point(area.middle.x, area.bottom + 38), .middle, .quiet, room: area.width)
    bottom = area.bottom + 46
  }
}
