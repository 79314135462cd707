extension TopicPattern {
  /// Whether every topic that `other` matches is matched by this pattern, too.
  ///
  /// Where it is true it is so; of patterns with levels that are hard to compare, it may be false all the same.
  package func covers(_ other: TopicPattern) -> Bool {
    // Wildcards at the beginning do not match topics of the broker.
    if Self.isOfBroker(other.levels[0]), !Self.isOfBroker(levels[0]) { return false }
    return Self.covers(levels[...], other.levels[...])
  }

  /// Whether a level matches only what begins with `$`.
  private static func isOfBroker(_ level: Level) -> Bool {
    switch level {
    case .text(let text), .name(_, let text, _): text.utf8.first == UInt8(ascii: "$")
    case .any, .rest, .names: false
    }
  }

  private static func covers(_ wide: ArraySlice<Level>, _ narrow: ArraySlice<Level>) -> Bool {
    var (wide, narrow) = (wide, narrow)
    while let first = wide.popFirst() {
      switch first {
      case .rest: return true
      case .names: return coversNames(wide, narrow)
      case .text, .any, .name: break
      }
      guard let other = narrow.popFirst() else { return false }
      switch other {
      // Perhaps there is no level at all.
      case .rest: return false
      // One level of any text, and then perhaps more.
      case .names: return isAny(first) && wide.first == .rest
      case .text, .any, .name: guard covers(level: first, other) else { return false }
      }
    }
    return narrow.isEmpty
  }

  /// Whether `{name+}` with `after` behind it, which are single levels, matches what `narrow` does.
  private static func coversNames(_ after: ArraySlice<Level>, _ narrow: ArraySlice<Level>) -> Bool {
    // `#` may be no level; each other one is at least one.
    let least = narrow.count { $0 != .rest }
    guard least >= after.count + 1 else { return false }
    var narrow = narrow
    for level in after.reversed() {
      switch narrow.last {
      case .text?, .any?, .name?:
        guard covers(level: level, narrow.removeLast()) else { return false }
      // From here to the front any text may stand at the level.
      case .rest?, .names?, nil: guard isAny(level) else { return false }
      }
    }
    return true
  }

  private static func isAny(_ level: Level) -> Bool {
    switch level {
    case .any: true
    case .name(_, let prefix, let suffix): prefix.isEmpty && suffix.isEmpty
    case .text, .rest, .names: false
    }
  }

  /// Whether a single level matches every text that another one does.
  private static func covers(level wide: Level, _ narrow: Level) -> Bool {
    if isAny(wide) { return true }
    switch (wide, narrow) {
    case (.text(let one), .text(let other)): return one.utf8.elementsEqual(other.utf8)
    case (.name(_, let prefix, let suffix), .text(let text)):
      return text.utf8.count >= prefix.utf8.count + suffix.utf8.count && text.utf8.starts(with: prefix.utf8)
        && text.utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    case (.name(_, let prefix, let suffix), .name(_, let otherPrefix, let otherSuffix)):
      return otherPrefix.utf8.starts(with: prefix.utf8)
        && otherSuffix.utf8.count >= suffix.utf8.count
        && otherSuffix.utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    default: return false
    }
  }
}
