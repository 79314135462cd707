/// How a line is broken, so that lines are told apart without colour.
package enum LineDash: CaseIterable, Hashable, Sendable {
  case solid
  case dashed
  case dotted
  case dashDotted
  case longDashed
  case shortDashed

  /// Lengths of strokes and gaps in pixels.
  var pattern: String? {
    switch self {
    case .solid: nil
    case .dashed: "7 4"
    case .dotted: "1.5 3.5"
    case .dashDotted: "9 3 2 3"
    case .longDashed: "14 4"
    case .shortDashed: "4 2"
    }
  }
}

/// The shape of a point, so that points are told apart without colour.
package enum MarkShape: CaseIterable, Hashable, Sendable {
  /// A filled circle.
  case disc
  /// A filled square.
  case square
  /// A triangle that stands on its side, with paper inside.
  case triangle
  /// A filled rhombus.
  case diamond
  /// An X of two strokes.
  case cross
  /// A triangle that stands on its tip, filled.
  case wedge
}

extension Drawing {
  /// A point of `shape` at `middle`, with the class `mark` unless `role` is another. What is hollow shows `inside`.
  package mutating func mark(
    _ shape: MarkShape, at middle: Point, _ paint: Paint, tooltip: String? = nil, role: String = "mark",
    radius r: Double = ChartDefaults.markRadius, inside: Paint? = .paper
  ) {
    func corner(_ x: Double, _ y: Double) -> Point { Point(middle.x + x * r, middle.y + y * r) }
    // The rim in the colour of the paper keeps marks apart that lie close together.
    let filled = Look(fill: paint, stroke: .paper, strokeWidth: 1, role: role)
    let hollow = Look(fill: inside, stroke: paint, strokeWidth: 1.8, role: role)
    switch shape {
    case .disc: circle(middle, radius: r, filled, tooltip: tooltip)
    case .square:
      box(
        Box(left: middle.x - r, top: middle.y - r, right: middle.x + r, bottom: middle.y + r), filled,
        tooltip: tooltip)
    case .triangle:
      polygon([corner(0, -1), corner(1, 0.8), corner(-1, 0.8)], hollow, tooltip: tooltip)
    case .diamond:
      polygon(
        [corner(0, -1.25), corner(1.25, 0), corner(0, 1.25), corner(-1.25, 0)], filled, tooltip: tooltip)
    case .cross:
      strokes(
        [(corner(-0.9, -0.9), corner(0.9, 0.9)), (corner(-0.9, 0.9), corner(0.9, -0.9))],
        Look(stroke: paint, strokeWidth: 2.2, role: role), tooltip: tooltip)
    case .wedge:
      polygon([corner(0, 1), corner(1, -0.8), corner(-1, -0.8)], filled, tooltip: tooltip)
    }
  }
}
