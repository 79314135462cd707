import Charts
import Telemetry

/// Puts instants onto pixels, and names some of them in UTC.
package struct TimeAxis: Hashable, Sendable {
  package struct Tick: Hashable, Sendable {
    package let instant: Timestamp
    package let text: String
  }

  package let range: Range<Timestamp>
  package let left: Double
  package let right: Double

  /// Steps that people count in, in seconds; beyond them whole numbers of years of 365 days.
  private static let steps: [Int64] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800,
    604_800, 1_209_600, 2_592_000, 7_862_400, 31_536_000,
  ]
  private static let day: Int64 = 86_400_000

  /// - Parameters:
  ///   - range: Not empty, or a millisecond is shown.
  ///   - left: The pixel of its beginning.
  ///   - right: The pixel of its end.
  package init(_ range: Range<Timestamp>, left: Double, right: Double) {
    self.range =
      range.isEmpty ? range.lowerBound..<range.lowerBound + .milliseconds(1) : range
    self.left = left
    self.right = right
  }

  private var milliseconds: Double { Double((range.upperBound - range.lowerBound).milliseconds) }

  /// The pixel of `instant`; of the nearer end where it lies outside.
  package func pixel(_ instant: Timestamp) -> Double {
    let instant = min(max(instant, range.lowerBound), range.upperBound)
    return left + (right - left) * Double((instant - range.lowerBound).milliseconds) / milliseconds
  }

  /// Round instants within the range, at most about `most`; none where it is shorter than a second.
  package func ticks(most: Int) -> [Tick] {
    let least = milliseconds / Double(max(most, 1))
    let step =
      (Self.steps.first { Double($0) * 1000 >= least }).map { $0 * 1000 }
      ?? Int64((least / Double(365 * Self.day)).rounded(.up)) * 365 * Self.day
    let (low, high) = (range.lowerBound.milliseconds, range.upperBound.milliseconds)
    let first = (low + step - 1) / step
    guard first * step <= high else { return [] }
    let dates = low / Self.day != high / Self.day
    return (first...high / step).map {
      let instant = Timestamp(milliseconds: $0 * step)
      return Tick(instant: instant, text: Self.text(instant, step: step, dates: dates))
    }
  }

  private static func text(_ instant: Timestamp, step: Int64, dates: Bool) -> String {
    let text = instant.description
    let isMidnight = instant.milliseconds % day == 0
    if step >= 365 * day { return String(text.prefix(10)) }
    if step >= day || isMidnight && dates { return String(text.dropFirst(5).prefix(5)) }
    return String(text.dropFirst(11).prefix(step < 60_000 ? 8 : 5))
  }

  /// The range in words: `2026-01-01 12:00 to 2026-01-02 00:00 UTC`.
  package var text: String { "\(Self.minute(range.lowerBound)) to \(Self.minute(range.upperBound)) UTC" }

  private static func minute(_ instant: Timestamp) -> String {
    let text = instant.description
    return text.prefix(10) + " " + text.dropFirst(11).prefix(instant.milliseconds % 60_000 == 0 ? 5 : 8)
  }

  /// Draws the axis below `area`, with lines of the grid that stand, and returns where what it takes ends. A label that would touch
  /// the one before, or leave `bounds`, is left out with its line.
  package func draw(on drawing: inout Drawing, below area: Box, bounds: ClosedRange<Double>) -> Double {
    var free = bounds.lowerBound
    // A label and some room take 60 pixels.
    for tick in ticks(most: max(2, Int(area.width / 60))) {
      let place = pixel(tick.instant)
      let half = ChartText.width(tick.text) / 2
      guard place - half >= free, place + half <= bounds.upperBound else { continue }
      free = place + half + 8
      drawing.line(from: Point(place, area.top), to: Point(place, area.bottom), Look(stroke: .grid))
      drawing.text(tick.text, at: Point(place, area.bottom + 16), .middle, .quiet)
    }
    drawing.line(
      from: Point(area.left, area.bottom), to: Point(area.right, area.bottom), Look(stroke: .quiet))
    return area.bottom + 20
  }
}
