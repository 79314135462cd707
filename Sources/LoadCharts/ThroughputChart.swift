import Charts

/// What came through, and what waited, over the wall time of a run.
package enum ThroughputChart {
  private struct Line: Sendable {
    var name: String
    var role: String
    var paint: Paint
    var dash: LineDash
    var count: @Sendable (RunCourse.Moment) -> Double

    init(
      _ name: String, _ role: String, _ paint: Paint, _ dash: LineDash,
      _ count: @escaping @Sendable (RunCourse.Moment) -> Double
    ) {
      self.name = name
      self.role = role
      self.paint = paint
      self.dash = dash
      self.count = count
    }
  }

  // Those that come first are drawn first, and lie below.
  private static let messages = [
    Line("published", "published", .quiet, .solid) { $0.published },
    Line("stored", "stored", .color(.blue), .dashed) { $0.stored },
    Line("late", "late", .color(.purple), .dotted) { $0.late },
    Line("rejected", "rejected", .color(.vermillion), .dashDotted) { $0.rejected },
  ]
  private static let results = [
    Line("windows", "windows", .color(.green), .solid) { $0.windows },
    Line("predictions", "predictions", .color(.vermillion), .shortDashed) { $0.predictions },
  ]

  /// The picture as SVG; nil of fewer than two moments. Equal courses give equal bytes.
  package static func svg(_ course: RunCourse) -> String? {
    guard course.moments.count > 1, course.moments.allSatisfy({ ChartDefaults.isDrawable($0.seconds) })
    else { return nil }
    let lanes = CourseLanes(course)
    let finding = Finding(course)
    var sheet = Sheet(
      id: "throughput", title: finding.title, summary: summary(course),
      description: summary(course) + " " + finding.sentence)
    lanes.drawLanes(&sheet)
    var legend: [LegendEntry] = []
    add(messages, "messages", course, lanes, &sheet, &legend)
    add(results, nil, course, lanes, &sheet, &legend)
    addBacklog(course, lanes, &sheet, &legend)
    sheet.addLegend(legend + [lanes.legend].compactMap(\.self))
    sheet.addNotes(lanes.notes)
    return sheet.text()
  }

  private static func summary(_ course: RunCourse) -> String {
    let end = ChartUnit.seconds.text(course.moments.last?.seconds ?? 0)
    return
      "Wall time of the run, \(end) from the start of the fleet; a value is the mean since the one before."
  }

  /// A frame of those lines that are not zero throughout; none where all are.
  private static func add(
    _ lines: [Line], _ things: String?, _ course: RunCourse, _ lanes: CourseLanes, _ sheet: inout Sheet,
    _ legend: inout [LegendEntry]
  ) {
    let rates = lines.map { line in course.rates(line.count).filter { ChartDefaults.isDrawable($0.perSecond) }
    }
    let seen = lines.indices.filter { index in rates[index].contains { $0.perSecond > 0 } }
    guard !seen.isEmpty,
      let up = Scale.fitting(.linear, rates.joined().map(\.perSecond), fromZero: true)
    else { return }
    sheet.bottom += 6
    let frame = Frame(
      &sheet, x: lanes.axis,
      y: Axis(
        "\(things ?? seen.map { lines[$0].name }.joined(separator: " and ")) a second", .ratio, up,
        ticks: up.ticks(.ratio, most: LoadChartDefaults.mostTicks)), height: LoadChartDefaults.frameHeight,
      left: LoadChartDefaults.left)
    lanes.drawBands(&sheet, frame)
    for index in seen {
      let line = lines[index]
      sheet.addSteps(rates[index], frame, line.paint, line.dash, role: line.role)
      legend.append(LegendEntry(.line(line.paint, line.dash), line.name))
    }
  }

  /// Nothing where none was seen to wait.
  private static func addBacklog(
    _ course: RunCourse, _ lanes: CourseLanes, _ sheet: inout Sheet, _ legend: inout [LegendEntry]
  ) {
    let moments = course.moments.filter { ChartDefaults.isDrawable($0.backlog) }
    guard moments.contains(where: { $0.backlog > 0 }),
      let up = Scale.fitting(.linear, moments.map(\.backlog), fromZero: true)
    else { return }
    legend.append(LegendEntry(.area(.color(.purple), opacity: 0.5), "waiting"))
    sheet.bottom += 6
    let frame = Frame(
      &sheet, x: lanes.axis,
      y: Axis(
        "backlog: messages that had left and were not taken over", .count, up,
        ticks: up.ticks(.count, most: LoadChartDefaults.mostTicks)),
      height: LoadChartDefaults.frameHeight * 0.7, left: LoadChartDefaults.left)
    lanes.drawBands(&sheet, frame)
    let line = PixelColumns.thinned(moments.map { frame.point($0.seconds, $0.backlog) })
    guard let first = line.first, let last = line.last else { return }
    sheet.drawing.polygon(
      [Point(first.x, frame.area.bottom)] + line + [Point(last.x, frame.area.bottom)],
      Look(fill: .color(.purple), fillOpacity: 0.5))
    sheet.drawing.polyline(line, Look(stroke: .color(.purple), strokeWidth: 1.8, role: "backlog"))
  }

  /// What the picture says.
  package struct Finding: Hashable, Sendable {
    /// The highest rate of messages stored between two lines, and when it began.
    package var mostStored: Double
    package var mostStoredAt: Double
    package var mostBacklog: Double
    package var mostBacklogAt: Double
    private let lastBacklog: Double

    package init(_ course: RunCourse) {
      let best = course.rates(\.stored).enumerated().max {
        ($0.element.perSecond, -$0.offset) < ($1.element.perSecond, -$1.offset)
      }?.element
      mostStored = best?.perSecond ?? 0
      mostStoredAt = best?.begin ?? 0
      let worst = course.moments.enumerated().max {
        ($0.element.backlog, -$0.offset) < ($1.element.backlog, -$1.offset)
      }?.element
      mostBacklog = worst?.backlog ?? 0
      mostBacklogAt = worst?.seconds ?? 0
      lastBacklog = course.moments.last?.backlog ?? 0
    }

    package var title: String {
      mostStored > 0
        ? "At most \(ChartNumber.short(mostStored)) messages a second were stored, and \(waiting)"
        : "Nothing was stored, and \(waiting)"
    }

    private var waiting: String {
      mostBacklog == 0 ? "none was seen to wait" : "at most \(ChartNumber.short(mostBacklog)) waited"
    }

    package var sentence: String {
      let time = ChartUnit.seconds
      var sentences: [String] = []
      if mostStored > 0 { sentences.append("The most were stored from \(time.text(mostStoredAt)) on.") }
      if mostBacklog > 0 { sentences.append("The most waited at \(time.text(mostBacklogAt)).") }
      if lastBacklog > 0 {
        sentences.append("At the end \(ChartNumber.short(lastBacklog)) messages had not been taken over.")
      }
      return sentences.joined(separator: " ")
    }
  }
}
