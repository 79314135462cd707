import Foundation
import Wording

/// Numbers as text, the same on every machine and in every language.
package enum ChartNumber {
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
    let decimals = min(max(decimals, 0), 6)
    var scale = 1
    for _ in 0..<decimals { scale *= 10 }
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
    if size < 5e-7 { return value < 0 ? "> -0.000001" : "< 0.000001" }
    let magnitude = Int(log10(size).rounded(.down))
    var text = fixed(value, decimals: 2 - magnitude)
    if text.contains(".") {
      while text.hasSuffix("0") { text.removeLast() }
      if text.hasSuffix(".") { text.removeLast() }
    }
    return text
  }

  /// How many decimals multiples of `step` need, at most six.
  static func decimals(ofStep step: Double) -> Int {
    var decimals = 0
    var scaled = step
    while decimals < 6, abs(scaled - scaled.rounded()) > 1e-6 * scaled {
      scaled *= 10
      decimals += 1
    }
    return decimals
  }
}
