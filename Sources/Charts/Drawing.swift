/// How an element looks.
package struct Look: Hashable, Sendable {
  package var fill: Paint?
  package var fillOpacity = 1.0
  package var stroke: Paint?
  package var strokeWidth = 1.0
  package var dash = LineDash.solid
  /// A class for readers of the file, such as `mark`.
  package var role: String?

  package init(
    fill: Paint? = nil, fillOpacity: Double = 1, stroke: Paint? = nil, strokeWidth: Double = 1,
    dash: LineDash = .solid, role: String? = nil
  ) {
    self.fill = fill
    self.fillOpacity = fillOpacity
    self.stroke = stroke
    self.strokeWidth = strokeWidth
    self.dash = dash
    self.role = role
  }

  fileprivate var attributes: String {
    let classes =
      [role, fill?.themeName.map { "fill-\($0)" }, stroke?.themeName.map { "stroke-\($0)" }].compactMap(
        \.self)
    var text = classes.isEmpty ? "" : " class=\"\(classes.joined(separator: " "))\""
    if fill == nil { text += " fill=\"none\"" }
    if let value = fill?.value { text += " fill=\"\(value)\"" }
    if fillOpacity < 1 { text += " fill-opacity=\"\(ChartNumber.pixels(fillOpacity))\"" }
    if let value = stroke?.value { text += " stroke=\"\(value)\"" }
    if stroke != nil {
      text += " stroke-width=\"\(ChartNumber.pixels(strokeWidth))\""
      if let pattern = dash.pattern { text += " stroke-dasharray=\"\(pattern)\"" }
    }
    return text
  }
}

/// Where a text stands about its point.
package enum TextAnchor: String, Hashable, Sendable {
  case start
  case middle
  case end
}

/// Elements of an SVG file, one a line, in the order in which they are drawn. Coordinates are absolute.
package struct Drawing: Hashable, Sendable {
  package private(set) var elements: [String] = []

  package init() {}

  private mutating func add(_ name: String, _ geometry: String, _ look: Look, _ tooltip: String?) {
    let start = "<\(name) \(geometry)\(look.attributes)"
    elements.append(
      tooltip.map { "\(start)><title>\(ChartText.escaped($0))</title></\(name)>" } ?? "\(start)/>")
  }

  package mutating func line(from: Point, to: Point, _ look: Look) {
    add("line", "x1=\"\(n(from.x))\" y1=\"\(n(from.y))\" x2=\"\(n(to.x))\" y2=\"\(n(to.y))\"", look, nil)
  }

  package mutating func box(_ box: Box, _ look: Look, tooltip: String? = nil) {
    let geometry =
      "x=\"\(n(box.left))\" y=\"\(n(box.top))\" width=\"\(n(max(0, box.width)))\" "
      + "height=\"\(n(max(0, box.height)))\""
    add("rect", geometry, look, tooltip)
  }

  package mutating func circle(_ middle: Point, radius: Double, _ look: Look, tooltip: String? = nil) {
    add("circle", "cx=\"\(n(middle.x))\" cy=\"\(n(middle.y))\" r=\"\(n(radius))\"", look, tooltip)
  }

  /// Nothing where there are fewer than two points.
  package mutating func polyline(_ points: [Point], _ look: Look) {
    guard points.count > 1 else { return }
    add("polyline", "points=\"\(list(points))\"", look, nil)
  }

  package mutating func polygon(_ points: [Point], _ look: Look, tooltip: String? = nil) {
    add("polygon", "points=\"\(list(points))\"", look, tooltip)
  }

  /// Separate strokes from point to point.
  package mutating func strokes(_ strokes: [(Point, Point)], _ look: Look, tooltip: String? = nil) {
    let path = strokes.map { "M\(n($0.0.x)) \(n($0.0.y))L\(n($0.1.x)) \(n($0.1.y))" }.joined()
    add("path", "d=\"\(path)\"", look, tooltip)
  }

  /// `text` in one line, cut where it would be wider than `room`, with all of it in a tooltip then. `isOverLines` puts a rim in
  /// the colour of the paper around the letters.
  package mutating func text(
    _ text: String, at point: Point, _ anchor: TextAnchor = .start, _ paint: Paint = .ink,
    size: Double = ChartDefaults.fontSize, isBold: Bool = false, isOverLines: Bool = false,
    room: Double = .infinity, role: String? = nil
  ) {
    let drawn = isBold ? size * ChartDefaults.boldWidth : size
    let shown = room.isFinite ? ChartText.fitted(text, to: room, size: drawn) : text
    var look = Look(fill: paint, role: role)
    if isOverLines {
      look.stroke = .paper
      look.strokeWidth = 3
    }
    var attributes = "x=\"\(n(point.x))\" y=\"\(n(point.y))\"\(look.attributes)"
    if isOverLines { attributes += " stroke-linejoin=\"round\" paint-order=\"stroke\"" }
    if anchor != .start { attributes += " text-anchor=\"\(anchor.rawValue)\"" }
    if size != ChartDefaults.fontSize { attributes += " font-size=\"\(n(size))\"" }
    if isBold { attributes += " font-weight=\"600\"" }
    let tooltip = shown == text ? "" : "<title>\(ChartText.escaped(text))</title>"
    elements.append("<text \(attributes)>\(tooltip)\(ChartText.escaped(shown))</text>")
  }

  private func list(_ points: [Point]) -> String {
    points.map { "\(n($0.x)),\(n($0.y))" }.joined(separator: " ")
  }

  private func n(_ value: Double) -> String { ChartNumber.pixels(value) }
}
