/// What an axis counts, and how its values are written.
package enum ChartUnit: Hashable, Sendable {
  /// Whole things, such as nodes.
  case count
  /// A plain number, such as a speed-up.
  case ratio
  /// A share of one.
  case percent
  /// A time in seconds, written in the unit that suits it.
  case seconds
  /// US dollars.
  case dollars

  /// `value` for people, with three significant digits.
  package func text(_ value: Double) -> String {
    switch self {
    case .count, .ratio: ChartNumber.short(value)
    case .percent: ChartNumber.short(value * 100) + "%"
    case .dollars: dollars(value)
    case .seconds: TimeUnit.suiting(value).text(value)
    }
  }

  private func dollars(_ value: Double) -> String {
    let text = ChartNumber.short(abs(value))
    // Cents have two digits: $0.50, not $0.5.
    let isWholeDollars = !text.contains(".") || text.hasSuffix("M") || text.hasSuffix("B")
    let decimals = text.split(separator: ".").last?.count ?? 0
    let padded = !isWholeDollars && decimals == 1 ? text + "0" : text
    let prefix = text.hasPrefix("<") ? "< $" + text.dropFirst(2) : "$" + padded
    return (value < 0 ? "-" : "") + prefix
  }

  /// `value`, a multiple of `step`, as it stands at an axis.
  func tick(_ value: Double, step: Double, high: Double) -> String {
    switch self {
    case .seconds:
      let unit = TimeUnit.suiting(high)
      let decimals = ChartNumber.decimals(ofStep: step / unit.seconds)
      return value == 0
        ? "0"
        : ChartNumber.fixed(value / unit.seconds, decimals: decimals, grouped: true) + " \(unit.name)"
    case .percent:
      return ChartNumber.fixed(value * 100, decimals: ChartNumber.decimals(ofStep: step * 100)) + "%"
    case .count, .ratio, .dollars:
      let sign = self == .dollars ? "$" : ""
      let decimals = ChartNumber.decimals(ofStep: step)
      let size = abs(value)
      let text =
        size >= 1e6
        ? ChartNumber.short(size)
        : ChartNumber.fixed(size, decimals: self == .dollars && decimals == 1 ? 2 : decimals, grouped: true)
      return (value < 0 ? "-" : "") + sign + text
    }
  }
}

/// A unit of time, which axes and labels choose.
struct TimeUnit: Hashable, Sendable {
  let name: String
  let seconds: Double
  /// Steps of an axis, in this unit, that people count in; beyond them 1, 2 or 5 times a power of ten.
  let steps: [Double]

  static let all = [
    TimeUnit(name: "d", seconds: 86_400, steps: [0.25, 0.5, 1, 2, 5, 10, 20, 50, 100]),
    TimeUnit(name: "h", seconds: 3600, steps: [0.25, 0.5, 1, 2, 3, 6, 12, 24]),
    TimeUnit(name: "min", seconds: 60, steps: [0.25, 0.5, 1, 2, 5, 10, 15, 30, 60]),
    TimeUnit(name: "s", seconds: 1, steps: [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60]),
    TimeUnit(name: "ms", seconds: 0.001, steps: []),
  ]

  /// The largest of which `value` has two, or exactly one; milliseconds for what is below one second.
  static func suiting(_ value: Double) -> TimeUnit {
    let size = abs(value)
    if size == 0 { return all[3] }
    if let exact = all.first(where: { $0.seconds == size }) { return exact }
    return all.first { $0.name == "s" ? size >= 0.9995 : size >= 1.9995 * $0.seconds } ?? all[4]
  }

  func text(_ value: Double) -> String { ChartNumber.short(value / seconds) + " \(name)" }
}
