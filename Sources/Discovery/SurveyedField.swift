import Wording

/// A member of the payloads of a pattern: what it has, and what the mapping makes of it.
package struct SurveyedField: Hashable, Sendable, Encodable {
  /// As a mapping writes it; empty for a payload that is one value.
  package var path: String
  package var type: String
  /// Of the records that were looked at, how many have it.
  package var share: Double
  package var least: Double?
  package var greatest: Double?
  /// Texts, the commonest first, where they are few.
  package var words: [String]
  package var example: String
  package var role: FieldRole
  /// What there is to be said of the role.
  package var reason: String

  init(_ statistics: FieldStatistics, of records: Int, role: FieldRole, reason: String) {
    path = statistics.path.text
    type = Self.type(statistics)
    share = records == 0 ? 0 : Double(statistics.count) / Double(records)
    let hasNumbers = statistics.least <= statistics.greatest
    least = hasNumbers ? statistics.least : nil
    greatest = hasNumbers ? statistics.greatest : nil
    let isFew = !statistics.hasMoreWords && statistics.numericTexts < statistics.texts
    words =
      isFew
      ? statistics.words.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(8).map { $0.key.excerpt }
      : []
    example = statistics.example
    self.role = role
    self.reason = reason
  }

  private static func type(_ field: FieldStatistics) -> String {
    let kinds = [
      (field.numbers, field.areWhole ? "whole number" : "number"),
      (field.numericTexts, "number as text"), (field.texts - field.numericTexts, "text"),
      (field.booleans, "boolean"), (field.lists, "list of numbers"), (field.others, "list or object"),
      (field.notFinite, "NaN or infinity"),
    ].filter { $0.0 > 0 }
    guard !kinds.isEmpty else { return "null" }
    return kinds.sorted { $0.0 > $1.0 }.map(\.1).joined(separator: ", ")
  }
}
