/// Puts times onto pixels, and leaves out long spells in which nothing happens: a job a day would be too small to be seen otherwise.
package struct CutTime: Hashable, Sendable {
  /// A stretch of time that is shown without a cut.
  package struct Piece: Hashable, Sendable {
    /// In seconds.
    package var low: Double
    package var high: Double
    /// In pixels.
    package var left: Double
    package var right: Double
  }

  package let pieces: [Piece]

  /// What a cut takes, in pixels.
  private static let cutWidth = 14.0
  /// A gap is cut where it is longer than this share of the time in which something happens.
  private static let longestGap = 0.1
  /// Of that time, what is shown on both sides of a piece.
  private static let room = 0.01

  /// - Parameters:
  ///   - spans: When something happens, in seconds. Those that cannot be drawn are left out; without any, nothing is shown but the
  ///     first second.
  ///   - mostCuts: Of more long gaps, the longest are cut.
  package init(_ spans: [ClosedRange<Double>], from left: Double, to right: Double, mostCuts: Int) {
    var merged: [ClosedRange<Double>] = []
    let drawable = spans.filter {
      ChartDefaults.isDrawable($0.lowerBound) && ChartDefaults.isDrawable($0.upperBound)
    }
    for span in drawable.sorted(by: { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }) {
      if let last = merged.last, span.lowerBound <= last.upperBound {
        merged[merged.count - 1] = last.lowerBound...max(last.upperBound, span.upperBound)
      } else {
        merged.append(span)
      }
    }
    if merged.isEmpty { merged = [0...1] }
    let busy = max(merged.reduce(0) { $0 + $1.upperBound - $1.lowerBound }, ChartDefaults.smallest * 1000)
    let gaps = zip(merged, merged.dropFirst()).enumerated().map {
      (index: $0.offset, length: $0.element.1.lowerBound - $0.element.0.upperBound)
    }
    let long = gaps.filter { $0.length > busy * Self.longestGap }
      .sorted { ($0.length, $1.index) > ($1.length, $0.index) }.prefix(max(0, mostCuts))
    let cuts = Set(long.map(\.index))
    var stretches: [(low: Double, high: Double)] = []
    for (index, span) in merged.enumerated() {
      if index > 0, !cuts.contains(index - 1) {
        stretches[stretches.count - 1].high = span.upperBound
      } else {
        stretches.append((span.lowerBound, span.upperBound))
      }
    }
    let room = busy * Self.room
    let shown = stretches.reduce(0) { $0 + $1.high - $1.low + 2 * room }
    let perSecond = (right - left - Double(cuts.count) * Self.cutWidth) / shown
    var place = left
    pieces = stretches.map { stretch in
      let piece = Piece(
        low: stretch.low - room, high: stretch.high + room, left: place,
        right: place + (stretch.high - stretch.low + 2 * room) * perSecond)
      place = piece.right + Self.cutWidth
      return piece
    }
  }

  /// Pixels a second.
  package var perSecond: Double {
    pieces.first.map { ($0.right - $0.left) / ($0.high - $0.low) } ?? 1
  }

  /// The pixel of a time; of the nearest one that is shown, where it is not.
  package func pixel(_ seconds: Double) -> Double {
    for piece in pieces where seconds <= piece.high {
      return piece.left + max(0, seconds - piece.low) * perSecond
    }
    return pieces.last?.right ?? 0
  }
}
