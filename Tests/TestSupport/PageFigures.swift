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
    /// The section that it stands in; nil outside of sections.
    package var section: String?
  }

  package let figures: [Figure]
  /// The sections of the page, in their order.
  package let sections: [String]

  package init(_ html: String) {
    // What stands before the first section belongs to none.
    let parts = html.components(separatedBy: "<section id=\"")
    let ids = parts.dropFirst().map { String($0.prefix { $0 != "\"" }) }
    sections = ids
    figures = zip([nil] + ids, parts).flatMap { Self.figures(of: $1, in: $0) }
  }

  private static func figures(of html: String, in section: String?) -> [Figure] {
    html.matches(
      of: #/data-figure="([^"]+)"(?: data-value="([^"]+)")?>(?:<svg class="sign.*?<\/svg>)?([^<]*)</#
    ).map { cell in
      Figure(
        name: PageReader.resolved(cell.1), value: cell.2.flatMap { Double($0) },
        text: PageReader.resolved(cell.3), section: section)
    }
  }

  /// Where the page says other than `report`, an object of JSON: in what programs read, or in what people do.
  package func differences(from report: Any) -> [String] {
    figures.compactMap { figure in
      guard let said = Self.value(Array(".\(figure.name)".utf8)[...], in: report) else {
        return "\(figure.name) is not in the report"
      }
      guard let number = Self.number(said) else {
        return Self.shown("\(said)") == figure.text
          ? nil : "\(figure.name) is \(figure.text), and the report says \(said)"
      }
      guard figure.value == number, Self.isRounded(figure.text, number) else {
        let value = figure.value.map { "\($0)" } ?? "no number"
        return "\(figure.name) is \(value), read as \(figure.text), and the report says \(number)"
      }
      return nil
    }
  }

  /// A number of JSON. Foundation reads those of many digits as decimals, and makes other doubles of some of them than their digits say.
  private static func number(_ value: Any) -> Double? {
    guard let number = value as? NSNumber else { return nil }
    return (number as? NSDecimalNumber).flatMap { Double($0.stringValue) } ?? number.doubleValue
  }

  /// Whether `text` is `number` rounded to as many decimals as it has. True for what is not a plain number.
  private static func isRounded(_ text: String, _ number: Double) -> Bool {
    let plain = text.replacingOccurrences(of: ",", with: "")
    guard !plain.contains("e"), let shown = Double(plain) else { return true }
    let decimals = plain.split(separator: ".").dropFirst().first?.count ?? 0
    let isWhole = number == number.rounded()
    return isWhole ? shown == number : abs(shown - number) <= 0.5000001 * pow(10, -Double(decimals))
  }

  /// `text` as a page can have it: controls, and what turns the direction of the text that follows, are U+FFFD.
  package static func shown(_ text: String) -> String {
    let refused: [ClosedRange<UInt32>] = [
      0...8, 0xB...0x1F, 0x7F...0x9F, 0x202A...0x202E, 0x2066...0x2069, 0xFFFE...0xFFFF,
    ]
    return String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { scalar in
          refused.contains { $0.contains(scalar.value) } ? "\u{FFFD}" : scalar
        }))
  }

  /// What `name` leads to: members after dots, entries of lists by their number or by a member, as `[deployment=a]`. Names of members
  /// may be made of anything, such as `p99.9`, so that it is `value` that says where they end.
  private static func value(_ name: ArraySlice<UInt8>, in value: Any) -> Any? {
    guard let next = name.first else { return value is NSNull ? nil : value }
    if let entries = value as? [Any] {
      if next == UInt8(ascii: "[") { return entry(name, of: entries) }
      let digits = name.dropFirst().prefix { $0 &- 0x30 < 10 }
      guard next == UInt8(ascii: "."), let index = Int(String(decoding: digits, as: UTF8.self)),
        entries.indices.contains(index)
      else { return nil }
      return self.value(name.dropFirst(1 + digits.count), in: entries[index])
    }
    guard next == UInt8(ascii: "."), let members = value as? [String: Any] else { return nil }
    return found(members.map { (Array(shown($0.key).utf8), $0.value) }, name.dropFirst())
  }

  private static func entry(_ name: ArraySlice<UInt8>, of entries: [Any]) -> Any? {
    found(
      entries.flatMap { entry in
        ((entry as? [String: Any]) ?? [:]).map { (Array(shown("[\($0.key)=\($0.value)]").utf8), entry) }
      }, name)
  }

  /// The first of those that `name` begins with which has the rest of it.
  private static func found(_ members: [(name: [UInt8], value: Any)], _ name: ArraySlice<UInt8>) -> Any? {
    for (begin, value) in members where name.starts(with: begin) {
      if let found = self.value(name.dropFirst(begin.count), in: value) { return found }
    }
    return nil
  }
}
