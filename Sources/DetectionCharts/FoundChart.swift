import Charts
import Detection
import Telemetry
import Wording

/// Devices over time: what labels say, and what the detector made of it.
package struct FoundChart: Sendable {
  /// One device. Its windows are kept as columns of pixels, however many there are.
  package struct Row: Hashable, Sendable {
    package let device: String
    /// What is said of the device where the pointer stands.
    package var summary: String
    fileprivate var labels: PixelColumns
    fileprivate var outcomes: [WindowClass: PixelColumns] = [:]
    private let range: Range<Timestamp>

    /// - Parameter range: The time that the picture shows.
    package init(device: String, summary: String = "", over range: Range<Timestamp>) {
      self.device = device
      self.summary = summary
      self.range = range
      labels = PixelColumns(FoundChart.columns, over: range)
    }

    package mutating func add(_ outcome: WindowClass, _ span: Range<Timestamp>) {
      outcomes[outcome, default: PixelColumns(FoundChart.columns, over: range)].mark(span)
    }

    package mutating func addLabel(_ span: Range<Timestamp>) { labels.mark(span) }
  }

  /// The most rows of a picture: more fill several screens, and the worst come first.
  package static let mostRows = 40
  private static let left = 140.0
  /// Two pixels wide each: a stretch of one is still seen.
  private static let columnWidth = 2.0
  fileprivate static let columns = 280
  private static let rowHeight = 19.0
  private static let bandHeight = 12.0

  /// The worst first.
  private let rows: [Row]
  /// How many devices there are.
  private let devices: Int
  private let range: Range<Timestamp>

  /// - Parameters:
  ///   - rows: The worst first; what is beyond ``mostRows`` is left out.
  ///   - devices: How many devices there are in all.
  ///   - range: What the rows were made with.
  package init(_ rows: [Row], of devices: Int, over range: Range<Timestamp>) {
    self.rows = Array(rows.prefix(Self.mostRows))
    self.devices = devices
    self.range = range
  }

  private var title: String {
    rows.count < devices
      ? "The worst \(rows.count) of \(devices.grouped) devices over time"
      : devices == 1 ? "One device over time" : "All \(devices.grouped) devices over time"
  }

  private static let summary =
    "A row is a device, the one with the most missed windows and false alarms first. Outlined is what labels call anomalous."

  /// The picture as SVG; nil where there is no row. Equal values give equal bytes.
  package func svg(id: String = "found") -> String? {
    guard !rows.isEmpty, !range.isEmpty else { return nil }
    var sheet = Sheet(
      id: id, title: title, summary: Self.summary,
      description: ([Self.summary] + rows.map { "\($0.device): \($0.summary)." }).joined(separator: " "))
    addLegend(&sheet)
    sheet.bottom += 8
    let area = Box(
      left: Self.left, top: sheet.bottom, right: Self.left + Double(Self.columns) * Self.columnWidth,
      bottom: sheet.bottom + Double(rows.count) * Self.rowHeight + 4)
    let axis = TimeAxis(range, left: area.left, right: area.right)
    sheet.bottom = axis.draw(on: &sheet.drawing, below: area, bounds: Sheet.left...ChartDefaults.width - 4)
    for (index, row) in rows.enumerated() {
      draw(row, top: area.top + Double(index) * Self.rowHeight + 2, on: &sheet)
    }
    sheet.addNote(axis.text)
    return sheet.text()
  }

  private func draw(_ row: Row, top: Double, on sheet: inout Sheet) {
    let band = Box(
      left: Self.left, top: top + 2, right: Self.left + Double(Self.columns) * Self.columnWidth,
      bottom: top + 2 + Self.bandHeight)
    sheet.drawing.text(
      row.device, at: Point(Self.left - 10, band.middle.y + 4), .end, room: Self.left - 10 - Sheet.left)
    let tooltip = row.summary.isEmpty ? row.device : "\(row.device): \(row.summary)"
    for outcome in WindowClass.drawingOrder {
      guard let columns = row.outcomes[outcome] else { continue }
      Self.draw(outcome, columns.stretches, in: band, on: &sheet.drawing, tooltip: tooltip)
    }
    for stretch in row.labels.stretches {
      sheet.drawing.box(
        Box(
          left: Self.left + Double(stretch.lowerBound) * Self.columnWidth - 1, top: band.top - 2,
          right: Self.left + Double(stretch.upperBound) * Self.columnWidth + 1, bottom: band.bottom + 2),
        Look(stroke: .ink, strokeWidth: 1.2, role: "label"))
    }
  }

  /// Stretches of columns as one path: strokes as thick as the lane of the class.
  private static func draw(
    _ outcome: WindowClass, _ stretches: [Range<Int>], in band: Box, on drawing: inout Drawing,
    tooltip: String?
  ) {
    let lane = outcome.lane
    let middle = band.top + band.height * (lane.top + lane.bottom) / 2
    drawing.strokes(
      stretches.map {
        (
          Point(band.left + Double($0.lowerBound) * columnWidth, middle),
          Point(band.left + Double($0.upperBound) * columnWidth, middle)
        )
      },
      Look(
        stroke: .color(outcome.color), strokeWidth: band.height * (lane.bottom - lane.top),
        role: outcome.rawValue), tooltip: tooltip)
  }

  private func addLegend(_ sheet: inout Sheet) {
    var left = Sheet.left
    let entries: [(WindowClass?, String)] = [
      (.found, "found: full height"), (.missed, "missed: upper half"),
      (.falseAlarm, "false alarm: lower half"),
      (.ignored, "ignored: a label covers less than half"), (.quiet, "rightly quiet"), (nil, "labelled"),
    ]
    sheet.bottom += 4
    for (outcome, text) in entries {
      let width = 30 + 6 + ChartText.width(text)
      if left + width > Sheet.right {
        left = Sheet.left
        sheet.bottom += Self.rowHeight
      }
      let band = Box(
        left: left, top: sheet.bottom + 2, right: left + 30, bottom: sheet.bottom + 2 + Self.bandHeight)
      if let outcome {
        Self.draw(outcome, [0..<15], in: band, on: &sheet.drawing, tooltip: nil)
      } else {
        sheet.drawing.box(
          Box(left: band.left + 1, top: band.top - 2, right: band.right, bottom: band.bottom + 2),
          Look(stroke: .ink, strokeWidth: 1.2))
      }
      sheet.drawing.text(text, at: Point(left + 36, band.middle.y + 4))
      left += width + 16
    }
    sheet.bottom += Self.rowHeight
  }
}
