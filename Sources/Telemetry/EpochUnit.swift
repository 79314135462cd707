/// What a number counts that stands for an instant: so much of this since 1970-01-01T00:00:00Z.
package enum EpochUnit: String, CaseIterable, Sendable {
  case seconds = "s"
  case milliseconds = "ms"
  case microseconds = "us"
  case nanoseconds = "ns"

  /// The unit's name in a sentence.
  package var name: String {
    switch self {
    case .seconds: "seconds"
    case .milliseconds: "milliseconds"
    case .microseconds: "microseconds"
    case .nanoseconds: "nanoseconds"
    }
  }

  /// From 2000 to 2100: the instants of which a number tells its unit. In any other unit the same number lies before
  /// 1975 or thousands of years away.
  private static let plausible =
    Timestamp(milliseconds: 946_684_800_000)..<Timestamp(milliseconds: 4_102_444_800_000)

  /// The last instant with a year of four digits.
  private static let last = Timestamp(milliseconds: 253_402_300_799_999)

  /// The unit in which `text`, a number, is an instant from 2000 to 2100; nil where there is none.
  package init?(guessing text: some StringProtocol) {
    guard let unit = Self.allCases.first(where: { $0.instant(text).map(Self.plausible.contains) == true })
    else { return nil }
    self = unit
  }

  /// Whether `text` is a number of which the unit must be known, rather than a date.
  package static func isNumber(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
  }

  /// The instant that `text` is in this unit: digits, and for seconds also a fraction. What is finer than a millisecond is
  /// cut. Nil where it is no such number, or beyond the year 9999.
  package func instant(_ text: some StringProtocol) -> Timestamp? {
    guard Self.isNumber(text) else { return nil }
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = Int64(parts[0]) else { return nil }
    let milliseconds: Int64
    switch self {
    case .seconds:
      let (product, overflow) = whole.multipliedReportingOverflow(by: 1000)
      guard !overflow, product <= Self.last.milliseconds else { return nil }
      guard parts.count == 2 else {
        milliseconds = product
        break
      }
      let digits = parts[1].utf8.prefix(3)
      guard !digits.isEmpty, let fraction = Int64(parts[1].prefix(3)), EpochUnit.isNumber(parts[1]),
        !parts[1].contains(".")
      else { return nil }
      milliseconds = product + fraction * [100, 10, 1][digits.count - 1]
    case .milliseconds: milliseconds = whole
    case .microseconds: milliseconds = whole / 1000
    case .nanoseconds: milliseconds = whole / 1_000_000
    }
    guard parts.count == 1 || self == .seconds, milliseconds <= Self.last.milliseconds else { return nil }
    return Timestamp(milliseconds: milliseconds)
  }
}
