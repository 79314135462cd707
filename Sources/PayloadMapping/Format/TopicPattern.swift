import Wording

/// A pattern of topics, such as `tele/{device}/SENSOR`: MQTT's wildcards `+` and `#`, and levels with names.
package struct TopicPattern: MappingText {
  enum Level: Hashable, Sendable {
    case text(String)
    /// `+`
    case any
    /// `#`, also no level at all.
    case rest
    /// `{name}`, with what stands before and after it in the level; empty only where nothing stands there.
    case name(String, prefix: String, suffix: String)
    /// `{name+}`: one or more levels, joined by slashes.
    case names(String)
  }

  package let text: String
  let levels: [Level]

  /// Levels are taken apart and compared byte by byte, as a broker does: a character of Unicode may reach over a slash.
  private static let slash = UInt8(ascii: "/")

  /// The most that MQTT has room for (MQTT 5, 1.5.4).
  static let maximumBytes = 65_535

  /// Throws ``MappingError``.
  package init(_ text: String) throws(MappingError) {
    guard !text.isEmpty else { throw MappingError("a topic has at least one character") }
    guard !text.utf8.contains(0) else { throw MappingError("a topic has no NUL") }
    guard text.utf8.count <= Self.maximumBytes else {
      throw MappingError("a topic has at most \(Self.maximumBytes) bytes, as MQTT has it")
    }
    var levels: [Level] = []
    for part in text.utf8.split(separator: Self.slash, omittingEmptySubsequences: false) {
      levels.append(try Self.level(Substring(part)))
    }
    // It names who subscribes together; the messages come with their own topics, of which none begins so.
    guard levels.count < 2 || levels[0] != .text("$share") else {
      throw MappingError(
        "a shared subscription is the subscriber's, and no message has such a topic; leave out $share and the "
          + "group, and ingest with --topic '$share/…'")
    }
    let wide = levels.indices.filter {
      switch levels[$0] {
      case .rest, .names: true
      default: false
      }
    }
    guard wide.count <= 1 else {
      throw MappingError("a topic has one # or {name+}, for two have no one meaning")
    }
    if let place = levels.firstIndex(of: .rest), place < levels.count - 1 {
      throw MappingError("# stands at the end of a topic; {name+} may stand in the middle")
    }
    let names = Self.names(levels)
    if let name = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw MappingError("the name \(name.quoted) is there twice")
    }
    self.text = text
    self.levels = levels
  }

  private static func level(_ part: Substring) throws(MappingError) -> Level {
    if part == "+" { return .any }
    if part == "#" { return .rest }
    guard let open = part.utf8.firstIndex(of: UInt8(ascii: "{")) else {
      guard !part.utf8.contains(UInt8(ascii: "}")) else { throw MappingError("a name is written {name}") }
      guard !part.utf8.contains(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "#") }) else {
        throw MappingError("+ and # are levels of their own")
      }
      return .text(String(part))
    }
    guard let close = part.utf8[open...].firstIndex(of: UInt8(ascii: "}")) else {
      throw MappingError("a name is written {name}")
    }
    var name = part[part.utf8.index(after: open)..<close]
    let prefix = part[..<open]
    let suffix = part[part.utf8.index(after: close)...]
    guard !(prefix + suffix).utf8.contains(where: { "+#{}".utf8.contains($0) }) else {
      throw MappingError("a level has one name, and no + or # beside it")
    }
    let isWide = name.last == "+"
    if isWide { name = name.dropLast() }
    guard MappingName.isValid(name) else {
      throw MappingError("\(name.quoted) is no name; \(MappingName.sentence)")
    }
    guard name != MappingName.ofValue else {
      throw MappingError("{name} is the name of the value; choose another")
    }
    guard isWide else { return .name(String(name), prefix: String(prefix), suffix: String(suffix)) }
    guard prefix.isEmpty, suffix.isEmpty else { throw MappingError("{\(name)+} is a level of its own") }
    return .names(String(name))
  }

  private static func names(_ levels: [Level]) -> [String] {
    levels.compactMap { level in
      switch level {
      case .name(let name, _, _), .names(let name): name
      default: nil
      }
    }
  }

  /// The names in it, in order.
  package var names: [String] { Self.names(levels) }

  /// What a subscription needs: a level with a name is `+`, and from `{name+}` on everything is `#`.
  package var filter: String {
    var parts: [String] = []
    for level in levels {
      switch level {
      case .text(let text): parts.append(text)
      case .any, .name: parts.append("+")
      case .rest, .names:
        parts.append("#")
        return parts.joined(separator: "/")
      }
    }
    return parts.joined(separator: "/")
  }

  /// The texts of ``names`` in `topic`; nil where it does not match. As MQTT has it, no wildcard at the beginning matches a topic
  /// of the broker (`$SYS`).
  package func match(_ topic: String) -> [String]? {
    let parts = topic.utf8.split(separator: Self.slash, omittingEmptySubsequences: false)
    let dollar = UInt8(ascii: "$")
    if topic.utf8.first == dollar {
      switch levels[0] {
      case .text: break
      case .name(_, let prefix, _) where prefix.utf8.first == dollar: break
      default: return nil
      }
    }
    var values: [String] = []
    var place = 0
    for (index, level) in levels.enumerated() {
      switch level {
      case .rest: return values
      case .names:
        let count = parts.count - place - (levels.count - index - 1)
        guard count >= 1 else { return nil }
        values.append(
          String(topic[parts[place].startIndex..<parts[place + count - 1].endIndex]))
        place += count
        continue
      default: break
      }
      guard place < parts.count else { return nil }
      let part = parts[place]
      place += 1
      switch level {
      case .text(let text): guard part.elementsEqual(text.utf8) else { return nil }
      case .name(_, let prefix, let suffix):
        let (before, after) = (prefix.utf8.count, suffix.utf8.count)
        guard part.count >= before + after, part.starts(with: prefix.utf8),
          part.suffix(after).elementsEqual(suffix.utf8)
        else { return nil }
        values.append(String(Substring(part.dropFirst(before).dropLast(after))))
      case .any, .rest, .names: break
      }
    }
    return place == parts.count ? values : nil
  }
}
