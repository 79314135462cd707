import PayloadMapping

/// A line of InfluxDB's line protocol, as far as a survey needs it: `measurement,tag=text field=value timestamp`.
struct LineForm {
  var measurement: String
  var tags: [(key: String, value: String)]
  var fields: [(key: String, value: String)]
  var timestamp: String?

  /// The first line of `text` that is no comment, where it is of this form.
  static func first(of text: String) -> LineForm? { lines(of: text).first.flatMap { LineForm($0) } }

  /// The lines of a payload that are no comments, without the blanks around them. Only a line feed ends one.
  static func lines(of text: String) -> [Substring] {
    text.utf8.split(separator: 0x0A).compactMap { bytes in
      func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
      guard let first = bytes.firstIndex(where: { !isSpace($0) }), bytes[first] != 0x23,
        let last = bytes.lastIndex(where: { !isSpace($0) })
      else { return nil }
      return Substring(bytes[first...last])
    }
  }

  init?(_ line: Substring) {
    let parts = Self.split(line, at: " ")
    guard parts.count == 2 || parts.count == 3 else { return nil }
    let head = Self.split(parts[0], at: ",")
    guard !head[0].isEmpty, !head[0].contains("=") else { return nil }
    measurement = Self.plain(head[0])
    tags = []
    for tag in head.dropFirst() {
      guard let pair = Self.pair(tag) else { return nil }
      tags.append(pair)
    }
    fields = []
    for field in Self.split(parts[1], at: ",") {
      guard let pair = Self.pair(field), Self.isField(pair.value) else { return nil }
      fields.append(pair)
    }
    guard !fields.isEmpty else { return nil }
    timestamp = parts.count == 3 ? String(parts[2]) : nil
    guard timestamp.map({ Int64($0) != nil && $0.first != "+" }) ?? true else { return nil }
  }

  /// As JSON has it, with the members to which the paths of a mapping lead.
  var members: [(path: [String], leaf: Leaf)] {
    var members: [(path: [String], leaf: Leaf)] = [(["measurement"], .text(measurement))]
    members += tags.map { (["tags", $0.key], .text($0.value)) }
    for field in fields {
      let value = field.value
      let leaf: Leaf
      if value.hasPrefix("\"") {
        leaf = .text(String(value.dropFirst().dropLast()))
      } else if let (number, digits) = FieldNumber.value(value) {
        leaf = .number(number, digits: digits)
      } else {
        leaf = .bool(value.lowercased().hasPrefix("t"))
      }
      members.append((["fields", field.key], leaf))
    }
    if let timestamp, let number = Double(timestamp) {
      members.append((["timestamp"], .number(number, digits: timestamp)))
    }
    return members
  }

  /// Cuts at separators that stand outside quotation marks and have no backslash before them.
  private static func split(_ text: Substring, at separator: Character) -> [Substring] {
    var parts: [Substring] = []
    var start = text.startIndex
    var index = text.startIndex
    var isQuoted = false
    while index < text.endIndex {
      let character = text[index]
      let next = text.index(after: index)
      if character == "\\", next < text.endIndex {
        index = text.index(after: next)
        continue
      }
      if character == "\"" { isQuoted.toggle() }
      if character == separator, !isQuoted {
        parts.append(text[start..<index])
        start = next
      }
      index = next
    }
    parts.append(text[start...])
    return parts
  }

  private static func pair(_ text: Substring) -> (key: String, value: String)? {
    let parts = split(text, at: "=")
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
    return (plain(parts[0]), plain(parts[1]))
  }

  private static func plain(_ text: Substring) -> String {
    guard text.contains("\\") else { return String(text) }
    var plain = ""
    var isEscaped = false
    for character in text {
      if character == "\\", !isEscaped {
        isEscaped = true
      } else {
        plain.append(character)
        isEscaped = false
      }
    }
    return plain
  }

  private static func isField(_ text: String) -> Bool {
    if text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") { return true }
    if ["t", "f", "true", "false"].contains(text.lowercased()) { return true }
    return FieldNumber.value(text) != nil
  }
}
