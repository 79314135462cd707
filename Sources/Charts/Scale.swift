import Foundation

/// Puts values of a range onto pixels, evenly or by their logarithm.
package struct Scale: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    case linear
    /// With a grid at powers of two.
    case log2
    /// With a grid at powers of ten.
    case log10
  }

  package let kind: Kind
  /// The value at ``start``; above zero where the scale is logarithmic.
  package let low: Double
  /// The value at ``end``, above ``low``.
  package let high: Double
  package private(set) var start: Double
  package private(set) var end: Double

  /// A range without extent is widened on both sides, so that every value of it has a place.
  package init(_ kind: Kind, low: Double, high: Double, start: Double = 0, end: Double = 1) {
    var low = ChartDefaults.isDrawable(low) ? low : 0
    var high = ChartDefaults.isDrawable(high) ? max(high, low) : low
    if kind == .linear {
      let least = max(max(abs(low), abs(high)) * 1e-4, ChartDefaults.smallest * 100)
      if high - low <= least {
        let size = max(abs(low), abs(high))
        let room = size > ChartDefaults.smallest * 1000 ? size * 0.1 : 0.5
        low -= room
        high += room
      }
    } else {
      low = max(low, ChartDefaults.smallest)
      high = max(high, low)
      if high / low < 1.001 {
        low /= 1.5
        high *= 1.5
      }
    }
    self.kind = kind
    self.low = low
    self.high = high
    self.start = start
    self.end = end
  }

  /// The same range on other pixels.
  package func placed(from start: Double, to end: Double) -> Scale {
    var placed = self
    placed.start = start
    placed.end = end
    return placed
  }

  /// The range of `values` with some room at both ends; nil where none of them can be drawn. A linear scale begins at zero where
  /// `fromZero` says so.
  package static func fitting(
    _ kind: Kind, _ values: some Sequence<Double>, fromZero: Bool = false, room: Double = 0.06
  ) -> Scale? {
    var low = Double.infinity
    var high = -Double.infinity
    for value in values where canPlace(value, on: kind) {
      low = min(low, value)
      high = max(high, value)
    }
    guard low <= high else { return nil }
    if kind == .linear {
      if fromZero, low >= 0 {
        return Scale(kind, low: 0, high: high > ChartDefaults.smallest * 1000 ? high * (1 + room) : 1)
      }
      let plain = Scale(kind, low: low, high: high)
      let extent = plain.high - plain.low
      return Scale(kind, low: plain.low - extent * room, high: plain.high + extent * room)
    }
    let plain = Scale(kind, low: low, high: high)
    let factor = max(pow(plain.high / plain.low, room), 1.02)
    return Scale(kind, low: plain.low / factor, high: plain.high * factor)
  }

  /// Whether a scale of this kind has a place for `value`: no infinity, and nothing below ``ChartDefaults/smallest`` by logarithm.
  package static func canPlace(_ value: Double, on kind: Kind) -> Bool {
    ChartDefaults.isDrawable(value) && (kind == .linear || value >= ChartDefaults.smallest)
  }

  /// Whether `value` lies between both ends.
  package func contains(_ value: Double) -> Bool { value >= low && value <= high }

  /// The pixel of `value`; of the nearer end where it lies outside.
  package func pixel(_ value: Double) -> Double {
    let value = min(max(value, low), high)
    let share =
      kind == .linear ? (value - low) / (high - low) : log(value / low) / log(high / low)
    return start + (end - start) * share
  }
}
