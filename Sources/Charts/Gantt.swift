/// What was done when, a lane each: bars over a time that is cut where nothing happens.
package struct Gantt: Sendable {
  /// What a bar stands for.
  package struct Kind: Hashable, Sendable {
    /// The class of its bars, of letters, digits and hyphens.
    package var id: String
    /// As the legend has it.
    package var name: String
    package var hatch: Hatch
    package var color: ChartColor
    /// Is seen however short it was.
    package var isMishap: Bool
    /// Is no reason to show a time: a node may be there for days.
    package var isBackground: Bool

    package init(
      _ id: String, _ name: String, _ hatch: Hatch, _ color: ChartColor, isMishap: Bool = false,
      isBackground: Bool = false
    ) {
      self.id = id
      self.name = name
      self.hatch = hatch
      self.color = color
      self.isMishap = isMishap
      self.isBackground = isBackground
    }
  }

  package struct Bar: Hashable, Sendable {
    package var kind: Kind
    /// In seconds.
    package var begin: Double
    package var end: Double
    package var tooltip: String

    package init(_ kind: Kind, _ begin: Double, _ end: Double, tooltip: String) {
      self.kind = kind
      self.begin = begin
      self.end = end
      self.tooltip = tooltip
    }
  }

  package struct Lane: Hashable, Sendable {
    package var name: String
    package var bars: [Bar]
    package var height: Double
    /// Whether a line is drawn above it, since what it is about is another thing.
    package var begins: Bool

    package init(_ name: String, _ bars: [Bar], height: Double, begins: Bool = false) {
      self.name = name
      self.bars = bars
      self.height = height
      self.begins = begins
    }
  }

  package var lanes: [Lane]
  /// What times are counted from, for the axis.
  package var axis: String
  /// How many spells without anything are cut at most.
  package var mostCuts: Int

  /// The widest name of a lane, in pixels.
  private static let widestName = 170.0
  /// The least that a mishap and another bar are wide.
  private static let mishapWidth = 4.0
  private static let leastWidth = 0.8
  /// How wide the step is that shows how long a second is, at most.
  private static let stepWidth = 90.0

  package init(_ lanes: [Lane], axis: String, mostCuts: Int) {
    self.lanes = lanes
    self.axis = axis
    self.mostCuts = mostCuts
  }

  /// Draws the lanes, their axis and a legend of `kinds`, so far as they are seen.
  package func draw(on sheet: inout Sheet, kinds: [Kind]) {
    let names = lanes.map { ChartText.width($0.name) }.max() ?? 0
    let top = sheet.bottom + 6
    let area = Box(
      left: Sheet.left + min(names, Self.widestName) + 10, top: top, right: Sheet.right - 4,
      bottom: top + lanes.reduce(0) { $0 + $1.height })
    let bars = lanes.flatMap(\.bars).filter(Self.isDrawable)
    let telling = bars.filter { !$0.kind.isBackground }
    let time = CutTime(
      (telling.isEmpty ? bars : telling).map { $0.begin...$0.end }, from: area.left, to: area.right,
      mostCuts: mostCuts)
    addAxis(&sheet, time, area)
    var level = area.top
    var seen: Set<Kind> = []
    for lane in lanes {
      let box = Box(left: area.left, top: level, right: area.right, bottom: level + lane.height)
      if lane.begins {
        sheet.drawing.line(
          from: Point(Sheet.left, level), to: Point(area.right, level), Look(stroke: .grid))
      }
      sheet.drawing.text(
        lane.name, at: Point(area.left - 8, box.middle.y + 4), .end, .quiet, room: Self.widestName)
      for bar in lane.bars where Self.isDrawable(bar) {
        draw(bar, in: box, time, &sheet)
        seen.insert(bar.kind)
      }
      level += lane.height
    }
    drawCuts(&sheet, time, area)
    sheet.addLegend(
      kinds.filter(seen.contains).map { kind in
        LegendEntry(
          .hatch(sheet.hatched(kind.hatch, kind.color, name: kind.id), rim: kind.color), kind.name)
      })
  }

  private static func isDrawable(_ bar: Bar) -> Bool {
    bar.end >= bar.begin && ChartDefaults.isDrawable(bar.begin) && ChartDefaults.isDrawable(bar.end)
  }

  private func draw(_ bar: Bar, in lane: Box, _ time: CutTime, _ sheet: inout Sheet) {
    var box = Box(
      left: time.pixel(bar.begin), top: lane.top + 1.5, right: time.pixel(bar.end), bottom: lane.bottom - 1.5)
    let least = bar.kind.isMishap ? Self.mishapWidth : Self.leastWidth
    if box.width < least {
      box.left = max(lane.left, min(box.left, lane.right - least))
      box.right = box.left + least
    }
    let paint = sheet.hatched(bar.kind.hatch, bar.kind.color, name: bar.kind.id)
    sheet.drawing.box(
      box, Look(fill: paint, stroke: .color(bar.kind.color), strokeWidth: 0.7, role: bar.kind.id),
      tooltip: bar.tooltip)
  }

  private func addAxis(_ sheet: inout Sheet, _ time: CutTime, _ area: Box) {
    guard time.pieces.count > 1 else {
      let piece = time.pieces[0]
      sheet.addAcross(Axis(axis, .seconds, Scale(.linear, low: piece.low, high: piece.high)), below: area)
      return
    }
    var free = -Double.infinity
    for piece in time.pieces {
      sheet.drawing.line(
        from: Point(piece.left, area.top), to: Point(piece.left, area.bottom), Look(stroke: .grid))
      sheet.drawing.line(
        from: Point(piece.left, area.bottom), to: Point(piece.right, area.bottom), Look(stroke: .quiet))
      let text = ChartUnit.seconds.text(max(0, piece.low))
      guard piece.left >= free, piece.left + ChartText.width(text) <= ChartDefaults.width - 4 else {
        continue
      }
      free = piece.left + ChartText.width(text) + 10
      sheet.drawing.text(text, at: Point(piece.left, area.bottom + 17), .start, .quiet)
    }
    // Within a piece, a bar says how long a time is.
    let step = Scale.step(
      atLeast: Self.stepWidth / 2 / time.perSecond, .seconds, high: Self.stepWidth / time.perSecond)
    let width = step * time.perSecond
    let level = area.bottom + 36
    let end = Sheet.right - width - 4
    let text = ChartUnit.seconds.text(step)
    sheet.drawing.text(text, at: Point(end - 6, level), .end, .quiet)
    sheet.drawing.text(
      "\(axis); gaps are cut", at: Point(area.left, level), .start, .quiet,
      room: end - 12 - ChartText.width(text) - area.left)
    for (from, to) in [
      (Point(end, level - 4), Point(end + width, level - 4)), (Point(end, level - 8), Point(end, level)),
      (Point(end + width, level - 8), Point(end + width, level)),
    ] {
      sheet.drawing.line(from: from, to: to, Look(stroke: .quiet, strokeWidth: 1.4, role: "step"))
    }
    sheet.bottom = level + 8
  }

  /// A stripe of paper between two dotted lines where time is left out.
  private func drawCuts(_ sheet: inout Sheet, _ time: CutTime, _ area: Box) {
    for (piece, next) in zip(time.pieces, time.pieces.dropFirst()) {
      let cut = Box(left: piece.right, top: area.top - 2, right: next.left, bottom: area.bottom + 3)
      sheet.drawing.box(cut.grown(by: -3), Look(fill: .paper, role: "cut"))
      for side in [cut.left + 3, cut.right - 3] {
        sheet.drawing.line(
          from: Point(side, cut.top), to: Point(side, cut.bottom),
          Look(stroke: .quiet, strokeWidth: 1, dash: .dotted))
      }
    }
  }
}
