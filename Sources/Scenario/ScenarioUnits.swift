import Telemetry

/// How scenarios write quantities.
public enum ScenarioUnits {
  /// The longest duration: a hundred years, far below what milliseconds of 64 bits hold.
  static let longestMs: Int64 = 36_500 * 86_400_000

  private static let units: [(name: String, milliseconds: Double)] = [
    ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
  ]

  /// Reads `250ms`, `90s`, `5m`, `24h`, `7d`, `1.5h` or several, largest first, as in `1h30m`. Nil for anything else, for
  /// fractions of a millisecond and for more than a hundred years.
  public static func duration(_ text: String) -> Duration? {
    var rest = text[...]
    var total = 0.0
    var smallest = Double.infinity
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      let name = rest.dropFirst(digits.count).prefix { $0.isLetter }
      guard let number = Double(digits), let unit = units.first(where: { $0.name == name }),
        unit.milliseconds < smallest
      else { return nil }
      smallest = unit.milliseconds
      total += number * unit.milliseconds
      rest = rest.dropFirst(digits.count + name.count)
    }
    guard smallest.isFinite, total == total.rounded(), total <= Double(longestMs) else { return nil }
    return .milliseconds(Int64(total))
  }

  /// `duration` as it would be written: `24h`, `90s`, `1h30m`.
  public static func text(_ duration: Duration) -> String {
    var rest = duration.milliseconds
    guard rest > 0 else { return rest == 0 ? "0s" : "-" + text(.milliseconds(-rest)) }
    var text = ""
    for (name, size) in [("h", Int64(3_600_000)), ("m", 60_000), ("s", 1000), ("ms", 1)] where rest >= size {
      text += "\(rest / size)\(name)"
      rest %= size
    }
    return text
  }

  /// Reads `500MB`, `2GiB` or a plain number of bytes. Nil for anything else, and for no bytes at all.
  public static func bytes(_ text: String) -> Int? {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let sizes: [String: Double] = [
      "": 1, "B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
      "KiB": 0x1p10, "MiB": 0x1p20, "GiB": 0x1p30, "TiB": 0x1p40,
    ]
    guard let number = plainNumber(digits), let size = sizes[String(text.dropFirst(digits.count))] else {
      return nil
    }
    let bytes = (number * size).rounded()
    return bytes >= 1 && bytes < 0x1p62 ? Int(bytes) : nil
  }

  /// Reads `10%` or `2.5%` as a share from 0 to 1.
  public static func share(_ text: String) -> Double? {
    guard text.hasSuffix("%"), let number = plainNumber(text.dropLast()), (0...100).contains(number) else {
      return nil
    }
    return number / 100
  }

  /// Reads `150%` as 1.5; there is no upper bound.
  static func level(_ text: String) -> Double? {
    guard text.hasSuffix("%"), let number = plainNumber(text.dropLast()), number >= 0 else { return nil }
    return number / 100
  }

  /// A finite decimal number: no hexadecimal, no `nan`, no `inf`.
  static func plainNumber(_ text: some StringProtocol) -> Double? {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }),
      let number = Double(text), number.isFinite
    else { return nil }
    return number
  }
}
