import Charts

/// Phases and faults of a run: a lane each above the frames of a picture, and bands through them.
struct CourseLanes {
  private let phases: [(name: String, begin: Double, end: Double)]
  private let faults: [RunCourse.Fault]
  private let allPhases: Int
  private let allFaults: Int
  let across: Scale

  init(_ course: RunCourse) {
    let known = course.phases
    allPhases = known.count
    phases = Array(known.prefix(LoadChartDefaults.mostPhases))
    allFaults = course.faults.count
    faults = Array(course.faults.prefix(LoadChartDefaults.mostFaults))
    let end = course.moments.last?.seconds ?? 0
    across = Scale(.linear, low: 0, high: max(end, 0.001))
  }

  var axis: Axis { Axis("since publishing began", .seconds, across) }

  /// The lanes, with the names of phases that have room and the numbers of faults that do not touch each other.
  func drawLanes(_ sheet: inout Sheet) {
    let scale = across.placed(from: LoadChartDefaults.left, to: Sheet.right - 4)
    let height = LoadChartDefaults.laneHeight
    sheet.bottom += 4
    sheet.drawing.text("phase", at: Point(Sheet.left, sheet.bottom + 13), .start, .quiet)
    for (index, phase) in phases.enumerated() {
      let box = Box(
        left: scale.pixel(phase.begin), top: sheet.bottom, right: scale.pixel(phase.end),
        bottom: sheet.bottom + height)
      sheet.drawing.box(
        box, look(index, opacity: 1),
        tooltip:
          "\(phase.name): \(ChartUnit.seconds.text(phase.begin)) to \(ChartUnit.seconds.text(phase.end))")
      if ChartText.width(phase.name) + 8 <= box.width {
        sheet.drawing.text(phase.name, at: Point(box.left + 4, box.top + 13))
      }
    }
    sheet.bottom += height
    guard !faults.isEmpty else { return }
    sheet.drawing.text("fault", at: Point(Sheet.left, sheet.bottom + 15), .start, .quiet)
    var free = -Double.infinity
    for fault in faults.sorted(by: { ($0.began, $0.number) < ($1.began, $1.number) }) {
      let text = "\(fault.number)"
      let place = min(max(scale.pixel(fault.began), scale.start), scale.end - ChartText.width(text))
      guard place >= free else { continue }
      free = place + ChartText.width(text) + 4
      sheet.drawing.text(text, at: Point(place, sheet.bottom + 15), role: "fault-number")
    }
    sheet.bottom += height
  }

  /// Every second phase is shaded, and so is the time of each fault, which begins with a line.
  func drawBands(_ sheet: inout Sheet, _ frame: Frame) {
    for (index, phase) in phases.enumerated() where index % 2 == 1 {
      sheet.drawing.box(
        Box(
          left: frame.x.pixel(phase.begin), top: frame.area.top, right: frame.x.pixel(phase.end),
          bottom: frame.area.bottom), look(index, opacity: 0.5))
    }
    for fault in faults {
      let (begin, end) = (frame.x.pixel(fault.began), frame.x.pixel(fault.ended))
      sheet.drawing.box(
        Box(left: begin, top: frame.area.top, right: max(end, begin + 1), bottom: frame.area.bottom),
        Look(fill: .color(.vermillion), fillOpacity: 0.15),
        tooltip: "fault \(fault.number): \(fault.what)")
      sheet.drawing.line(
        from: Point(begin, frame.area.top), to: Point(begin, frame.area.bottom),
        Look(stroke: .color(.vermillion), strokeWidth: 1, dash: .dashed, role: "fault"))
    }
  }

  private func look(_ index: Int, opacity: Double) -> Look {
    Look(fill: .grid, fillOpacity: index % 2 == 1 ? opacity : opacity / 3, role: "phase")
  }

  var notes: [String?] {
    [
      faults.count < allFaults ? "\(faults.count) of \(allFaults) faults are shown." : nil,
      phases.count < allPhases ? "\(phases.count) of \(allPhases) phases are shown." : nil,
    ]
  }

  /// What the line of a fault means; nil where there was none.
  var legend: LegendEntry? {
    faults.isEmpty
      ? nil : LegendEntry(.line(.color(.vermillion), .dashed), "a fault, by its number in the table")
  }
}

extension Sheet {
  /// Draws rates as steps. Of each column of pixels the highest and the lowest stay.
  mutating func addSteps(
    _ rates: [RunCourse.Rate], _ frame: Frame, _ paint: Paint, _ dash: LineDash, role: String
  ) {
    var piece: [Point] = []
    var end = -Double.infinity
    func line(_ points: [Point]) {
      drawing.polyline(
        PixelColumns.thinned(points), Look(stroke: paint, strokeWidth: 1.8, dash: dash, role: role))
    }
    for rate in rates {
      // A part that was not there leaves a gap.
      if rate.begin > end {
        line(piece)
        piece = []
      }
      piece += [frame.point(rate.begin, rate.perSecond), frame.point(rate.end, rate.perSecond)]
      end = rate.end
    }
    line(piece)
  }
}
