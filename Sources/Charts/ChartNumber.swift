import Foundation
import Wording

/// Numbers as text, the same on every machine and in every language.
package enum ChartNumber {
  /// Of ``ChartDefaults/smallest``, with three digits.
  private static let mostDecimals = 11
  private static let powers: [Double] = (0...mostDecimals).map {
    (0..<$0).reduce(1) { power, _ in power * 10 }
  }

  /// `value` in pixels: two decimals at most, which is finer than a screen.
  package static func pixels(_ value: Double) -> String {
    var text = fixed(value, decimals: 2)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }

  /// `value` with as many decimals, its whole part in groups of three digits. It is at most ``ChartDefaults/largest``; a value
  /// that is not is written as `?`.
  package static func fixed(_ value: Double, decimals: Int, grouped: Bool = false) -> String {
    guard ChartDefaults.isDrawable(value) else { return "?" }
    var decimals = min(max(decimals, 0), mostDecimals)
    // Of large numbers as many as a whole number of 64 bits holds.
    while decimals > 0, abs(value) * powers[decimals] > 1e18 { decimals -= 1 }
    let scale = Int(powers[decimals])
    let units = Int((abs(value) * Double(scale)).rounded())
    let whole = units / scale
    var text = value < 0 && units > 0 ? "-" : ""
    text += grouped ? whole.grouped : String(whole)
    if decimals > 0 {
      let fraction = String(units % scale)
      text += "." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }
    return text
  }

  /// `value` with three significant digits, without zeros at the end: `0.0372`, `3.7`, `1,250`, `4.2M`.
  package static func short(_ value: Double) -> String {
    guard ChartDefaults.isDrawable(value) else { return "?" }
    let size = abs(value)
    if size == 0 { return "0" }
    for (limit, suffix) in [(1e9, "B"), (1e6, "M")] where size >= limit * 0.9995 {
      return short(value / limit) + suffix
    }
    // Whole numbers keep all their digits.
    if size >= 999.5 { return fixed(value, decimals: 0, grouped: true) }
    if size < ChartDefaults.smallest {
      return (value < 0 ? "> -" : "< ") + fixed(ChartDefaults.smallest, decimals: 9)
    }
    let magnitude = Int(log10(size).rounded(.down))
    var text = fixed(value, decimals: 2 - magnitude)
    if text.contains(".") {
      while text.hasSuffix("0") { text.removeLast() }
      if text.hasSuffix(".") { text.removeLast() }
    }
    return text
  }

  /// How many decimals multiples of `step` need.
  static func decimals(ofStep step: Double) -> Int {
    var decimals = 0
    var scaled = step
    while decimals < mostDecimals, abs(scaled - scaled.rounded()) > 1e-6 * scaled {
      scaled *= 10
      decimals += 1
    }
    return decimals
  }
}
