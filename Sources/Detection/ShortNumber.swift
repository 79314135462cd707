import Foundation

/// Numbers that people copy.
enum ShortNumber {
  /// The number with the fewest digits in the middle half between `low` and `high`, low < high: 0 where it lies there. Away from
  /// both ends, so that neither is mistaken for it by a rounding. Where one end is infinite, a number beyond the other.
  static func between(_ low: Double, _ high: Double) -> Double {
    guard low.isFinite else { return high.isFinite ? between(high - max(abs(high), 1) * 0.2, high) : 0 }
    guard high.isFinite else { return between(low, low + max(abs(low), 1) * 0.2) }
    let room = high / 4 - low / 4
    let (first, last) = (low + room, high - room)
    if first <= 0, last >= 0 { return 0 }
    let middle = low / 2 + high / 2
    for digits in 0..<mostDigits {
      guard let short = Double(String(format: "%.\(digits)e", middle)), short >= first, short <= last else {
        continue
      }
      return short
    }
    return middle
  }

  /// Digits of a double after the first, all told.
  private static let mostDigits = 16
}
