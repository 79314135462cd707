import Charts
import Verdict

/// Latency and achieved rate of a climbing load against what was offered, with the knee marked.
package enum CapacityChart {
  package static let fileName = "capacity.svg"

  private static let summary =
    "Each point is a step of the climb. Up to the knee, as much becomes durable as is offered, and soon; beyond it, "
    + "messages wait."
  /// Of each of the two areas, in pixels.
  private static let plotHeight = 200.0

  private struct Step {
    var figures: LoadFigures
    var offered: Double
  }

  /// The picture as SVG; nil where no step was published. Equal findings give equal bytes.
  package static func svg(_ finding: CapacityFinding) -> String? {
    let steps = finding.steps.compactMap { figures in
      figures.offered.flatMap { Scale.canPlace($0, on: .log10) ? Step(figures: figures, offered: $0) : nil }
    }
    let rates = steps.flatMap { [$0.offered, $0.figures.achieved ?? $0.offered] }
    guard let across = Scale.fitting(.linear, steps.map(\.offered), fromZero: true),
      let up = Scale.fitting(.linear, rates, fromZero: true)
    else { return nil }
    let description = ([summary] + finding.sentences).joined(separator: " ")
    var sheet = Sheet(id: "capacity", title: "Capacity", summary: summary, description: description)
    let axis = Axis("offered messages/s", .ratio, across)
    let rate = Frame(
      &sheet, x: axis, y: Axis("durable messages/s", .ratio, up), height: plotHeight, left: left)
    draw(&sheet, rate, steps, finding)
    drawIdeal(&sheet, rate)
    let latencies = steps.flatMap { [$0.figures.p50, $0.figures.p99, $0.figures.p999].compactMap(\.self) }
      .map { $0 / 1000 }
    let bound = (finding.steps.first?.latencyMs ?? 0) / 1000
    if let rising = Scale.fitting(.log10, latencies + [bound]) {
      sheet.bottom += 8
      let latency = Frame(
        &sheet, x: axis, y: Axis("from the planned send until durable", .seconds, rising), height: plotHeight,
        left: left)
      drawLatencies(&sheet, latency, steps, bound, finding)
    }
    sheet.addLegend([
      LegendEntry(.line(.color(.blue), .solid), "durable, and median of the latency"),
      LegendEntry(.line(.color(.vermillion), .dashed), "99th percentile"),
      LegendEntry(.line(.color(.purple), .shortDashed), "99.9th percentile"),
      LegendEntry(.line(.quiet, .longDashed), "as much as is offered; the bound of the latency"),
      LegendEntry(.mark(.cross, .color(.vermillion)), "a step that was not carried"),
    ])
    sheet.addNotes(finding.sentences.map { $0 } + [finding.failure.map { "No knee: \($0)." }])
    return sheet.text()
  }

  /// Both areas begin at the same place.
  private static let left = 80.0

  private static func draw(
    _ sheet: inout Sheet, _ frame: Frame, _ steps: [Step], _ finding: CapacityFinding
  ) {
    var placer = LabelPlacer(area: frame.area)
    if finding.failure == nil, let knee = finding.knee?.offered {
      frame.addMarker(
        &sheet, at: knee, label: "knee: \(CapacityFinding.rate(knee)) messages/s", .color(.green), .solid,
        placer: &placer)
    }
    let points = steps.compactMap { step in
      step.figures.achieved.map { (step, frame.point(step.offered, $0)) }
    }
    sheet.drawing.polyline(
      points.map(\.1), Look(stroke: .color(.blue), strokeWidth: 1.8, role: "achieved"))
    for (step, point) in points { mark(&sheet, step, point, .color(.blue)) }
  }

  /// Where as much becomes durable as is offered.
  private static func drawIdeal(_ sheet: inout Sheet, _ frame: Frame) {
    let end = min(frame.x.high, frame.y.high)
    sheet.drawing.line(
      from: frame.point(0, 0), to: frame.point(end, end),
      Look(stroke: .quiet, strokeWidth: 1.2, dash: .longDashed, role: "ideal"))
  }

  private static func drawLatencies(
    _ sheet: inout Sheet, _ frame: Frame, _ steps: [Step], _ bound: Double, _ finding: CapacityFinding
  ) {
    var placer = LabelPlacer(area: frame.area)
    if finding.failure == nil, let knee = finding.knee?.offered {
      frame.addMarker(&sheet, at: knee, label: "knee", .color(.green), .solid, placer: &placer)
    }
    if bound > 0 {
      sheet.drawing.line(
        from: frame.point(frame.x.low, bound), to: frame.point(frame.x.high, bound),
        Look(stroke: .quiet, strokeWidth: 1.2, dash: .longDashed, role: "bound"))
    }
    let lines: [(Paint, LineDash, String, (LoadFigures) -> Double?)] = [
      (.color(.purple), .shortDashed, "p999", { $0.p999 }), (.color(.vermillion), .dashed, "p99", { $0.p99 }),
      (.color(.blue), .solid, "p50", { $0.p50 }),
    ]
    for (paint, dash, role, value) in lines {
      let points = steps.compactMap { step -> (Step, Point)? in
        guard let milliseconds = value(step.figures), Scale.canPlace(milliseconds / 1000, on: .log10) else {
          return nil
        }
        return (step, frame.point(step.offered, milliseconds / 1000))
      }
      sheet.drawing.polyline(points.map(\.1), Look(stroke: paint, strokeWidth: 1.8, dash: dash, role: role))
      for (step, point) in points { mark(&sheet, step, point, paint) }
    }
  }

  private static func mark(_ sheet: inout Sheet, _ step: Step, _ point: Point, _ paint: Paint) {
    let isCarried = step.figures.isCarried == true
    let limit = LoadLimit(step.figures)
    let latency = step.figures.p99.map { ", p99 \(ChartUnit.seconds.text($0 / 1000))" } ?? ""
    sheet.drawing.mark(
      isCarried ? .disc : .cross, at: point, isCarried ? paint : .color(.vermillion),
      tooltip: "step \(step.figures.stage): \(CapacityFinding.rate(step.offered)) messages/s offered, "
        + "\(CapacityFinding.rate(step.figures.achieved)) durable\(latency)"
        + (isCarried ? "" : "; \(limit.part.rawValue): \(limit.reason)"))
  }
}
