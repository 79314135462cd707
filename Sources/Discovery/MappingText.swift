import PayloadMapping
import Wording

/// A mapping as the YAML that a person would write, with comments.
package struct MappingText {
  /// What is to be said of an entry.
  package struct Comments: Hashable, Sendable {
    /// Before it.
    package var entry: [String] = []
    /// Before one of its keys.
    package var keys: [String: String] = [:]
    /// Behind an element of `leave_out`, by its path.
    package var elements: [String: String] = [:]

    package init() {}
  }

  /// Ends with a line feed.
  package private(set) var text = ""

  /// A terminal of the usual width.
  static let columns = 80

  /// - Parameter comments: Of each entry; none where it is empty.
  package init(_ mapping: PayloadMapping, comments: [Comments] = []) {
    line("name: \(mapping.name.yamlScalar)")
    if let about = mapping.about { line("about: \(about.yamlScalar)") }
    line("messages:")
    for (index, entry) in mapping.messages.enumerated() {
      write(entry, comments.indices.contains(index) ? comments[index] : Comments())
    }
  }

  private mutating func line(_ line: String) { text += line + "\n" }

  private mutating func comment(_ comment: String, indent: Int) {
    for part in Self.wrapped(comment, to: Self.columns - indent - 2) {
      line(String(repeating: " ", count: indent) + "# " + part)
    }
  }

  private mutating func key(_ key: String, _ value: String, _ comments: Comments) {
    if let reason = comments.keys[key] { comment(reason, indent: 4) }
    line("    \(key): \(value)")
  }

  private mutating func write(_ entry: MessageMapping, _ comments: Comments) {
    for reason in comments.entry { comment(reason, indent: 2) }
    line("  - topic: \(Self.list(entry.topics.map(\.text)))")
    if !entry.conditions.isEmpty {
      key("where", Self.table(entry.conditions.map { ($0.path.text, $0.text.yamlScalar) }), comments)
    }
    guard !entry.isIgnored else { return line("    ignore: true") }
    if entry.format != .json { key("format", entry.format.rawValue, comments) }
    if let records = entry.records { key("records", records.text.yamlScalar, comments) }
    if !entry.names.isEmpty {
      key("names", Self.table(entry.names.map { ($0.name, Self.list($0.paths.map(\.text))) }), comments)
    }
    if entry.device != .device || comments.keys["device"] != nil {
      key("device", entry.device.text.yamlScalar, comments)
    }
    key("time", Self.time(entry.time), comments)
    if let epoch = entry.epoch { key("epoch", epoch.text.yamlScalar, comments) }
    if let sequence = entry.sequence { key("sequence", sequence.text.yamlScalar, comments) }
    writeValues(entry, comments)
    if entry.sensor != .keys { key("sensor", entry.sensor.text.yamlScalar, comments) }
    if entry.separator != "." { key("separator", entry.separator.yamlScalar, comments) }
    if !entry.dropPrefix.isEmpty { key("drop_prefix", entry.dropPrefix.yamlScalar, comments) }
    writeLeftOut(entry, comments)
    if entry.texts != .refuse { key("texts", entry.texts.rawValue, comments) }
    if entry.booleans != .refuse { key("booleans", entry.booleans.rawValue, comments) }
    if entry.lists != .refuse { key("lists", entry.lists.rawValue, comments) }
    if !entry.enumeration.isEmpty { key("enumeration", Self.enumeration(entry.enumeration), comments) }
    if entry.ignoresWithoutValues { key("without_values", "ignore", comments) }
  }

  private mutating func writeValues(_ entry: MessageMapping, _ comments: Comments) {
    guard entry.values != [.init(path: .record)] else {
      if let reason = comments.keys["values"] { comment(reason, indent: 4) }
      return
    }
    key("values", "[" + entry.values.map(Self.values).joined(separator: ", ") + "]", comments)
  }

  private mutating func writeLeftOut(_ entry: MessageMapping, _ comments: Comments) {
    if let reason = comments.keys["leave_out"] { comment(reason, indent: 4) }
    guard !entry.leaveOut.isEmpty else { return }
    line("    leave_out:")
    for path in entry.leaveOut {
      if let reason = comments.elements[path.text] { comment(reason, indent: 6) }
      line("      - \(path.text.yamlScalar)")
    }
  }

  private static func values(_ values: MessageMapping.Values) -> String {
    var members = [("path", values.path.text.yamlScalar)]
    if let sensor = values.sensor { members.append(("sensor", sensor.text.yamlScalar)) }
    if let separator = values.separator { members.append(("separator", separator.yamlScalar)) }
    if let prefix = values.dropPrefix { members.append(("drop_prefix", prefix.yamlScalar)) }
    if let texts = values.texts { members.append(("texts", texts.rawValue)) }
    if let booleans = values.booleans { members.append(("booleans", booleans.rawValue)) }
    if let lists = values.lists { members.append(("lists", lists.rawValue)) }
    if let words = values.enumeration { members.append(("enumeration", enumeration(words))) }
    return members.count == 1 ? members[0].1 : table(members)
  }

  private static func time(_ time: MappedTime) -> String {
    guard !time.isArrival else { return "arrival" }
    var members = [("path", list(time.paths.map(\.text))), ("unit", time.unit.rawValue)]
    if time.zone != .utc { members.append(("zone", "\"\(time.zone.text)\"")) }
    if time.isOtherwiseArrival { members.append(("otherwise", "arrival")) }
    return table(members)
  }

  private static func enumeration(_ words: [MessageMapping.Enumerated]) -> String {
    "{ " + words.map { "\($0.text.yamlQuoted): \($0.number.map(number) ?? "null")" }.joined(separator: ", ")
      + " }"
  }

  private static func number(_ number: Double) -> String {
    Int64(exactly: number).map(String.init) ?? "\(number)"
  }

  private static func table(_ members: [(String, String)]) -> String {
    "{ " + members.map { "\($0.0.yamlScalar): \($0.1)" }.joined(separator: ", ") + " }"
  }

  private static func list(_ texts: [String]) -> String {
    texts.count == 1 ? texts[0].yamlScalar : "[" + texts.map(\.yamlScalar).joined(separator: ", ") + "]"
  }

  /// `text` in lines of at most `columns`, cut between words; control characters are told, not written.
  static func wrapped(_ text: String, to columns: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(whereSeparator: \.isWhitespace) {
      let word = word.excerpt
      if !line.isEmpty, line.columns + 1 + word.columns > columns {
        lines.append(line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    if !line.isEmpty { lines.append(line) }
    return lines
  }
}
