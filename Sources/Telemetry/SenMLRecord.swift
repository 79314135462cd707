import Wording

/// The fields of one record of a SenML pack, as they were written. A field that is `null` is not there.
struct SenMLRecord {
  /// The place in the pack, from 1.
  let place: Int
  private var fields: [String: WrittenJSON] = [:]
  /// Whether a value was given as `null`.
  private(set) var saysNull = false
  /// A field that stands in the record twice.
  private(set) var repeated: String?

  /// The fields that hold a value (RFC 8428, section 4.2), of which a record may have one.
  static let valueNames = ["v", "vb", "vs", "vd"]
  /// The fields that hold for the records after them as well (section 4.1).
  static let baseNames: Set = ["bn", "bt", "bu", "bv", "bs", "bver"]

  /// The others that this reader knows.
  static let regularNames = ["n", "u", "t", "ut", "s"] + valueNames

  /// Throws ``PayloadError`` for a field that must be understood and is not (section 4.4), and for a base field that is there
  /// twice.
  init(_ members: [(key: String, value: WrittenJSON)], place: Int) throws(PayloadError) {
    self.place = place
    for (name, value) in members {
      guard !name.hasSuffix("_") else {
        throw .malformed("the SenML field \(name.quoted) is not known, and asks to be understood")
      }
      if case .null = value {
        if Self.valueNames.contains(name) { saysNull = true }
        continue
      }
      guard fields.updateValue(value, forKey: name) != nil else { continue }
      guard !Self.baseNames.contains(name) else {
        throw .malformed("the SenML field “\(name)” is there twice in record \(place)")
      }
      repeated = name
    }
  }

  subscript(name: String) -> WrittenJSON? { fields[name] }

  func has(_ name: String) -> Bool { fields[name] != nil }

  /// A record with nothing but base fields sets them for those that follow.
  var hasBaseFieldsAlone: Bool {
    !saysNull && Self.baseNames.contains(where: has) && !Self.regularNames.contains(where: has)
  }

  /// The fields with a value that the record has.
  var valueFields: [String] { Self.valueNames.filter(has) }

  /// The text in a field; nil also where something else is in it.
  func text(_ name: String) -> String? {
    if case .text(let text)? = fields[name] { text } else { nil }
  }

  /// The finite number in a field; nil also where something else is in it.
  func number(_ name: String) -> Double? {
    if case .number(let number, _)? = fields[name], number.isFinite { number } else { nil }
  }

  /// As ``text(_:)``, of a field on which other records rest: throws ``PayloadError`` where something else is in it.
  func baseText(_ name: String) throws(PayloadError) -> String? {
    guard let value = fields[name] else { return nil }
    guard let text = text(name) else { throw unreadable(name, value, "a text") }
    return text
  }

  /// As ``number(_:)``, of a field on which other records rest: throws ``PayloadError`` where something else is in it.
  func baseNumber(_ name: String) throws(PayloadError) -> Double? {
    guard let value = fields[name] else { return nil }
    guard let number = number(name) else { throw unreadable(name, value, "a number") }
    return number
  }

  private func unreadable(_ name: String, _ value: WrittenJSON, _ wanted: String) -> PayloadError {
    .malformed("the SenML field “\(name)” of record \(place) is \(value.phrase); \(wanted) was expected")
  }
}
