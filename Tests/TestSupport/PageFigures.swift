import Foundation

/// The figures of a page, read back out of its HTML.
package struct PageFigures {
  package struct Figure: Hashable {
    /// As the page names it, such as `readings.lost`.
    package var name: String
    /// What programs read; nil where it is no number.
    package var value: Double?
    /// What people read.
    package var text: String
  }

  package let figures: [Figure]

  package init(_ html: String) {
    let cells = html.matches(
      of: #/data-figure="([^"]+)"(?: data-value="([^"]+)")?>(?:<svg class="sign.*?<\/svg>)?([^<]*)</#)
    figures = cells.map { cell in
      Figure(name: String(cell.1), value: cell.2.flatMap { Double($0) }, text: String(cell.3))
    }
  }

  /// Where the page says other than `report`, an object of JSON: in what programs read, or in what people do.
  package func differences(from report: Any) -> [String] {
    figures.compactMap { figure in
      guard let said = Self.value(figure.name.split(separator: ".").map(String.init)[...], in: report) else {
        return "\(figure.name) is not in the report"
      }
      guard let number = said as? NSNumber else {
        return "\(said)" == figure.text
          ? nil : "\(figure.name) is \(figure.text), and the report says \(said)"
      }
      guard figure.value == number.doubleValue, Self.isRounded(figure.text, number.doubleValue) else {
        let value = figure.value.map { "\($0)" } ?? "no number"
        return "\(figure.name) is \(value), read as \(figure.text), and the report says \(number)"
      }
      return nil
    }
  }

  /// Whether `text` is `number` rounded to as many decimals as it has. True for what is not a plain number.
  private static func isRounded(_ text: String, _ number: Double) -> Bool {
    let plain = text.replacingOccurrences(of: ",", with: "")
    guard !plain.contains("e"), let shown = Double(plain) else { return true }
    let decimals = plain.split(separator: ".").dropFirst().first?.count ?? 0
    let isWhole = number == number.rounded()
    return isWhole ? shown == number : abs(shown - number) <= 0.5000001 * pow(10, -Double(decimals))
  }

  /// A name may itself hold dots, such as `p99.9`.
  private static func value(_ names: ArraySlice<String>, in value: Any) -> Any? {
    guard let first = names.first else { return value is NSNull ? nil : value }
    if let entries = value as? [Any] {
      guard let index = Int(first), entries.indices.contains(index) else { return nil }
      return self.value(names.dropFirst(), in: entries[index])
    }
    guard let members = value as? [String: Any] else { return nil }
    for end in names.indices {
      let name = names[names.startIndex...end].joined(separator: ".")
      if let inner = members[name], let found = self.value(names[(end + 1)...], in: inner) { return found }
    }
    return nil
  }
}
