import Foundation

/// A line of the grid, and what is written at it.
package struct Tick: Hashable, Sendable {
  package let value: Double
  package let text: String

  package init(value: Double, text: String) {
    self.value = value
    self.text = text
  }
}

extension Scale {
  /// Round values between both ends: at most about `most` of them, ascending, at least one.
  package func ticks(_ unit: ChartUnit, most: Int) -> [Tick] {
    let most = max(most, 2)
    if kind != .linear {
      let ticks = logarithmicTicks(unit, most: most)
      if ticks.count > 1 { return ticks }
    }
    return linearTicks(unit, most: most)
  }

  private func linearTicks(_ unit: ChartUnit, most: Int) -> [Tick] {
    let step = Self.step(atLeast: (high - low) / Double(most), unit, high: high)
    let first = Int((low / step - 1e-9).rounded(.up))
    let last = Int((high / step + 1e-9).rounded(.down))
    guard first <= last else { return [Tick(value: high, text: unit.text(high))] }
    return (first...last).map {
      let value = Double($0) * step
      return Tick(value: value, text: unit.tick(value, step: step, high: high))
    }
  }

  /// The smallest step that people count in and that is not below `least`.
  static func step(atLeast least: Double, _ unit: ChartUnit, high: Double) -> Double {
    switch unit {
    case .count: return max(1, round(atLeast: least))
    case .ratio, .percent, .dollars: return round(atLeast: least)
    case .seconds:
      let time = TimeUnit.suiting(high)
      let wanted = least / time.seconds
      let step = time.steps.first { $0 >= wanted * (1 - 1e-9) && $0 <= wanted * 10 }
      return (step ?? round(atLeast: wanted)) * time.seconds
    }
  }

  /// 1, 2 or 5 times a power of ten.
  private static func round(atLeast least: Double) -> Double {
    guard least > 0 else { return 1 }
    let power = pow(10, (log10(least) + 1e-9).rounded(.down))
    return ([1, 2, 5].first { $0 * power >= least * (1 - 1e-9) } ?? 10) * power
  }

  private func logarithmicTicks(_ unit: ChartUnit, most: Int) -> [Tick] {
    for values in candidates(unit) {
      let inside = values.filter { $0 >= low * (1 - 1e-9) && $0 <= high * (1 + 1e-9) }
      if inside.count >= min(3, most) {
        // Every second, third and so on, beginning with the least.
        let stride = (inside.count + most - 1) / most
        return Swift.stride(from: 0, to: inside.count, by: stride).map {
          Tick(value: inside[$0], text: unit.text(inside[$0]))
        }
      }
    }
    return []
  }

  /// Lists of values from sparse to dense.
  private func candidates(_ unit: ChartUnit) -> [[Double]] {
    if unit == .seconds { return [Self.roundTimes, Self.manyTimes] }
    if kind == .log2 { return [(-30...40).map { exp2(Double($0)) }.filter { unit != .count || $0 >= 1 }] }
    let powers = (-9...12).map { pow(10, Double($0)) }
    return [[1], [1, 3], [1, 2, 5]].map { factors in powers.flatMap { power in factors.map { $0 * power } } }
      .map { $0.filter { unit != .count || $0 >= 1 } }
  }

  private static let day = 86_400.0
  private static let longTimes: [Double] = [365, 3650, 36_500, 365_000, 3_650_000].map { $0 * day }
  private static let roundTimes: [Double] =
    powers(of: [1]) + [1, 10, 60, 600, 3600, 6 * 3600, day, 7 * day, 30 * day] + longTimes
  private static let manyTimes: [Double] = {
    let few: [Double] = [1, 2, 5, 10, 20, 30]
    let hours: [Double] = [1, 2, 3, 6, 12]
    let days: [Double] = [1, 2, 4, 7, 14, 30, 60, 90, 180]
    return powers(of: [1, 2, 5]) + few + few.map { $0 * 60 } + hours.map { $0 * 3600 } + days.map { $0 * day }
      + longTimes
  }()

  /// Fractions of a second.
  private static func powers(of factors: [Double]) -> [Double] {
    (-9..<0).flatMap { power in factors.map { $0 * pow(10, Double(power)) } }
  }
}
