import Charts
import Wording

/// How long it took until anomalies were known: which share of them after how long, and of each kind every one.
package struct DelayChart: Hashable, Sendable {
  /// The anomalies of one kind.
  package struct Kind: Hashable, Sendable {
    package var name: String
    /// Of those that were found, in seconds.
    package var delays: [Double]
    /// How many were scored, found or not.
    package var events: Int

    package init(_ name: String, delays: [Double], events: Int) {
      self.name = name
      self.delays = delays
      self.events = events
    }
  }

  /// A line that stands at a figure of the report.
  package struct Marker: Hashable, Sendable {
    package var name: String
    package var seconds: Double

    package init(_ name: String, seconds: Double) {
      self.name = name
      self.seconds = seconds
    }
  }

  /// The most kinds that have a row; the rest share one.
  package static let mostKinds = 12
  private static let left = 140.0
  private static let plotHeight = 190.0
  private static let rowHeight = 22.0
  /// From which ratio of the greatest to the least on the axis goes by the logarithm.
  private static let logarithmicFrom = 20.0
  /// So many markers are told apart; what is beyond is left out.
  private static let markerDashes: [LineDash] = [.dotted, .shortDashed, .longDashed]
  private static let summary =
    "The share of the scored anomalies that are known so long after they began. A window is known when it is over; the job that scores "
    + "it comes later."

  /// The commonest first.
  package var kinds: [Kind]
  /// Until the job of the first flagged window fired; empty where nobody knows.
  package var untilJob: [Double]
  package var markers: [Marker]

  package init(kinds: [Kind], untilJob: [Double], markers: [Marker]) {
    self.kinds = kinds
    self.untilJob = untilJob
    self.markers = markers
  }

  /// The picture as SVG; nil where nothing was found. Equal values give equal bytes.
  package func svg(id: String = "when") -> String? {
    let untilWindow = kinds.flatMap(\.delays).sorted()
    let events = kinds.reduce(0) { $0 + $1.events }
    let all = (untilWindow + untilJob).filter { Scale.canPlace($0, on: .log10) }
    guard !untilWindow.isEmpty, let least = all.min(), let most = all.max() else { return nil }
    let kind: Scale.Kind = most / least >= Self.logarithmicFrom ? .log10 : .linear
    guard let across = Scale.fitting(kind, all, fromZero: kind == .linear) else { return nil }
    let found = untilWindow.count
    var sheet = Sheet(
      id: id, title: "\(found.grouped) of \(events.grouped) anomalies by the time until they were known",
      summary: Self.summary,
      description: ([Self.summary]
        + markers.map { "\($0.name): \(ChartUnit.seconds.text($0.seconds))." }).joined(separator: " "))
    let frame = Frame(
      &sheet, x: Axis("after the anomaly began", .seconds, across),
      y: Axis("share of anomalies known", .percent, Scale(.linear, low: 0, high: 1)), height: Self.plotHeight,
      left: Self.left)
    draw(untilJob.sorted(), of: events, .vermillion, .dashed, role: "until-job", frame, &sheet)
    draw(untilWindow, of: events, .blue, .solid, role: "until-window", frame, &sheet)
    drawMarkers(frame, &sheet)
    drawKinds(frame, &sheet)
    sheet.addLegend(legend)
    return sheet.text()
  }

  /// The share of `events` that `delays`, ascending, reach: a step a pixel at most.
  private func draw(
    _ delays: [Double], of events: Int, _ color: ChartColor, _ dash: LineDash, role: String, _ frame: Frame,
    _ sheet: inout Sheet
  ) {
    guard !delays.isEmpty, events > 0 else { return }
    var points = [frame.point(frame.x.low, 0)]
    for (index, delay) in delays.enumerated() {
      let point = frame.point(delay, Double(index + 1) / Double(events))
      let last = points[points.count - 1]
      if points.count > 1, point.x - last.x < 1 {
        points[points.count - 1].y = point.y
      } else {
        points += [Point(point.x, last.y), point]
      }
    }
    points.append(Point(frame.area.right, points[points.count - 1].y))
    sheet.drawing.polyline(
      points, Look(stroke: .color(color), strokeWidth: 2, dash: dash, role: role))
  }

  /// What is written of them stands in the legend: lines may stand close together.
  private func drawMarkers(_ frame: Frame, _ sheet: inout Sheet) {
    for (marker, dash) in zip(markers, Self.markerDashes) where frame.x.contains(marker.seconds) {
      let place = frame.x.pixel(marker.seconds)
      sheet.drawing.line(
        from: Point(place, frame.area.top), to: Point(place, frame.area.bottom),
        Look(stroke: .ink, strokeWidth: 1.4, dash: dash, role: "marker"))
    }
  }

  private var legend: [LegendEntry] {
    var entries = [LegendEntry(.line(.color(.blue), .solid), "its first flagged window is over")]
    if !untilJob.isEmpty {
      entries.append(LegendEntry(.line(.color(.vermillion), .dashed), "the job that scored it has fired"))
    }
    return entries
      + zip(markers, Self.markerDashes).map { marker, dash in
        LegendEntry(.line(.ink, dash), "\(marker.name) \(ChartUnit.seconds.text(marker.seconds))")
      }
  }

  private func drawKinds(_ frame: Frame, _ sheet: inout Sheet) {
    sheet.bottom += 10
    for kind in shownKinds {
      let middle = sheet.bottom + Self.rowHeight / 2
      sheet.bottom += Self.rowHeight
      sheet.drawing.text(
        kind.name, at: Point(frame.area.left - 10, middle + 4), .end,
        room: frame.area.left - 10 - Sheet.left)
      sheet.drawing.line(
        from: Point(frame.area.left, middle), to: Point(frame.area.right, middle), Look(stroke: .grid))
      let pixels = Set(kind.delays.map { frame.x.pixel($0).rounded() }).sorted()
      let missed = kind.events - kind.delays.count
      let tooltip =
        "\(kind.name): \(kind.delays.count.grouped) known"
        + (missed > 0 ? ", \(missed.grouped) never" : "")
      if !pixels.isEmpty {
        sheet.drawing.strokes(
          pixels.map { (Point($0, middle - 7), Point($0, middle + 7)) },
          Look(stroke: .color(.blue), strokeWidth: 2, role: "kind"), tooltip: tooltip)
      }
      guard missed > 0 else { continue }
      sheet.drawing.text(
        "\(missed.grouped) never", at: Point(frame.area.right, middle + 4), .end, isOverLines: true)
    }
  }

  private var shownKinds: [Kind] {
    guard kinds.count > Self.mostKinds else { return kinds }
    let rest = kinds[(Self.mostKinds - 1)...]
    return kinds.prefix(Self.mostKinds - 1) + [
      Kind(
        "\(rest.count) other kinds", delays: rest.flatMap(\.delays), events: rest.reduce(0) { $0 + $1.events }
      )
    ]
  }
}
