/// Finds free places for labels beside marks: within an area, over no mark, over no other label, and over no line where there is
/// a choice.
package struct LabelPlacer {
  private let area: Box
  private var taken: [Box]
  private var lines: [(Point, Point)] = []

  package init(area: Box, marks: [Point] = []) {
    self.area = area
    let radius = ChartDefaults.markRadius
    taken = marks.map { Box(left: $0.x, top: $0.y, right: $0.x, bottom: $0.y).grown(by: radius) }
  }

  /// Keeps labels off `box`.
  package mutating func take(_ box: Box) { taken.append(box) }

  /// Keeps labels off a line where they have another place.
  package mutating func avoid(line: [Point]) { lines += zip(line, line.dropFirst()) }

  /// Where the baseline of `text` begins beside `point`; nil where there is no room near it.
  package mutating func place(_ text: String, beside point: Point) -> Point? {
    let width = ChartText.width(text)
    let boxes = Self.directions.flatMap { direction in
      Self.reaches.map { Self.box(beside: point, direction, reach: $0, width: width) }
    }
    let free = boxes.filter { box in area.holds(box) && !taken.contains { $0.meets(box) } }
    let clear = free.first { box in !lines.contains { box.meetsLine(from: $0.0, to: $0.1) } }
    guard let box = clear ?? free.first else { return nil }
    taken.append(box)
    // The baseline lies a little above the lower end of the letters' box.
    return Point(box.left, box.bottom - box.height * 0.2)
  }

  private static func box(
    beside point: Point, _ direction: (across: Double, down: Double), reach: Double, width: Double
  ) -> Box {
    let height = ChartDefaults.fontSize
    let gap = (ChartDefaults.markRadius + 3) * reach
    let left = point.x + direction.across * gap + (direction.across - 1) / 2 * width
    let top = point.y + direction.down * (gap + height / 2) - height / 2
    return Box(left: left, top: top, right: left + width, bottom: top + height)
  }

  /// Right of the point, above, below and left of it, then between: -1, 0 or 1 across and down.
  private static let directions: [(across: Double, down: Double)] = [
    (1, 0), (0, -1), (0, 1), (-1, 0), (1, -1), (1, 1), (-1, -1), (-1, 1),
  ]
  /// How far away, in the least distance: further off, a label could be another mark's.
  private static let reaches = [1.0, 1.6]
}
