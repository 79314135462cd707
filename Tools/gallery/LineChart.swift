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
  /// Whether the value axes begin at zero.
  var startsAtZero = false
  /// A stretch of time that is shaded.
  var band: (from: Double, to: Double)?

  private static let left = 52.0
  private static let right = 22.0
  private static let panelHeight = 150.0
  private static let gap = 26.0

  init(hours: Double) { self.hours = hours }

  var svg: String {
    let height = Double(panels.count) * (Self.panelHeight + Self.gap) + 22
    var svg = SVG.opening(height: height)
    for (index, panel) in panels.enumerated() {
      svg += draw(panel, top: Self.gap + Double(index) * (Self.panelHeight + Self.gap))
    }
    svg += timeAxis(y: height - 8)
    return svg + "</svg>\n"
  }

  private func x(_ hour: Double) -> Double {
    Self.left + hour / hours * (SVG.width - Self.left - Self.right)
  }

  private func draw(_ panel: Panel, top: Double) -> String {
    let values = panel.lines.flatMap { $0.points.map(\.y) }
    let low = startsAtZero ? 0 : values.min() ?? 0
    let high = values.max() ?? 1
    let margin = max((high - low) * 0.06, 0.05 * max(1, abs(high)) * (high == low ? 1 : 0))
    let (bottom, ceiling) = (low - margin, high + margin)
    func y(_ value: Double) -> Double { top + Self.panelHeight * (1 - (value - bottom) / (ceiling - bottom)) }
    let frameWidth = SVG.width - Self.left - Self.right
    var svg = SVG.title(panel.title, x: Self.left, y: top - 6)
    svg += SVG.box(x: Self.left, y: top, width: frameWidth, height: Self.panelHeight, fill: "#f7f8fa")
    if let band {
      svg += SVG.box(
        x: x(band.from), y: top, width: x(band.to) - x(band.from), height: Self.panelHeight, fill: "#f6d9d3")
    }
    for value in [low, (low + high) / 2, high] where high > low || value == low {
      svg += SVG.line(
        from: (Self.left, y(value)), to: (SVG.width - Self.right, y(value)), stroke: "#dfe3e8", width: 0.6)
      svg += SVG.label(SVG.number(value), x: Self.left - 6, y: y(value) + 4, anchor: "end")
    }
    for line in panel.lines where !line.points.isEmpty {
      if line.points.count == 1 {
        svg += SVG.dot(x: x(line.points[0].x), y: y(line.points[0].y), radius: 3, fill: "#c8321f")
        continue
      }
      let points = line.points.map { "\(SVG.number(x($0.x))),\(SVG.number(y($0.y)))" }.joined(separator: " ")
      svg += "<polyline fill=\"none\" \(line.style.attributes) points=\"\(points)\"/>\n"
    }
    return svg
  }

  private func timeAxis(y: Double) -> String {
    let step = [0.25, 1.0, 2, 3, 6, 12, 24, 48].first { hours / $0 <= 12 } ?? 48
    return stride(from: 0, through: hours, by: step).map { hour in
      let text = step < 1 ? "\(SVG.number(hour * 60)) min" : "\(SVG.number(hour)) h"
      return SVG.label(text, x: x(hour), y: y, anchor: "middle")
    }.joined()
  }
}
