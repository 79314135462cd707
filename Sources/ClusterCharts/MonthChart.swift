import Charts
import Foundation

/// What a month costs by the interval between jobs: nodes that are kept against nodes that come and go.
enum MonthChart {
  private static let summary =
    "What the nodes of a month of 730 hours cost, by how far its jobs are apart."

  static func svg(_ data: ClusterPictureData, id: String) -> String? {
    let all = data.monthCurves.map { curve in
      let points = curve.points.filter {
        Scale.canPlace($0.intervalSeconds, on: .log10) && $0.usdPerMonth >= 0
          && ChartDefaults.isDrawable($0.usdPerMonth)
      }
      return ClusterPictureData.MonthCurve(
        label: curve.label, points: points.sorted { $0.intervalSeconds < $1.intervalSeconds })
    }.filter { !$0.points.isEmpty }
    let shown = all.prefix(ClusterChartDefaults.mostSeries).map { curve in
      ClusterPictureData.MonthCurve(
        label: curve.label, points: Thinning.evenly(curve.points, most: ClusterChartDefaults.mostPoints))
    }
    let points = shown.flatMap(\.points)
    let crossing = data.crossingSeconds.flatMap { Scale.canPlace($0, on: .log10) ? $0 : nil }
    guard let across = Scale.fitting(.log10, points.map(\.intervalSeconds), room: 0.02),
      let low = points.map(\.usdPerMonth).min(), let high = points.map(\.usdPerMonth).max()
    else { return nil }
    let isWide =
      Scale.canPlace(low, on: .log10) && high / low > ClusterChartDefaults.logarithmicValues
    guard
      let up = Scale.fitting(isWide ? .log10 : .linear, points.map(\.usdPerMonth), fromZero: true, room: 0.1)
    else { return nil }
    let answer = crossing.map {
      "Where jobs are further apart than \(ChartUnit.seconds.text($0)), this is cheaper: \(shown[0].label)."
    }
    var sheet = Sheet(
      id: id, title: "Dollars a month by interval between jobs", summary: summary,
      description: [summary, answer].compactMap(\.self).joined(separator: " "))
    let frame = Frame(
      &sheet, x: Axis("interval between jobs", .seconds, across), y: Axis("cost of a month", .dollars, up),
      height: ClusterChartDefaults.plotHeight)
    draw(&sheet, frame, shown, crossing)
    sheet.addLegend(
      shown.enumerated().map { index, curve in
        LegendEntry(
          .line(paint(index), dash(index)), shown.count > 1 ? "\(letter(index)): \(curve.label)" : curve.label
        )
      })
    if let answer { sheet.addNote(answer) }
    if let note = Thinning.note(shown.count, of: all.count, "curves") { sheet.addNote(note) }
    return sheet.text()
  }

  private static func paint(_ index: Int) -> Paint {
    ClusterSeries.paints[index % ClusterSeries.paints.count]
  }
  private static func dash(_ index: Int) -> LineDash { LineDash.allCases[index % LineDash.allCases.count] }
  private static func letter(_ index: Int) -> String { String(UnicodeScalar(UInt8(65 + index % 26))) }

  private static func draw(
    _ sheet: inout Sheet, _ frame: Frame, _ curves: [ClusterPictureData.MonthCurve], _ crossing: Double?
  ) {
    var placer = LabelPlacer(area: frame.area)
    let lines = curves.map { $0.points.map { frame.point($0.intervalSeconds, $0.usdPerMonth) } }
    for (index, line) in lines.enumerated() {
      placer.avoid(line: line)
      sheet.drawing.polyline(
        line, Look(stroke: paint(index), strokeWidth: 2, dash: dash(index), role: "line"))
      if line.count == 1 {
        sheet.drawing.mark(
          .disc, at: line[0], paint(index),
          tooltip: "\(curves[index].label): \(ChartUnit.dollars.text(curves[index].points[0].usdPerMonth))")
      }
    }
    if let crossing {
      frame.addMarker(
        &sheet, at: crossing,
        label: "\(curves[0].label) is cheaper from \(ChartUnit.seconds.text(crossing)) on",
        .quiet, .dashed, placer: &placer)
      let place = frame.x.pixel(crossing)
      if frame.x.contains(crossing), let level = level(of: lines[0], at: place) {
        sheet.drawing.circle(
          Point(place, level), radius: 6, Look(stroke: .ink, strokeWidth: 2, role: "crossing"))
      }
    }
    guard curves.count > 1 else { return }
    for (index, line) in lines.enumerated() {
      sheet.addLabel(
        letter(index), beside: freest(of: line, among: lines, except: index), &placer, isBold: true)
    }
  }

  /// The point of `line` that is furthest from the other lines, of a few along it.
  private static func freest(of line: [Point], among lines: [[Point]], except index: Int) -> Point {
    let candidates = Thinning.evenly(line, most: 9)
    func room(_ point: Point) -> Double {
      lines.indices.filter { $0 != index }.compactMap { level(of: lines[$0], at: point.x) }
        .map { abs($0 - point.y) }.min() ?? .infinity
    }
    // The first of equals, so that letters of level lines stand one below the other.
    return candidates.reduce(candidates[0]) { room($1) > room($0) + 0.5 ? $1 : $0 }
  }

  /// Where the drawn line stands at `x`; nil beyond its ends.
  private static func level(of points: [Point], at x: Double) -> Double? {
    for (from, to) in zip(points, points.dropFirst()) where x >= from.x && x <= to.x {
      return to.x > from.x ? from.y + (to.y - from.y) * (x - from.x) / (to.x - from.x) : from.y
    }
    return nil
  }
}
