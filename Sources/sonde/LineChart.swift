/// Lines over time, in panels one above the other, as an SVG. Equal charts give equal bytes.
struct LineChart {
  /// How a line looks.
  enum Style {
    case normal
    case expected
    case wrong

    var attributes: String {
      switch self {
      case .normal: "stroke=\"#1f6fb2\" stroke-width=\"1.3\""
      case .expected: "stroke=\"#b9c0c7\" stroke-width=\"1\""
      case .wrong: "stroke=\"#c8321f\" stroke-width=\"1.6\""
      }
    }
  }

  struct Line {
    var points: [(x: Double, y: Double)]
    var style: Style
  }

  struct Panel {
    var title: String
    var lines: [Line]
  }

  /// The length of the time axis.
  let hours: Double
  var panels: [Panel] = []
  /// A stretch of time that is shaded.
  var band: (from: Double, to: Double)?

  private static let width = 760.0
  private static let left = 52.0
  private static let right = 12.0
  private static let panelHeight = 150.0
  private static let gap = 26.0

  init(hours: Double) { self.hours = hours }

  var svg: String {
    let height = Double(panels.count) * (Self.panelHeight + Self.gap) + 22
    var svg = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(text(Self.width)) \(text(height))" \
      width="\(text(Self.width))" height="\(text(height))" font-family="sans-serif" font-size="11">
      <rect width="100%" height="100%" fill="#ffffff"/>

      """
    for (index, panel) in panels.enumerated() {
      svg += draw(panel, top: Self.gap + Double(index) * (Self.panelHeight + Self.gap))
    }
    svg += timeAxis(y: height - 8)
    return svg + "</svg>\n"
  }

  private func x(_ hour: Double) -> Double {
    Self.left + hour / hours * (Self.width - Self.left - Self.right)
  }

  private func draw(_ panel: Panel, top: Double) -> String {
    let values = panel.lines.flatMap { $0.points.map(\.y) }
    let low = values.min() ?? 0
    let high = values.max() ?? 1
    let margin = max((high - low) * 0.06, 0.05 * max(1, abs(high)) * (high == low ? 1 : 0))
    let (bottom, ceiling) = (low - margin, high + margin)
    func y(_ value: Double) -> Double { top + Self.panelHeight * (1 - (value - bottom) / (ceiling - bottom)) }
    let frameWidth = Self.width - Self.left - Self.right
    var svg = """
      <text x="\(text(Self.left))" y="\(text(top - 6))" fill="#333333">\(panel.title)</text>
      <rect x="\(text(Self.left))" y="\(text(top))" width="\(text(frameWidth))" height="\(text(Self.panelHeight))" fill="#f7f8fa"/>

      """
    if let band {
      svg += """
        <rect x="\(text(x(band.from)))" y="\(text(top))" width="\(text(x(band.to) - x(band.from)))" \
        height="\(text(Self.panelHeight))" fill="#f6d9d3"/>

        """
    }
    for value in [low, (low + high) / 2, high] where high > low || value == low {
      svg += """
        <line x1="\(text(Self.left))" x2="\(text(Self.width - Self.right))" y1="\(text(y(value)))" y2="\(text(y(value)))" \
        stroke="#dfe3e8" stroke-width="0.6"/>
        <text x="\(text(Self.left - 6))" y="\(text(y(value) + 4))" text-anchor="end" fill="#666666">\(text(value))</text>

        """
    }
    for line in panel.lines where !line.points.isEmpty {
      if line.points.count == 1 {
        svg += """
          <circle cx="\(text(x(line.points[0].x)))" cy="\(text(y(line.points[0].y)))" r="3" fill="#c8321f"/>

          """
        continue
      }
      let points = line.points.map { "\(text(x($0.x))),\(text(y($0.y)))" }.joined(separator: " ")
      svg += "<polyline fill=\"none\" \(line.style.attributes) points=\"\(points)\"/>\n"
    }
    return svg
  }

  private func timeAxis(y: Double) -> String {
    let step = [1.0, 2, 3, 6, 12, 24, 48].first { hours / $0 <= 12 } ?? 48
    var svg = ""
    for hour in stride(from: 0, through: hours, by: step) {
      svg += """
        <text x="\(text(x(hour)))" y="\(text(y))" text-anchor="middle" fill="#666666">\(text(hour)) h</text>

        """
    }
    return svg
  }

  /// Two decimals at most: finer than a pixel.
  private func text(_ number: Double) -> String {
    let rounded = (number * 100).rounded() / 100 + 0
    return Int(exactly: rounded).map(String.init) ?? "\(rounded)"
  }
}
