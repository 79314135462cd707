/// What plain scalars stand for, by the core schema of YAML 1.2 (chapter 10.3.2): editors see documents so, and a number
/// that they take must be one here.
extension DocumentNode {
  package enum Scalar: Equatable {
    case nothing
    case boolean(Bool)
    /// `exact` where it is a whole number of at most 128 bits.
    case number(Double, exact: Int128?)
    case string(String)
  }

  /// Nil for lists and mappings.
  package var scalar: Scalar? {
    guard case .scalar(let text, let isQuoted) = content else { return nil }
    if isQuoted { return .string(text) }
    switch text {
    case "", "~", "null", "Null", "NULL": return .nothing
    case "true", "True", "TRUE": return .boolean(true)
    case "false", "False", "FALSE": return .boolean(false)
    default: return Self.number(text) ?? .string(text)
    }
  }

  /// A finite number.
  package var number: Double? {
    if case .number(let number, _) = scalar, number.isFinite { number } else { nil }
  }

  /// A whole number, be it written `1000`, `1e3`, `1000.0` or `0x3E8`.
  package var wholeNumber: Int128? {
    if case .number(let number, let exact) = scalar { exact ?? Int128(exactly: number) } else { nil }
  }

  package var boolean: Bool? { if case .boolean(let value) = scalar { value } else { nil } }

  /// Which of `names` it is. A name that looks like a number is also meant by that number, and `off` by `false`, because
  /// that is what YAML 1.1 makes of it.
  package func choice(among names: [String]) -> String? {
    switch scalar {
    case .string(let text): names.first { $0 == text }
    case .number(let number, _):
      names.first { name in
        if case .number(number, _)? = Self.number(name) { true } else { false }
      }
    case .boolean(let value): names.first { Self.booleanOfVersion1($0) == value }
    case .nothing, nil: nil
    }
  }

  /// What YAML 1.1 makes of the word `name`, where that is true or false.
  static func booleanOfVersion1(_ name: String) -> Bool? {
    ["on": true, "yes": true, "off": false, "no": false][name]
  }

  /// `text` as a number of the core schema; nil where it is none.
  static func number(_ text: String) -> Scalar? {
    // No number that is one needs more digits; what is longer is text.
    guard let first = text.utf8.first, "+-.0123456789".utf8.contains(first) else { return nil }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] where text.hasPrefix(prefix) {
      let digits = text.dropFirst(2)
      guard digits.utf8.allSatisfy({ Self.isDigit($0, radix: radix) }), !digits.isEmpty else { return nil }
      guard let exact = Int128(digits, radix: radix) else { return .number(.infinity, exact: nil) }
      return .number(Double(exact), exact: exact)
    }
    var rest = Substring(text)
    let sign = rest.first == "-" ? -1.0 : 1.0
    if rest.first == "+" || rest.first == "-" { rest = rest.dropFirst() }
    if [".inf", ".Inf", ".INF"].contains(rest) { return .number(sign * .infinity, exact: nil) }
    if [".nan", ".NaN", ".NAN"].contains(text) { return .number(.nan, exact: nil) }
    let mantissa = rest.prefix { $0 != "e" && $0 != "E" }
    let parts = mantissa.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let areDigits = parts.allSatisfy { $0.utf8.allSatisfy { isDigit($0, radix: 10) } }
    guard areDigits, parts.contains(where: { !$0.isEmpty }) else { return nil }
    if mantissa.count == rest.count, parts.count == 1 {
      if let exact = Int128(text) { return .number(Double(exact), exact: exact) }
    }
    if mantissa.count < rest.count {
      var exponent = rest.dropFirst(mantissa.count + 1)
      if exponent.first == "+" || exponent.first == "-" { exponent = exponent.dropFirst() }
      guard !exponent.isEmpty, exponent.utf8.allSatisfy({ isDigit($0, radix: 10) }) else { return nil }
    }
    return .number(Double(text) ?? sign * .infinity, exact: nil)
  }

  private static func isDigit(_ byte: UInt8, radix: Int) -> Bool {
    switch byte {
    case 0x30...0x39: Int(byte - 0x30) < radix
    case 0x41...0x46, 0x61...0x66: radix == 16
    default: false
    }
  }
}
