/// Messages on their way, as an SVG: a row a device, each message a line from when it was measured, above, to when it
/// leaves, below. Equal charts give equal bytes.
struct MessageChart {
  /// What is drawn of one device, in minutes from the start.
  struct Row {
    var title: String
    /// Messages that leave when they are measured, and those that something happens to.
    var messages: [(measured: Double, leaves: Double)] = []
    /// Measured, and never leaving.
    var lost: [Double] = []
    /// Leaving for a second time.
    var repeated: [Double] = []
    /// Payloads that are no messages.
    var waste: [Double] = []
    /// Where the connection breaks.
    var cuts: [Double] = []
    /// The label; nil where nothing is wrong.
    var band: (from: Double, to: Double)?
  }

  /// What the two lines are.
  var above = "measured"
  var below = "leaves"

  let minutes: Double
  let rows: [Row]

  init(minutes: Double, rows: [Row]) {
    self.minutes = minutes
    self.rows = rows
  }

  private static let left = 84.0
  private static let right = 26.0
  private static let good = "#1f6fb2"
  private static let bad = "#c8321f"

  private var rowHeight: Double { rows.count == 1 ? 118 : 54 }
  private var gap: Double { rows.contains { !$0.title.isEmpty } ? 34 : 24 }

  var svg: String {
    let height = 8 + Double(rows.count) * (rowHeight + gap) + 16
    var svg = SVG.opening(height: height)
    for (index, row) in rows.enumerated() {
      svg += draw(row, top: gap - 4 + Double(index) * (rowHeight + gap))
    }
    let step = minutes > 40 ? 10.0 : 5
    for minute in stride(from: 0, through: minutes, by: step) {
      svg += SVG.label("\(SVG.number(minute)) min", x: x(minute), y: height - 6, anchor: "middle")
    }
    return svg + "</svg>\n"
  }

  private func x(_ minute: Double) -> Double {
    Self.left + minute / minutes * (SVG.width - Self.left - Self.right)
  }

  private func draw(_ row: Row, top: Double) -> String {
    let bottom = top + rowHeight
    var svg = row.title.isEmpty ? "" : SVG.title(row.title, x: Self.left, y: top - 10)
    if let band = row.band {
      svg += SVG.box(
        x: x(band.from), y: top - 5, width: x(band.to) - x(band.from), height: rowHeight + 18,
        fill: "#f9e4e0")
    }
    for (name, y) in [(above, top), (below, bottom)] {
      svg += SVG.line(
        from: (Self.left, y), to: (SVG.width - Self.right, y), stroke: "#b9c0c7", width: 1)
      svg += SVG.label(name, x: Self.left - 8, y: y + 4, anchor: "end")
    }
    for message in row.messages {
      let isFine = row.band == nil || message.leaves == message.measured
      let colour = isFine ? Self.good : Self.bad
      svg += SVG.line(
        from: (x(message.measured), top), to: (x(message.leaves), bottom), stroke: colour, width: 1.1)
      svg += SVG.dot(x: x(message.measured), y: top, radius: 1.8, fill: colour)
      svg += SVG.dot(x: x(message.leaves), y: bottom, radius: 1.8, fill: colour)
    }
    for minute in row.lost {
      let middle = top + rowHeight * 0.55
      svg += SVG.line(from: (x(minute), top), to: (x(minute), middle), stroke: Self.bad, width: 1.1)
      svg += SVG.dot(x: x(minute), y: top, radius: 1.8, fill: Self.bad)
      svg += SVG.cross(x: x(minute), y: middle + 3, size: 3, stroke: Self.bad)
    }
    for minute in row.repeated { svg += SVG.ring(x: x(minute), y: bottom + 6, radius: 2.4, stroke: Self.bad) }
    for minute in row.waste {
      svg += SVG.box(x: x(minute) - 2.5, y: bottom + 4, width: 5, height: 5, fill: Self.bad)
    }
    for minute in row.cuts {
      svg += SVG.line(
        from: (x(minute), bottom - 9), to: (x(minute), bottom + 9), stroke: "#2b2b2b", width: 2.4)
    }
    return svg
  }
}
