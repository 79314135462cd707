import Charts
import Wording

/// Shares from 0 to 1 of several detectors beside each other: a row a figure, a mark a detector.
package struct FigureDots: Hashable, Sendable {
  package struct Row: Hashable, Sendable {
    package var name: String
    /// One of each detector, in their order; nil where it has none. Fewer than there are detectors say nothing of the rest.
    package var values: [Double?]
    /// What stands at the end of the row.
    package var note: String?

    package init(_ name: String, _ values: [Double?], note: String? = nil) {
      self.name = name
      self.values = values
      self.note = note
    }
  }

  package struct Group: Hashable, Sendable {
    package var title: String
    package var rows: [Row]

    package init(_ title: String, _ rows: [Row]) {
      self.title = title
      self.rows = rows
    }
  }

  /// The most detectors of a picture: more shapes are not told apart.
  package static let mostDetectors = looks.count
  private static let looks: [(shape: MarkShape, color: ChartColor)] = [
    (.disc, .blue), (.diamond, .vermillion), (.triangle, .green), (.cross, .purple), (.wedge, .grey),
    (.square, .vermillion),
  ]
  private static let left = 170.0
  private static let noteWidth = 96.0
  private static let rowHeight = 21.0

  package var title: String
  package var summary: String
  /// The first is the one that counts. What is beyond ``mostDetectors`` is left out.
  package var detectors: [String]
  package var groups: [Group]
  package var notes: [String]

  package init(
    title: String, summary: String, detectors: [String], groups: [Group], notes: [String] = []
  ) {
    self.title = title
    self.summary = summary
    self.detectors = detectors
    self.groups = groups
    self.notes = notes
  }

  /// The picture as SVG; nil where there is nothing in it. Equal values give equal bytes.
  package func svg(id: String) -> String? {
    let groups = groups.filter { !$0.rows.isEmpty }
    guard !groups.isEmpty, !detectors.isEmpty else { return nil }
    let shown = Array(detectors.prefix(Self.mostDetectors))
    var sheet = Sheet(
      id: id, title: title, summary: summary,
      description: ([summary] + groups.flatMap { $0.rows.map { sentence($0, shown) } }).joined(separator: " ")
    )
    sheet.addLegend(
      zip(shown, Self.looks).map { LegendEntry(.mark($1.shape, .color($1.color)), $0) })
    let top = sheet.bottom
    let rows = groups.reduce(0) { $0 + $1.rows.count }
    let area = Box(
      left: Self.left, top: top, right: Sheet.right - Self.noteWidth,
      bottom: top + Double(rows) * Self.rowHeight + Double(groups.count) * 24 + 4)
    let across = Scale(.linear, low: 0, high: 1, start: area.left, end: area.right)
    for tick in across.ticks(.percent, most: 6) {
      let place = across.pixel(tick.value)
      sheet.drawing.line(from: Point(place, area.top), to: Point(place, area.bottom), Look(stroke: .grid))
      sheet.drawing.text(tick.text, at: Point(place, area.bottom + 17), .middle, .quiet)
    }
    for group in groups {
      sheet.bottom += 24
      sheet.drawing.text(
        group.title, at: Point(Sheet.left, sheet.bottom - 5), isBold: true, isOverLines: true,
        room: Sheet.width)
      for row in group.rows { draw(row, across, shown, area, on: &sheet) }
    }
    sheet.bottom = area.bottom + 24
    sheet.addNotes(notes)
    return sheet.text()
  }

  private func draw(
    _ row: Row, _ across: Scale, _ shown: [String], _ area: Box, on sheet: inout Sheet
  ) {
    let middle = sheet.bottom + Self.rowHeight / 2
    sheet.bottom += Self.rowHeight
    sheet.drawing.text(
      row.name, at: Point(area.left - 12, middle + 4), .end, room: area.left - 12 - Sheet.left)
    sheet.drawing.line(from: Point(area.left, middle), to: Point(area.right, middle), Look(stroke: .grid))
    let values = zip(row.values, zip(shown, Self.looks)).compactMap { value, detector in
      value.flatMap { $0.isFinite ? (value: min(max($0, 0), 1), name: detector.0, look: detector.1) : nil }
    }
    if let own = row.values.first, own?.isFinite == true, let first = values.first {
      sheet.drawing.line(
        from: Point(area.left, middle), to: Point(across.pixel(first.value), middle),
        Look(stroke: .color(first.look.color), strokeWidth: 3, role: "stem"))
    }
    // The first lies over the others.
    for (value, name, look) in values.reversed() {
      sheet.drawing.mark(
        look.shape, at: Point(across.pixel(value), middle), .color(look.color),
        tooltip: "\(row.name), \(name): \(ChartUnit.percent.text(value))")
    }
    if let note = row.note {
      sheet.drawing.text(
        note, at: Point(area.right + 10, middle + 4), .start, .quiet, room: Self.noteWidth - 10)
    }
  }

  private func sentence(_ row: Row, _ shown: [String]) -> String {
    let values = zip(shown, row.values).compactMap { name, value in
      value.map { "\(name) \(ChartUnit.percent.text($0))" }
    }
    return "\(row.name): \(values.isEmpty ? "no value" : values.joined(separator: ", "))."
  }
}
