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

  /// Whether a straight line from one point to another passes through (Liang and Barsky, 1984).
  package func meetsLine(from: Point, to: Point) -> Bool {
    var (first, last) = (0.0, 1.0)
    for (start, step, low, high) in [
      (from.x, to.x - from.x, left, right), (from.y, to.y - from.y, top, bottom),
    ] {
      if step == 0 {
        guard start > low, start < high else { return false }
      } else {
        let (one, other) = ((low - start) / step, (high - start) / step)
        first = max(first, min(one, other))
        last = min(last, max(one, other))
      }
    }
    return first < last
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
