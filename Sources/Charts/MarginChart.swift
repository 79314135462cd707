/// How far values are from their limits, in parts of the limit: what only just held is seen at once.
package struct MarginChart: Hashable, Sendable {
  package struct Row: Hashable, Sendable {
    package var name: String
    /// In parts of the limit, above zero where there is room. Infinite where the limit is zero and the value is not.
    package var margin: Double
    package var isHeld: Bool
    /// For the tooltip, such as `0.944, wanted >= 0.9`.
    package var text: String

    package init(_ name: String, margin: Double, isHeld: Bool, text: String) {
      self.name = name
      self.margin = margin
      self.isHeld = isHeld
      self.text = text
    }
  }

  package var title: String
  package var summary: String
  package var rows: [Row]

  package init(title: String, summary: String, rows: [Row]) {
    self.title = title
    self.summary = summary
    self.rows = rows
  }

  private static let rowHeight = 24.0
  private static let bars = (left: 330.0, right: 690.0)
  /// In parts of the limit: what is farther away stands at the edge.
  private static let reach = 1.0
  /// The most rows: more do not fit on a screen.
  package static let mostRows = 30

  /// The picture as SVG; nil where there is nothing to draw. Equal charts give equal bytes.
  package func svg(id: String) -> String? {
    guard !rows.isEmpty else { return nil }
    let shown = Array(rows.prefix(Self.mostRows))
    let sentences = shown.map { "\($0.name): \($0.text), \($0.isHeld ? "held" : "not held")." }
    var sheet = Sheet(
      id: id, title: title, summary: summary, description: ([summary] + sentences).joined(separator: " "))
    let area = Box(
      left: Self.bars.left, top: sheet.bottom + 4, right: Self.bars.right,
      bottom: sheet.bottom + 4 + Self.rowHeight * Double(shown.count))
    let scale = Scale(.linear, low: -Self.reach, high: Self.reach, start: area.left, end: area.right)
    sheet.addAcross(Axis("distance from the limit, in parts of it", .percent, scale), below: area)
    let limit = scale.pixel(0)
    sheet.drawing.line(
      from: Point(limit, area.top), to: Point(limit, area.bottom),
      Look(stroke: .ink, strokeWidth: 1.6, role: "limit"))
    for (index, row) in shown.enumerated() {
      draw(row, at: area.top + Self.rowHeight * (Double(index) + 0.5), scale, &sheet)
    }
    sheet.addLegend(
      [
        (true, LegendEntry(.mark(.disc, .color(.blue)), "held")),
        (false, LegendEntry(.mark(.cross, .color(.vermillion)), "not held")),
      ].filter { held, _ in shown.contains { $0.isHeld == held } }.map(\.1)
        + [LegendEntry(.line(.ink, .solid), "the limit; what is right of it has room")])
    if rows.count > shown.count { sheet.addNote("\(shown.count) of \(rows.count) are shown.") }
    return sheet.text()
  }

  private func draw(_ row: Row, at middle: Double, _ scale: Scale, _ sheet: inout Sheet) {
    sheet.drawing.text(row.name, at: Point(Sheet.left, middle + 4), room: scale.start - Sheet.left - 12)
    let isFar = abs(row.margin) > Self.reach
    let place = scale.pixel(row.margin.isNaN ? 0 : min(max(row.margin, -Self.reach), Self.reach))
    let paint = Paint.color(row.isHeld ? .blue : .vermillion)
    let limit = scale.pixel(0)
    sheet.drawing.line(
      from: Point(limit, middle), to: Point(place, middle),
      Look(stroke: paint, strokeWidth: 2, role: "margin"))
    sheet.drawing.mark(
      row.isHeld ? .disc : .cross, at: Point(place, middle), paint, tooltip: "\(row.name): \(row.text)")
    let label = Self.label(row.margin, isFar: isFar)
    // Beside the mark, away from the limit; where that would leave the area, on the other side of the limit.
    let width = ChartText.width(label) + 9
    let isRight = place >= limit ? place + width <= scale.end + 14 : place - width < scale.start
    let edge = isRight ? max(place, limit) + 9 : min(place, limit) - 9
    sheet.drawing.text(label, at: Point(edge, middle + 4), isRight ? .start : .end, .quiet, isOverLines: true)
  }

  private static func label(_ margin: Double, isFar: Bool) -> String {
    if margin == 0 { return "at the limit" }
    let sign = margin > 0 ? "+" : "-"
    guard margin.isFinite else { return "the limit is zero" }
    return "\(sign)\(ChartUnit.percent.text(abs(margin)))" + (isFar ? " (off the scale)" : "")
  }
}
