/// How an area is filled, so that areas are told apart without colour.
package enum Hatch: String, CaseIterable, Hashable, Sendable {
  /// The colour alone.
  case full
  /// Nothing but a few dots.
  case dots
  /// Strokes that rise.
  case rising
  /// Strokes that lie.
  case level
  /// Strokes that rise and fall.
  case crossed
  /// Strokes that stand.
  case upright

  /// In pixels: patterns repeat after it, and are seen in areas that are as high.
  private static let side = 6.0

  /// The definition of a pattern of this kind, `id` in the file.
  func definition(id: String, _ color: ChartColor) -> String {
    var drawing = Drawing()
    let side = Self.side
    let tile = Box(left: 0, top: 0, right: side, bottom: side)
    let stroke = Look(stroke: .color(color), strokeWidth: 1.6)
    drawing.box(tile, Look(fill: .paper))
    drawing.box(tile, Look(fill: .color(color), fillOpacity: self == .full ? 1 : 0.16))
    let rising = [
      (Point(-1, 1), Point(1, -1)), (Point(0, side), Point(side, 0)),
      (Point(side - 1, side + 1), Point(side + 1, side - 1)),
    ]
    switch self {
    case .full: break
    case .dots: drawing.circle(tile.middle, radius: 0.9, Look(fill: .color(color)))
    case .rising: drawing.strokes(rising, stroke)
    case .level: drawing.strokes([(Point(0, side / 2), Point(side, side / 2))], stroke)
    case .upright: drawing.strokes([(Point(side / 2, 0), Point(side / 2, side))], stroke)
    case .crossed:
      drawing.strokes(
        rising + rising.map { (Point(side - $0.0.x, $0.0.y), Point(side - $0.1.x, $0.1.y)) }, stroke)
    }
    let size = ChartNumber.pixels(side)
    return "<pattern id=\"\(id)\" patternUnits=\"userSpaceOnUse\" width=\"\(size)\" height=\"\(size)\">"
      + drawing.elements.joined() + "</pattern>"
  }
}
