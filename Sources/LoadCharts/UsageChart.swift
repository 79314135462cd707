import Charts

/// Memory and processors of a run's parts over its wall time.
package enum UsageChart {
  private static let summary =
    "Of each part, with the processes that it has started. A wedge is a process that was started again."

  /// The picture as SVG; nil where nothing is known. Equal courses give equal bytes.
  package static func svg(_ course: RunCourse) -> String? {
    let known = course.parts.indices.filter { part in course.moments.contains { $0.usage[part] != nil } }
    let parts = Array(known.prefix(LoadChartDefaults.mostLines))
    guard course.moments.count > 1, !parts.isEmpty,
      course.moments.allSatisfy({ ChartDefaults.isDrawable($0.seconds) })
    else { return nil }
    let lanes = CourseLanes(course)
    let peaks = Self.peaks(course)
    var sheet = Sheet(
      id: "usage", title: title(peaks), summary: summary,
      description: summary + " "
        + peaks.map {
          "\($0.part): at most \(megabytes($0.bytes)) and \(ChartNumber.short($0.cores)) processors."
        }
        .joined(separator: " "))
    lanes.drawLanes(&sheet)
    let cores = parts.map { course.cores($0) }
    if let up = Scale.fitting(.linear, cores.joined().map(\.perSecond), fromZero: true) {
      let frame = addFrame("processors in use", up, lanes, &sheet)
      for (place, part) in parts.enumerated() {
        sheet.addSteps(cores[place], frame, paint(place), dash(place), role: "cores")
        mark(course.restarts(part), frame, paint(place), course.parts[part], &sheet)
      }
    }
    let memory = parts.map { part in
      course.moments.compactMap { moment in moment.usage[part].map { (moment.seconds, $0.memoryBytes / 1e6) }
      }
      .filter { ChartDefaults.isDrawable($0.1) }
    }
    if let up = Scale.fitting(.linear, memory.joined().map(\.1), fromZero: true) {
      let frame = addFrame("memory in MB", up, lanes, &sheet)
      for (place, points) in memory.enumerated() {
        sheet.drawing.polyline(
          PixelColumns.thinned(points.map { frame.point($0.0, $0.1) }),
          Look(stroke: paint(place), strokeWidth: 1.8, dash: dash(place), role: "memory"))
      }
    }
    sheet.addLegend(
      parts.enumerated().map {
        LegendEntry(.line(paint($0.offset), dash($0.offset)), course.parts[$0.element])
      }
        + [lanes.legend].compactMap(\.self))
    sheet.addNotes(
      [parts.count < known.count ? "\(parts.count) of \(known.count) parts are shown." : nil] + lanes.notes)
    return sheet.text()
  }

  /// The most that a part used.
  package struct Peak: Hashable, Sendable {
    package var part: String
    package var bytes: Double
    package var cores: Double
    /// How often a new process of it was seen.
    package var restarts: Int
  }

  /// Of the parts that were there.
  package static func peaks(_ course: RunCourse) -> [Peak] {
    course.parts.indices.compactMap { part in
      let bytes = course.moments.compactMap { $0.usage[part]?.memoryBytes }
      guard let most = bytes.max() else { return nil }
      return Peak(
        part: course.parts[part], bytes: most, cores: course.cores(part).map(\.perSecond).max() ?? 0,
        restarts: course.restarts(part).count)
    }
  }

  /// In millions of bytes, as the axis has it.
  package static func megabytes(_ bytes: Double) -> String { "\(ChartNumber.short(bytes / 1e6)) MB" }

  private static func title(_ peaks: [Peak]) -> String {
    guard let memory = peaks.max(by: { $0.bytes < $1.bytes }),
      let cores = peaks.max(by: { $0.cores < $1.cores })
    else { return "What the parts used" }
    return
      "At most \(ChartNumber.short(cores.cores)) processors in use (\(cores.part)), \(megabytes(memory.bytes)) of memory "
      + "(\(memory.part))"
  }

  private static func addFrame(_ title: String, _ up: Scale, _ lanes: CourseLanes, _ sheet: inout Sheet)
    -> Frame
  {
    sheet.bottom += 6
    let frame = Frame(
      &sheet, x: lanes.axis,
      y: Axis(title, .ratio, up, ticks: up.ticks(.ratio, most: LoadChartDefaults.mostTicks)),
      height: LoadChartDefaults.frameHeight * 0.8,
      left: LoadChartDefaults.left)
    lanes.drawBands(&sheet, frame)
    return frame
  }

  private static func mark(
    _ restarts: [Double], _ frame: Frame, _ paint: Paint, _ part: String, _ sheet: inout Sheet
  ) {
    for time in restarts.prefix(LoadChartDefaults.mostFaults) {
      sheet.drawing.mark(
        .wedge, at: Point(frame.x.pixel(time), frame.area.bottom - 6), paint,
        tooltip: "\(part) was started again, seen at \(ChartUnit.seconds.text(time))", role: "restart")
    }
  }

  private static func paint(_ place: Int) -> Paint {
    .color(ChartColor.allCases[place % ChartColor.allCases.count])
  }

  private static func dash(_ place: Int) -> LineDash { LineDash.allCases[place % LineDash.allCases.count] }
}
