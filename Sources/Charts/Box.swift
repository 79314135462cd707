/// A rectangle in pixels.
package struct Box: Hashable, Sendable {
  package var left: Double
  package var top: Double
  package var right: Double
  package var bottom: Double

  package init(left: Double, top: Double, right: Double, bottom: Double) {
    self.left = left
    self.top = top
    self.right = right
    self.bottom = bottom
  }

  package var width: Double { right - left }
  package var height: Double { bottom - top }
  package var middle: Point { Point((left + right) / 2, (top + bottom) / 2) }

  package func meets(_ other: Box) -> Bool {
    left < other.right && other.left < right && top < other.bottom && other.top < bottom
  }

  package func holds(_ other: Box) -> Bool {
    other.left >= left && other.right <= right && other.top >= top && other.bottom <= bottom
  }

  package func grown(by room: Double) -> Box {
    Box(left: left - room, top: top - room, right: right + room, bottom: bottom + room)
  }
}

/// A place in pixels, from the upper left corner.
package struct Point: Hashable, Sendable {
  package var x: Double
  package var y: Double

  package init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }
}

/// Finds free places for labels beside marks: within an area, over no mark, and over no other label.
package struct LabelPlacer {
  private let area: Box
  private var taken: [Box]

  package init(area: Box, marks: [Point] = []) {
    self.area = area
    let radius = ChartDefaults.markRadius
    taken = marks.map { Box(left: $0.x, top: $0.y, right: $0.x, bottom: $0.y).grown(by: radius) }
  }

  /// Keeps labels off `box`.
  package mutating func take(_ box: Box) { taken.append(box) }

  /// The middle of the left edge's baseline for `text` beside `point`; nil where there is no room near it.
  package mutating func place(_ text: String, beside point: Point) -> Point? {
    let width = ChartText.width(text)
    let height = ChartDefaults.fontSize
    let gap = ChartDefaults.markRadius + 3
    for (across, down) in Self.directions {
      for reach in [1.0, 2.2] {
        let left = point.x + across * gap * reach + (across - 1) / 2 * width
        let top = point.y + down * (gap * reach + height / 2) - height / 2
        let box = Box(left: left, top: top, right: left + width, bottom: top + height)
        if area.holds(box), !taken.contains(where: { $0.meets(box) }) {
          taken.append(box)
          // The baseline lies a little above the lower end of the letters' box.
          return Point(left, box.bottom - height * 0.2)
        }
      }
    }
    return nil
  }

  /// Right and left of the point, below and above it: -1, 0 or 1 across and down.
  private static let directions: [(Double, Double)] = [
    (1, 0), (0, -1), (0, 1), (-1, 0), (1, -1), (1, 1), (-1, -1), (-1, 1),
  ]
}
