import Files
import Foundation
import Scenario
import Telemetry

/// A value as an author spells it, beside what it is for an editor that reads YAML 1.2.
struct Spelling {
  let yaml: String
  let value: JSONValue

  init(_ yaml: String, _ value: JSONValue) {
    self.yaml = yaml
    self.value = value
  }

  private static func plain(_ text: String) -> Spelling { Spelling(text, .text(text)) }
  private static func quoted(_ text: String) -> Spelling { Spelling("\"\(text)\"", .text(text)) }

  private static let numbers: [Spelling] = [
    ("5", 5), ("5.0", 5), ("5e0", 5), ("0x5", 5), ("0o5", 5), ("+5", 5), ("05", 5), (".5", 0.5), ("5.", 5),
    ("0.05", 0.05),
    ("-5", -5), ("0", 0), ("-0", -0.0), ("1", 1), ("1e0", 1), ("2", 2), ("1e400", .infinity),
    (".inf", .infinity),
    ("-.inf", -.infinity), ("1_000", nil), ("99999999999999999999", 1e20), ("2147483648", 2_147_483_648),
    ("2147483647", 2_147_483_647), ("18446744073709551616", 0x1p64), ("64000000", 64_000_000),
    ("63999999", 63_999_999),
    ("1e3", 1000), ("0xG", nil), ("0x", nil), ("e5", nil), ("1e", nil), ("--5", nil), ("1:30", nil),
    ("1e-3", 0.001),
    ("5e-324", .leastNonzeroMagnitude), ("-1", -1), ("1000001", 1_000_001),
  ].map { yaml, number in Spelling(yaml, number.map { .number($0) } ?? .text(yaml)) }

  private static let words: [Spelling] = [
    "off", "on", "yes", "10s", "0s", "-5m", "1.5h", ".5h", "5.h", "1m1h", "1h30m", "1h1h", "0.5ms", "40000d",
    "1ms",
    "10", "10%", "110%", "-1%", "100%", "100.0%", "100.1%", "95%", "90%", "90.1%", ".5%", "1e1%", "0%", "x60",
    "x0", "x1e3",
    "xinf", "real", "max", "2026-01-01", "2026-02-29", "2028-02-29", "2100-02-29", "2000-02-29", "2026-13-01",
    "2026-04-31",
    "2026-01-01T00:00:00Z", "2026-01-01T00:00:00z", "2026-01-01T24:00:00Z", "2026-01-01T10:00:00.123+14:30",
    "2026-01-01T10:00", "2026-01-01 10:00:61Z", "auto", "scale", "snapshot", "mean", "stuck_at", "stuck-at",
    "500MB", "1kB",
    "1XB", ".5GiB", "mqtt://h:1", "mqtts://h", "http://h", "mqtt://", "canonical", "3.1.1", "a/b", "tab",
    "semicolon", "all",
    "local", "device", "p95", String(repeating: "x", count: 59), String(repeating: "x", count: 60),
    String(repeating: "x", count: 64), String(repeating: "x", count: 65), "_x", "ä", "0 * * * *",
    "readings.lost == 0",
  ].filter { Double($0) == nil }.map { plain($0) }

  private static let others: [Spelling] = [
    Spelling("~", .null), Spelling("null", .null), Spelling("Null", .null), Spelling("NULL", .null),
    Spelling("true", .bool(true)), Spelling("True", .bool(true)), Spelling("FALSE", .bool(false)),
    Spelling("false", .bool(false)), Spelling("[]", .array([])), Spelling("{}", .object([:])),
    Spelling("!!str 5", .text("5")), quoted(""), quoted("null"), quoted("5"), quoted("true"), quoted(";"),
    quoted("5.0"),
    Spelling("[1h, 2h]", .array([.text("1h"), .text("2h")])),
    Spelling("[2h, 1h]", .array([.text("2h"), .text("1h")])),
    Spelling("[0s, 1h]", .array([.text("0s"), .text("1h")])), Spelling("[1h]", .array([.text("1h")])),
    Spelling("[1, 2]", .array([.number(1), .number(2)])),
    Spelling("[2, 1]", .array([.number(2), .number(1)])),
    Spelling("[1, \"2\"]", .array([.number(1), .text("2")])),
    Spelling("[0.2, 0.5]", .array([.number(0.2), .number(0.5)])),
    Spelling("[mean, mean]", .array([.text("mean"), .text("mean")])),
    Spelling("[[1]]", .array([.array([.number(1)])])),
    Spelling("[1, 2, 3]", .array([.number(1), .number(2), .number(3)])), Spelling("[~]", .array([.null])),
    Spelling("{ a: 1 }", .object(["a": .number(1)])),
    Spelling("{ device: d }", .object(["device": .text("d")])),
  ]

  /// What a value is replaced by. `.nan` is missing on purpose: no JSON Schema can keep it out of a number.
  static let pool = numbers + words + words.map { quoted($0.yaml) } + others
}

/// A document in which something was changed: as text, and as an editor sees it.
struct GeneratedDocument {
  var value: JSONValue
  /// Values that are spelled in a way of their own, by their paths.
  private var spellings: [[String]: String] = [:]
  /// What was done to it.
  private(set) var change = "nothing"

  init(_ value: JSONValue) { self.value = value }

  var yaml: String { Self.yaml(value, [], spellings) }

  /// JSON is YAML, if text that YAML would take for something else keeps its quotes.
  private static func yaml(_ value: JSONValue, _ path: [String], _ spellings: [[String]: String]) -> String {
    if let spelling = spellings[path] { return spelling }
    switch value {
    case .null: return "null"
    case .bool(let value): return "\(value)"
    case .number: return "\(value)"
    case .text(let text):
      let isPlain =
        text.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9%._-]*/) != nil
        && text.contains { $0.isLetter || $0 == "%" }
      return isPlain && !["true", "false", "null"].contains(text) ? text : quoted(text)
    case .array(let elements):
      let parts = elements.enumerated().map { yaml($1, path + ["\($0)"], spellings) }
      return "[\(parts.joined(separator: ", "))]"
    case .object(let members):
      let parts = members.sorted { $0.key < $1.key }.map { "\"\($0)\": \(yaml($1, path + [$0], spellings))" }
      return "{ \(parts.joined(separator: ", ")) }"
    }
  }

  private static func quoted(_ text: String) -> String {
    "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
  }

  /// The paths of all values in it.
  static func paths(_ value: JSONValue, _ path: [String] = []) -> [[String]] {
    var paths = [path]
    for (index, element) in (value.elements ?? []).enumerated() {
      paths += Self.paths(element, path + ["\(index)"])
    }
    for (key, member) in (value.members ?? [:]).sorted(by: { $0.key < $1.key }) {
      paths += Self.paths(member, path + [key])
    }
    return paths
  }

  /// A path as the table of keys spells it.
  static func pattern(_ path: [String]) -> String {
    var pattern = ""
    for step in path {
      if Int(step) != nil { pattern += "[]" } else { pattern += (pattern.isEmpty ? "" : ".") + step }
    }
    return pattern.replacing(/sensors\.[a-z]+/) { _ in "sensors.*" }
  }

  /// Changes one thing: a value, a key that is left out, an unknown one, one of another document's, or an element more.
  mutating func change(_ random: inout SeededGenerator, others: [String: JSONValue]) {
    let paths = Self.paths(value).dropFirst()
    let path = paths[paths.startIndex + Int.random(in: 0..<paths.count, using: &random)]
    switch Int.random(in: 0..<10, using: &random) {
    case 0:
      change = "without \(path)"
      value = value.changed(path[...]) { _ in nil }
    case 1:
      change = "an unknown key beside \(path)"
      value = value.changed(path.dropLast()) { $0.adding("zzz", .number(5)) }
    case 2:
      guard let (pattern, other) = others.sorted(by: { $0.key < $1.key }).randomElement(using: &random) else {
        return
      }
      let key = String(pattern.split(separator: ".").last ?? "")
      let parent = path.dropLast()
      guard Self.pattern(parent + [key]) == pattern, !key.hasSuffix("]"), key != "*" else { return }
      change = "\(key) beside \(path)"
      value = value.changed(parent) { $0.adding(key, other) }
    case 3:
      change = "\(path) twice"
      value = value.changed(path.dropLast()) { parent in
        guard case .array(let elements) = parent, let last = path.last.flatMap({ Int($0) }) else {
          return parent
        }
        return .array(elements + [elements[last]])
      }
    default:
      guard let spelling = Spelling.pool.randomElement(using: &random) else { return }
      // A number in place of a name is taken as it is spelled, which no schema sees.
      let isName = ["name", "device", "sensor"].contains(path.last)
      if isName, ["+5", ".5", "-0", ".inf"].contains(spelling.yaml) { return }
      change = "\(path) is \(spelling.yaml)"
      value = value.changed(path[...]) { _ in spelling.value }
      spellings[path] = spelling.yaml
    }
  }
}

extension JSONValue {
  /// With the value at `path` as `change` makes it, or without it.
  fileprivate func changed(_ path: ArraySlice<String>, _ change: (JSONValue) -> JSONValue?) -> JSONValue {
    guard let step = path.first else { return change(self) ?? .null }
    let rest = path.dropFirst()
    switch self {
    case .array(var elements):
      guard let index = Int(step) else { return self }
      if rest.isEmpty, change(elements[index]) == nil {
        elements.remove(at: index)
      } else {
        elements[index] = elements[index].changed(rest, change)
      }
      return .array(elements)
    case .object(var members):
      guard let member = members[step] else { return self }
      members[step] = rest.isEmpty ? change(member) : member.changed(rest, change)
      return .object(members)
    default: return self
    }
  }

  fileprivate func adding(_ key: String, _ value: JSONValue) -> JSONValue {
    guard case .object(var members) = self else { return self }
    members[key] = value
    return .object(members)
  }
}
