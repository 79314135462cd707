import Telemetry

/// Anomalous windows of one device that are neighbours: what one alarm is about.
package struct AnomalousSpan: Hashable, Sendable {
  package var start: Timestamp
  /// The first instant after the last of its windows.
  package var end: Timestamp
  /// How many windows it is made of.
  package var windows = 1

  package init(start: Timestamp, end: Timestamp) {
    self.start = start
    self.end = end
  }

  /// Whether `other` begins within `gap` of the end of this span or overlaps it, or the other way round.
  package func touches(_ other: AnomalousSpan, gap: Duration = .zero) -> Bool {
    touches(other, gapMilliseconds: gap.milliseconds)
  }

  private func touches(_ other: AnomalousSpan, gapMilliseconds gap: Int64) -> Bool {
    start.milliseconds <= other.end.milliseconds + gap && other.start.milliseconds <= end.milliseconds + gap
  }

  /// Takes the windows of `other`, which touches this span, into it.
  package mutating func absorb(_ other: AnomalousSpan) {
    start = min(start, other.start)
    end = max(end, other.end)
    windows += other.windows
  }

  /// Makes spans of the windows of one device, of whichever of its models: two windows are neighbours where the later one begins
  /// no later than `gap` after the earlier one ends.
  ///
  /// - Parameter windows: In any order.
  /// - Returns: By start; no two of them touch.
  package static func spans(of windows: [AnomalousSpan], gap: Duration = .zero) -> [AnomalousSpan] {
    var spans: [AnomalousSpan] = []
    // Once: a duration counts in fractions of a nanosecond, and takes a division to read.
    let gap = gap.milliseconds
    for window in windows.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
      if let last = spans.last, last.touches(window, gapMilliseconds: gap) {
        spans[spans.count - 1].absorb(window)
      } else {
        spans.append(window)
      }
    }
    return spans
  }
}
