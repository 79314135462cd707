/// How many things go from stage to stage, and what leaves on the way, as a waterfall of bars: a stage begins at the left, and what leaves
/// lies at the right end of what came.
package struct FlowChart: Hashable, Sendable {
  package struct Row: Hashable, Sendable {
    package enum Kind: CaseIterable, Hashable, Sendable {
      /// What has come to a stage.
      case stage
      /// What leaves, and has a place elsewhere.
      case aside
      /// What leaves, and is nowhere.
      case lost
      /// What came on top, and was dropped.
      case extra
    }

    package var name: String
    package var count: Double
    package var kind: Kind
    /// Where its bar begins, as a count.
    package var from: Double

    package init(_ name: String, _ count: Double, _ kind: Kind = .stage, from: Double = 0) {
      self.name = name
      self.count = count
      self.kind = kind
      self.from = from
    }
  }

  /// Rows that count the same things, and have a scale of their own.
  package struct Part: Hashable, Sendable {
    package var title: String
    package var rows: [Row]

    package init(_ title: String, _ rows: [Row]) {
      self.title = title
      self.rows = rows
    }
  }

  package var title: String
  package var summary: String
  package var parts: [Part]

  package init(title: String, summary: String, parts: [Part]) {
    self.title = title
    self.summary = summary
    self.parts = parts
  }

  private static let rowHeight = 24.0
  /// Half the height of bars: stages stand out.
  private static let halfHeights = (stage: 8.0, other: 5.0)
  /// In pixels: a single thing of millions is still seen.
  private static let leastWidth = 3.0
  /// Where bars begin and end; names stand before them and counts behind.
  private static let bars = (left: 236.0, right: 572.0)
  /// The most rows of a part: more do not fit on a screen.
  private static let mostRows = 24

  /// The picture as SVG; nil where there is nothing to draw. Equal charts give equal bytes.
  package func svg(id: String) -> String? {
    let parts = parts.compactMap { part -> Part? in
      let rows = part.rows.filter { ChartDefaults.isDrawable($0.count) && ChartDefaults.isDrawable($0.from) }
      return rows.isEmpty ? nil : Part(part.title, Array(rows.prefix(Self.mostRows)))
    }
    guard !parts.isEmpty else { return nil }
    let sentences = parts.map { part in
      "\(part.title): " + part.rows.map { "\($0.name) \(Self.text($0.count))" }.joined(separator: ", ") + "."
    }
    var sheet = Sheet(
      id: id, title: title, summary: summary, description: ([summary] + sentences).joined(separator: " "))
    let looks = Looks(&sheet)
    for part in parts { draw(part, looks, &sheet) }
    let kinds = Set(parts.flatMap(\.rows).filter { $0.count != 0 || $0.kind == .stage }.map(\.kind))
    sheet.addLegend(Row.Kind.allCases.filter { kinds.contains($0) }.map { looks.legend($0) })
    return sheet.text()
  }

  private func draw(_ part: Part, _ looks: Looks, _ sheet: inout Sheet) {
    let top = part.rows.map { max($0.from + $0.count, 0) }.max() ?? 0
    let scale = Scale(.linear, low: 0, high: max(top, 1), start: Self.bars.left, end: Self.bars.right)
    let whole = part.rows.first?.count ?? 0
    sheet.bottom += 8
    sheet.drawing.text(
      part.title, at: Point(Sheet.left, sheet.bottom + 12), .start, .quiet, room: Sheet.width)
    sheet.bottom += 18
    let first = sheet.bottom
    sheet.drawing.line(
      from: Point(Self.bars.left, first),
      to: Point(Self.bars.left, first + Self.rowHeight * Double(part.rows.count)),
      Look(stroke: .grid))
    for row in part.rows {
      let isStage = row.kind == .stage
      let middle = sheet.bottom + Self.rowHeight / 2
      let half = isStage ? Self.halfHeights.stage : Self.halfHeights.other
      let share =
        whole > 0 && row.count > 0 && row.count != whole
        ? " (\(ChartUnit.percent.text(row.count / whole)))" : ""
      let count = Self.text(row.count) + share
      sheet.drawing.text(
        row.name, at: Point(Sheet.left + (isStage ? 0 : 14), middle + 4), isBold: isStage,
        room: Self.bars.left - Sheet.left - (isStage ? 8 : 22))
      if row.count > 0 {
        let end = scale.pixel(row.from + row.count)
        let width = max(end - scale.pixel(row.from), Self.leastWidth)
        // What is too small to be seen grows to the left, where it came from; from the left edge, to the right.
        let left = max(min(scale.pixel(row.from), end - width), Self.bars.left)
        let bar = Box(left: left, top: middle - half, right: left + width, bottom: middle + half)
        sheet.drawing.box(bar, looks.look(row.kind), tooltip: "\(row.name): \(count)")
      }
      sheet.drawing.text(
        count, at: Point(Sheet.right, middle + 4), .end, room: Sheet.right - Self.bars.right - 8)
      sheet.bottom += Self.rowHeight
    }
    sheet.bottom += 4
  }

  private static func text(_ count: Double) -> String { ChartNumber.fixed(count, decimals: 0, grouped: true) }

  /// How rows of each kind look.
  private struct Looks {
    let aside: Paint
    let lost: Paint
    let extra: Paint

    init(_ sheet: inout Sheet) {
      aside = sheet.hatched(.rising, .purple, name: "aside")
      lost = sheet.hatched(.crossed, .vermillion, name: "lost")
      extra = sheet.hatched(.dots, .grey, name: "extra")
    }

    func look(_ kind: Row.Kind) -> Look {
      switch kind {
      case .stage: Look(fill: .color(.blue), role: "stage")
      case .aside: Look(fill: aside, stroke: .color(.purple), role: "aside")
      case .lost: Look(fill: lost, stroke: .color(.vermillion), role: "lost")
      case .extra: Look(fill: extra, stroke: .color(.grey), role: "extra")
      }
    }

    func legend(_ kind: Row.Kind) -> LegendEntry {
      switch kind {
      case .stage: LegendEntry(.area(.color(.blue), opacity: 1), "has come so far")
      case .aside: LegendEntry(.hatch(aside, rim: .purple), "left on the way, and accounted for")
      case .lost: LegendEntry(.hatch(lost, rim: .vermillion), "lost")
      case .extra: LegendEntry(.hatch(extra, rim: .grey), "came on top, and was dropped")
      }
    }
  }
}
