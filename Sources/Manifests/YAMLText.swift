/// Writes values as YAML that people read: blocks, two blanks a level, quotes where they are needed.
package enum YAMLText {
  /// How wide a comment is at most.
  static let commentColumns = 100

  /// `value` as a document, with a line end behind it.
  package static func document(_ value: YAMLValue) -> String {
    lines(of: value, indent: 0).joined(separator: "\n") + "\n"
  }

  /// `text` as lines that begin with `#`. Whatever it has in it, none of it becomes YAML.
  package static func comment(_ text: String, indent: Int = 0) -> [String] {
    let margin = String(repeating: " ", count: indent) + "#"
    return text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line -> [String] in
      // What is set in by blanks is a command, which stays as it is.
      guard !line.hasPrefix("  ") else { return ["\(margin) \(oneLine(line))"] }
      var lines: [String] = []
      var current = ""
      for word in oneLine(line).split(separator: " ") {
        if !current.isEmpty, indent + 2 + current.count + 1 + word.count > commentColumns {
          lines.append("\(margin) \(current)")
          current = ""
        }
        current += current.isEmpty ? String(word) : " \(word)"
      }
      return lines + ["\(margin) \(current)"]
    }
  }

  /// A file's name in a comment may have anything in it that ends a line.
  private static func oneLine(_ text: some StringProtocol) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { isPrintable($0) ? $0 : "?" }))
  }

  // MARK: - Values

  private static func lines(of value: YAMLValue, indent: Int) -> [String] {
    let margin = String(repeating: " ", count: indent)
    switch value {
    case .absent: return []
    case .commented(let inner, let text):
      return comment(text, indent: indent) + lines(of: inner, indent: indent)
    case .map(let entries):
      let kept = entries.filter { !isAbsent($0.value) }
      return kept.isEmpty ? ["\(margin){}"] : kept.flatMap { entry($0, indent: indent) }
    case .list(let elements):
      let kept = elements.filter { !isAbsent($0) }
      return kept.isEmpty ? ["\(margin)[]"] : kept.flatMap { element($0, indent: indent) }
    case .text, .number, .flag, .block: return ["\(margin)\(inline(value))"]
    }
  }

  private static func entry(_ entry: YAMLValue.Entry, indent: Int) -> [String] {
    let margin = String(repeating: " ", count: indent)
    let key = scalar(entry.key)
    switch entry.value {
    case .commented(let value, let text):
      return comment(text, indent: indent) + self.entry(YAMLValue.Entry(entry.key, value), indent: indent)
    case .map(let entries) where entries.contains { !isAbsent($0.value) }:
      return ["\(margin)\(key):"] + lines(of: entry.value, indent: indent + 2)
    case .list(let elements) where elements.contains { !isAbsent($0) }:
      return ["\(margin)\(key):"] + lines(of: entry.value, indent: indent + 2)
    case .block(let text) where isBlock(text):
      let inner = String(repeating: " ", count: indent + 2)
      return ["\(margin)\(key): |"]
        + text.dropLast().split(separator: "\n", omittingEmptySubsequences: false).map {
          $0.isEmpty ? "" : inner + $0
        }
    default: return ["\(margin)\(key): \(inline(entry.value))"]
    }
  }

  private static func element(_ value: YAMLValue, indent: Int) -> [String] {
    let margin = String(repeating: " ", count: indent)
    if case .commented(let inner, let text) = value {
      return comment(text, indent: indent) + element(inner, indent: indent)
    }
    let inner = lines(of: withoutComment(value), indent: indent + 2)
    // The comment of a first key would stand between the dash and the key; it goes above the dash.
    let comments = inner.prefix { $0.drop { $0 == " " }.hasPrefix("#") }
    let rest = inner.dropFirst(comments.count)
    guard let first = rest.first else { return [] }
    return comments.map { String($0.dropFirst(2)) } + ["\(margin)- \(first.dropFirst(indent + 2))"]
      + rest.dropFirst()
  }

  private static func withoutComment(_ value: YAMLValue) -> YAMLValue {
    if case .commented(let inner, _) = value { withoutComment(inner) } else { value }
  }

  private static func isAbsent(_ value: YAMLValue) -> Bool { withoutComment(value) == .absent }

  private static func inline(_ value: YAMLValue) -> String {
    switch value {
    case .text(let text), .block(let text): scalar(text)
    case .number(let number): String(number)
    case .flag(let flag): flag ? "true" : "false"
    case .map: "{}"
    case .list: "[]"
    case .commented(let inner, _): inline(inner)
    case .absent: "null"
    }
  }

  // MARK: - Text

  /// What YAML 1.1, which Kubernetes reads, takes for something else than text, in small letters.
  private static let words: Set<String> = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]

  /// `text` as it is where every reader of YAML takes it for the same text, and else in double quotes.
  static func scalar(_ text: String) -> String {
    let isPlain =
      // Letters first: numbers, dates, times and signs of YAML begin otherwise.
      text.wholeMatch(of: /(?:--)?[A-Za-z\/][A-Za-z0-9_.\/-]*/) != nil && !words.contains(text.lowercased())
    guard !isPlain else { return text }
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      case _ where isPrintable(scalar): quoted.unicodeScalars.append(scalar)
      default: quoted += escape(scalar)
      }
    }
    return quoted + "\""
  }

  /// As `\u` with four hexadecimal digits, or `\U` with eight (YAML 1.1, 5.6).
  private static func escape(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    let width = digits.count > 4 ? 8 : 4
    return (width == 8 ? "\\U" : "\\u") + String(repeating: "0", count: width - digits.count) + digits
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
    default: true
    }
  }

  /// Whether `text` can be written as a block: whole lines of printable text, the first of which has no blank before it.
  private static func isBlock(_ text: String) -> Bool {
    guard text.unicodeScalars.last == "\n", let first = text.unicodeScalars.first, first != " ",
      first != "\n",
      !text.hasSuffix("\n\n")
    else { return false }
    return text.unicodeScalars.allSatisfy { $0 == "\n" || isPrintable($0) }
  }
}
