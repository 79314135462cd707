/// A table whose cells are coloured by their values, which are also written into them.
package struct HeatGrid: Sendable {
  package struct Cell: Hashable, Sendable {
    package var value: Double
    package var text: String
    /// A small mark in the corner.
    package var mark: MarkShape?
    package var tooltip: String

    package init(value: Double, text: String, mark: MarkShape?, tooltip: String) {
      self.value = value
      self.text = text
      self.mark = mark
      self.tooltip = tooltip
    }
  }

  package var title: String
  /// What the columns are, written before their names.
  package var columnTitle: String
  package var columns: [String]
  package var rows: [String]
  /// A row of cells for each of ``rows``, as many as there are ``columns``; nil where nothing is known.
  package var cells: [[Cell?]]

  /// Of names of rows, in pixels.
  private static let widestName = 190.0
  private static let cellHeight = 34.0
  /// Colours go by the logarithm where the greatest value is so many times the least.
  private static let logarithmicFrom = 4.0

  package init(title: String, columnTitle: String, columns: [String], rows: [String], cells: [[Cell?]]) {
    self.title = title
    self.columnTitle = columnTitle
    self.columns = columns
    self.rows = rows
    self.cells = cells
  }

  /// How dark a value is, from 0 to 1.
  private func shares() -> (Double) -> Double {
    let values = cells.flatMap(\.self).compactMap { $0?.value }
    guard let low = values.min(), let high = values.max(), high > low else { return { _ in 0.5 } }
    let kind: Scale.Kind =
      low >= ChartDefaults.smallest && high / low >= Self.logarithmicFrom ? .log10 : .linear
    let scale = Scale(kind, low: low, high: high)
    return { scale.pixel($0) }
  }

  /// Draws the table; the least value is framed.
  package func draw(on sheet: inout Sheet) {
    let names = rows.map { ChartText.width($0) }.max() ?? 0
    let left = Sheet.left + min(names, Self.widestName) + 10
    let width = (Sheet.right - left) / Double(max(columns.count, 1))
    sheet.bottom += 20
    sheet.drawing.text(title, at: Point(Sheet.left, sheet.bottom - 4), isBold: true, room: Sheet.width)
    sheet.bottom += 18
    sheet.drawing.text(
      columnTitle, at: Point(left - 8, sheet.bottom - 5), .end, .quiet, room: left - 8 - Sheet.left)
    for (index, column) in columns.enumerated() {
      sheet.drawing.text(
        column, at: Point(left + (Double(index) + 0.5) * width, sheet.bottom - 5), .middle, .quiet,
        room: width)
    }
    let share = shares()
    let least = cells.flatMap(\.self).compactMap { $0?.value }.min()
    var frames: [Box] = []
    for (name, row) in zip(rows, cells) {
      let middle = sheet.bottom + Self.cellHeight / 2
      let lines = ChartText.wrapped(name, to: left - 8 - Sheet.left).prefix(2)
      let first = middle + 4 - (lines.count > 1 ? 8 : 0)
      for (index, line) in lines.enumerated() {
        sheet.drawing.text(line, at: Point(left - 8, first + 16 * Double(index)), .end)
      }
      for (index, cell) in row.enumerated() {
        let box = Box(
          left: left + Double(index) * width, top: sheet.bottom, right: left + Double(index + 1) * width,
          bottom: sheet.bottom + Self.cellHeight
        ).grown(by: -1)
        guard let cell else {
          sheet.drawing.text("–", at: Point(box.middle.x, middle + 4), .middle, .quiet)
          continue
        }
        draw(cell, in: box, HeatRamp.color(share(cell.value)), on: &sheet)
        if cell.value == least { frames.append(box) }
      }
      sheet.bottom += Self.cellHeight
    }
    sheet.bottom += 8
    // Where every cell is the least, none stands out.
    guard frames.count < cells.joined().count(where: { $0 != nil }) else { return }
    for frame in frames {
      sheet.drawing.box(frame, Look(stroke: .color(.vermillion), strokeWidth: 2.5, role: "least"))
    }
  }

  private func draw(_ cell: Cell, in box: Box, _ color: String, on sheet: inout Sheet) {
    let paint = Paint.cell(HeatRamp.text(on: color))
    sheet.drawing.box(box, Look(fill: .cell(color), role: "mark"), tooltip: cell.tooltip)
    var middle = box.middle
    if let mark = cell.mark {
      sheet.drawing.mark(
        mark, at: Point(box.left + 8, box.top + 8), paint, role: "mode", radius: 3.5,
        inside: nil)
      middle = Point(middle.x, box.bottom - 11)
    }
    sheet.drawing.text(
      cell.text, at: Point(middle.x, middle.y + 4), .middle, paint, room: box.width - 2,
      role: "value")
  }
}
