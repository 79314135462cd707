import Wording

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
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.isPrintable ? $0 : "?" }))
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
    let key = entry.key.yamlScalar
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
    case .text(let text), .block(let text): text.yamlScalar
    case .number(let number): String(number)
    case .flag(let flag): flag ? "true" : "false"
    case .map: "{}"
    case .list: "[]"
    case .commented(let inner, _): inline(inner)
    case .absent: "null"
    }
  }

  /// Whether `text` can be written as a block: whole lines of printable text, the first of which has no blank before it.
  private static func isBlock(_ text: String) -> Bool {
    guard text.unicodeScalars.last == "\n", let first = text.unicodeScalars.first, first != " ",
      first != "\n",
      !text.hasSuffix("\n\n")
    else { return false }
    return text.unicodeScalars.allSatisfy { $0 == "\n" || $0.isPrintable }
  }
}
