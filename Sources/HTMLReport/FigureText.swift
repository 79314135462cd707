import Charts
import Files
import Foundation
import Pages
import Wording

/// Figures of a report as a page writes them; the exact value stands beside them in the page, for programs.
enum FigureText {
  /// Whole numbers up to here are written with all their digits.
  private static let largestWhole = 1e15
  /// As many significant digits as a person reads.
  private static let digits = 4

  /// A whole number with all its digits in groups of three, any other with four significant ones.
  static func text(_ number: Double) -> String { text(number, digits: digits) }

  static func text(_ number: Double, digits: Int) -> String {
    guard number.isFinite else { return "?" }
    if let whole = Int(exactly: number), abs(number) <= largestWhole { return whole.grouped }
    let size = abs(number)
    guard size >= ChartDefaults.smallest, size <= ChartDefaults.largest else { return "\(number)" }
    let magnitude = Int(log10(size).rounded(.down))
    var text = ChartNumber.fixed(number, decimals: max(0, digits - 1 - magnitude), grouped: true)
    if text.contains(".") {
      while text.hasSuffix("0") { text.removeLast() }
      if text.hasSuffix(".") { text.removeLast() }
    }
    return text
  }

  /// `number` with as many digits as it takes not to look like `limit`, where it is not.
  static func text(_ number: Double, apartFrom limit: Double) -> String {
    let wanted = text(limit)
    guard number != limit else { return text(number) }
    for digits in digits...12 {
      let text = text(number, digits: digits)
      if text != wanted { return text }
    }
    return "\(number)"
  }

  /// A figure of the report, as it is there.
  static func text(_ value: JSONValue) -> String {
    if case .number(let number) = value { text(number) } else { value.description }
  }

  /// `1 reading`, `12 readings`.
  static func counted(_ count: Double, _ one: String, _ several: String) -> String {
    "\(text(count)) \(count == 1 ? one : several)"
  }
}

extension JSONValue {
  /// The member called `name` where it is a text.
  func text(_ name: String) -> String? {
    guard case .object(let fields) = self, case .text(let text)? = fields[name] else { return nil }
    return text
  }

  /// The member called `name` where it is a number.
  func number(_ name: String) -> Double? {
    guard case .object(let fields) = self, case .number(let number)? = fields[name] else { return nil }
    return number
  }
}
