import Charts
import Foundation

/// Times by percentile: what half of them took at most, 90%, 99% and so on, with the rare ones as wide as the frequent ones.
package enum LatencyChart {
  /// The times of one thing.
  package struct Curve: Hashable, Sendable {
    package struct Point: Hashable, Sendable {
      /// From 0 to below 100.
      package var percentile: Double
      package var seconds: Double

      package init(_ percentile: Double, _ seconds: Double) {
        self.percentile = percentile
        self.seconds = seconds
      }
    }

    package var name: String
    /// In ascending order of percentiles.
    package var points: [Point]
    /// The longest of all; nil where it is not known.
    package var max: Double?

    package init(name: String, points: [Point], max: Double?) {
      self.name = name
      self.points = points
      self.max = max
    }

    /// Those that a logarithmic axis has a place for.
    fileprivate var drawable: [Point] {
      points.filter {
        $0.percentile >= LatencyChart.first && $0.percentile < 100 && Scale.canPlace($0.seconds, on: .log10)
      }
    }
  }

  /// Where the axis begins: what the faster half took helps nobody.
  fileprivate static let first = 50.0
  private static let named = [50, 90, 99, 99.9, 99.99, 99.999, 99.9999]
  private static let plotHeight = 240.0

  /// Where a percentile lies: one of how many is slower.
  private static func place(_ percentile: Double) -> Double { 100 / (100 - percentile) }

  /// The picture as SVG; nil where nothing was measured. Equal curves give equal bytes.
  ///
  /// - Parameters:
  ///   - id: Names it in its page.
  ///   - title: The finding.
  ///   - all: How many curves there would be.
  package static func svg(id: String, title: String, _ curves: [Curve], of all: Int) -> String? {
    let shown = curves.filter { !$0.drawable.isEmpty }.prefix(LoadChartDefaults.mostLines)
    let times = shown.flatMap { curve in
      curve.drawable.map(\.seconds) + [curve.max].compactMap(\.self).filter { Scale.canPlace($0, on: .log10) }
    }
    guard let up = Scale.fitting(.log10, times) else { return nil }
    let deepest = shown.flatMap(\.drawable).map(\.percentile).max() ?? 99
    // The greatest has a place of its own, a step beyond.
    let last = Swift.max(place(99), place(deepest)) * 5
    let ticks =
      named.filter { place($0) <= last / 4 }.map { Tick(value: place($0), text: "\(text($0))%") }
      + [Tick(value: last, text: "longest")]
    let summary = "How long the fastest 50%, 90%, 99% and so on took at most, and the longest of all."
    var sheet = Sheet(
      id: id, title: title, summary: summary,
      description: summary + " " + shown.map { "\($0.name): \(words($0))." }.joined(separator: " "))
    let frame = Frame(
      &sheet,
      x: Axis(
        "percentile", .ratio,
        Scale(.log10, low: place(first) * 0.94, high: last * pow(last / place(first), 0.06)), ticks: ticks),
      y: Axis("time", .seconds, up), height: plotHeight)
    for (index, curve) in shown.enumerated() { draw(curve, index, last, frame, &sheet) }
    sheet.addLegend(
      shown.enumerated().map { LegendEntry(.line(paint($0.offset), dash($0.offset)), $0.element.name) })
    if shown.count < all {
      sheet.addNote("\(shown.count) of \(all) are shown: those whose 99th percentile is longest.")
    }
    return sheet.text()
  }

  private static func draw(_ curve: Curve, _ index: Int, _ last: Double, _ frame: Frame, _ sheet: inout Sheet)
  {
    let points = curve.drawable.map { frame.point(place($0.percentile), $0.seconds) }
    sheet.drawing.polyline(
      PixelColumns.thinned(points),
      Look(stroke: paint(index), strokeWidth: 1.8, dash: dash(index), role: "curve"))
    for (point, where_) in zip(curve.drawable, points) where named.contains(point.percentile) {
      sheet.drawing.mark(
        shape(index), at: where_, paint(index),
        tooltip: "\(curve.name): \(text(point.percentile))% within \(ChartUnit.seconds.text(point.seconds))")
    }
    guard let max = curve.max, Scale.canPlace(max, on: .log10), let end = points.last else { return }
    let point = frame.point(last, max)
    // Nobody knows what lies between.
    sheet.drawing.line(
      from: end, to: point, Look(stroke: paint(index), strokeWidth: 1, dash: .dotted, role: "to-longest"))
    sheet.drawing.mark(
      shape(index), at: point, paint(index),
      tooltip: "\(curve.name): the longest, \(ChartUnit.seconds.text(max))", role: "longest")
  }

  private static func words(_ curve: Curve) -> String {
    let some = curve.drawable.filter { named.contains($0.percentile) }
      .map { "\(text($0.percentile))% within \(ChartUnit.seconds.text($0.seconds))" }
    return (some + [curve.max.map { "the longest \(ChartUnit.seconds.text($0))" }].compactMap(\.self))
      .joined(separator: ", ")
  }

  private static func text(_ percentile: Double) -> String {
    percentile == percentile.rounded() ? "\(Int(percentile))" : "\(percentile)"
  }

  private static func paint(_ index: Int) -> Paint {
    .color(ChartColor.allCases[index % ChartColor.allCases.count])
  }
  private static func dash(_ index: Int) -> LineDash { LineDash.allCases[index % LineDash.allCases.count] }
  private static func shape(_ index: Int) -> MarkShape {
    MarkShape.allCases[index % MarkShape.allCases.count]
  }
}
