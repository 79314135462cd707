/// How people write durations: `90s`, `5m`, `1h30m`.
extension Duration {
  /// The longest that is read: a hundred years, far below what milliseconds of 64 bits hold.
  private static let longestMs: Int64 = 36_500 * 86_400_000

  private static let units: [(name: String, milliseconds: Double)] = [
    ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
  ]

  /// Reads `250ms`, `90s`, `5m`, `24h`, `7d`, `1.5h` or several, largest first, as in `1h30m`. Nil for anything else, for
  /// fractions of a millisecond and for more than a hundred years.
  package init?(text: String) {
    var rest = text[...]
    var total = 0.0
    var smallest = Double.infinity
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      let name = rest.dropFirst(digits.count).prefix { $0.isLetter }
      guard let number = Double(digits), let unit = Self.units.first(where: { $0.name == name }),
        unit.milliseconds < smallest
      else { return nil }
      smallest = unit.milliseconds
      total += number * unit.milliseconds
      rest = rest.dropFirst(digits.count + name.count)
    }
    guard smallest.isFinite, total == total.rounded(), total <= Double(Self.longestMs) else { return nil }
    self = .milliseconds(Int64(total))
  }

  /// As ``init(text:)`` reads it: `24h`, `1m30s`. What is shorter than a millisecond is left out.
  package var text: String {
    var rest = milliseconds
    guard rest > 0 else { return rest == 0 ? "0s" : "-" + Duration.milliseconds(-rest).text }
    var text = ""
    for (name, size) in [("h", Int64(3_600_000)), ("m", 60_000), ("s", 1000), ("ms", 1)] where rest >= size {
      text += "\(rest / size)\(name)"
      rest %= size
    }
    return text
  }
}
