import Wording

/// An instant of event time: whole milliseconds since 1970-01-01T00:00:00Z.
///
/// Public, with ids and the milliseconds of durations, although nothing outside of this package uses it: the compiler does not inline functions
/// of `package` access into other modules, and inner loops compare times and look ids up for each reading.
public struct Timestamp: Hashable, Comparable, Sendable, Codable {
  /// Milliseconds since 1970, UTC, without leap seconds.
  public var milliseconds: Int64

  /// The instant `milliseconds` after 1970-01-01T00:00:00Z.
  @inlinable public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// Reads ISO 8601, or a number of milliseconds.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let text = try? container.decode(String.self) {
      guard let instant = Timestamp(iso8601: text) else {
        throw DecodingError.dataCorruptedError(
          in: container,
          debugDescription: "\(text.quoted) is not an ISO 8601 time such as 2026-01-01T12:00:00Z")
      }
      self = instant
    } else {
      milliseconds = try container.decode(Int64.self)
    }
  }

  /// Writes ISO 8601, as in all files; milliseconds where no year of four digits has it.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    let text = description
    if Timestamp(iso8601: text) == self {
      try container.encode(text)
    } else {
      try container.encode(milliseconds)
    }
  }

  @inlinable public static func == (a: Timestamp, b: Timestamp) -> Bool {
    a.milliseconds == b.milliseconds
  }

  @inlinable public static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

  @inlinable public static func + (instant: Timestamp, span: Duration) -> Timestamp {
    Timestamp(milliseconds: instant.milliseconds + span.milliseconds)
  }

  @inlinable public static func - (instant: Timestamp, span: Duration) -> Timestamp {
    Timestamp(milliseconds: instant.milliseconds - span.milliseconds)
  }

  /// The time from `b` to `a`; negative where `a` is the earlier one.
  @inlinable public static func - (a: Timestamp, b: Timestamp) -> Duration {
    .milliseconds(a.milliseconds - b.milliseconds)
  }
}

extension Timestamp: CustomStringConvertible {
  /// ISO 8601 in UTC with milliseconds: `2026-01-01T00:00:00.000Z`.
  public var description: String {
    var days = milliseconds / 86_400_000
    var rest = milliseconds % 86_400_000
    if rest < 0 {
      rest += 86_400_000
      days -= 1
    }
    let date = CivilDate(daysSince1970: days)
    func padded(_ number: Int64, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
      + "T\(padded(rest / 3_600_000, 2)):\(padded(rest / 60_000 % 60, 2)):\(padded(rest / 1000 % 60, 2))"
      + ".\(padded(rest % 1000, 3))Z"
  }

  /// What ``init(iso8601:)`` reads, for messages.
  package static let forms = "2026-01-01, 2026-01-01T12:00:00Z, 2026-01-01 12:00:00.250+01:00"

  /// Reads ISO 8601 as programs write it: a date, `T` or a space, a time of day with optional seconds and fraction, and
  /// `Z`, `±hh:mm`, `±hhmm`, `±hh` (PostgreSQL) or nothing (UTC), also after a space. Fractions beyond milliseconds are
  /// cut. Nil where the text is not of that form or names no instant (month 13, second 61).
  package init?(iso8601 text: some StringProtocol) { self.init(text.utf8, minutesAhead: 0) }

  /// As ``init(iso8601:)``, of UTF-8.
  ///
  /// - Parameter minutesAhead: How far the zone of times without one is ahead of UTC.
  package init?(iso8601 bytes: UnsafeBufferPointer<UInt8>, minutesAhead: Int64) {
    self.init(bytes, minutesAhead: minutesAhead)
  }

  private init?(_ bytes: some Collection<UInt8>, minutesAhead: Int64) {
    var scanner = DigitScanner(bytes)
    var hasZone = false
    guard let year = scanner.number(digits: 4), scanner.skip("-"),
      let month = scanner.number(digits: 2), scanner.skip("-"),
      let day = scanner.number(digits: 2),
      (1...12).contains(month), day >= 1, day <= CivilDate.daysIn(month: month, year: year)
    else { return nil }
    var milliseconds = CivilDate(year: year, month: month, day: day).daysSince1970 * 86_400_000
    if !scanner.isAtEnd {
      guard scanner.skip("T") || scanner.skip("t") || scanner.skip(" "),
        let hour = scanner.number(digits: 2), scanner.skip(":"),
        let minute = scanner.number(digits: 2), hour <= 23, minute <= 59
      else { return nil }
      milliseconds += hour * 3_600_000 + minute * 60_000
      if scanner.skip(":") {
        guard let second = scanner.number(digits: 2), second <= 59 else { return nil }
        milliseconds += second * 1000
        if scanner.skip(".") || scanner.skip(",") {
          guard let fraction = scanner.fractionMilliseconds() else { return nil }
          milliseconds += fraction
        }
      }
      let isApart = scanner.skip(" ")
      hasZone = scanner.skip("Z") || scanner.skip("z")
      if !hasZone {
        let sign: Int64? = scanner.skip("+") ? -1 : scanner.skip("-") ? 1 : nil
        guard sign != nil || !isApart else { return nil }
        if let sign {
          hasZone = true
          guard let hours = scanner.number(digits: 2), hours <= 14 else { return nil }
          let isSeparated = scanner.skip(":")
          let isWhole = !isSeparated && scanner.isAtEnd
          guard let minutes = isWhole ? 0 : scanner.number(digits: 2), minutes <= 59 else { return nil }
          milliseconds += sign * (hours * 3_600_000 + minutes * 60_000)
        }
      }
      guard scanner.isAtEnd else { return nil }
    }
    if !hasZone { milliseconds -= minutesAhead * 60_000 }
    self.init(milliseconds: milliseconds)
  }
}

extension Duration {
  /// Whole milliseconds, cut towards zero.
  @inlinable public var milliseconds: Int64 {
    components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
  }

  /// Seconds as a number with a fraction.
  package var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}

/// A day of the proleptic Gregorian calendar. The conversions are those of Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms": years run from March, so that leap days come last.
package struct CivilDate: Hashable, Sendable {
  package var year: Int64
  /// 1 to 12.
  package var month: Int64
  /// 1 to 31.
  package var day: Int64

  package init(year: Int64, month: Int64, day: Int64) {
    self.year = year
    self.month = month
    self.day = day
  }

  /// The date `days` days after 1970-01-01.
  package init(daysSince1970 days: Int64) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// Days from 1970-01-01 to this date.
  package var daysSince1970: Int64 {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  /// The day of the week: 0 is Sunday.
  package var weekday: Int64 {
    let remainder = (daysSince1970 + 4) % 7
    return remainder < 0 ? remainder + 7 : remainder
  }

  static func daysIn(month: Int64, year: Int64) -> Int64 {
    switch month {
    case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

/// Reads fixed-width decimal fields from UTF-8.
private struct DigitScanner<Bytes: Collection> where Bytes.Element == UInt8 {
  private var rest: Bytes.SubSequence

  init(_ bytes: Bytes) { rest = bytes[...] }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard let first = rest.first, UInt32(first) == character.value else { return false }
    rest = rest.dropFirst()
    return true
  }

  mutating func number(digits: Int) -> Int64? {
    var value: Int64 = 0
    for _ in 0..<digits {
      guard let digit = digit() else { return nil }
      value = value * 10 + digit
    }
    return value
  }

  mutating func fractionMilliseconds() -> Int64? {
    guard var value = digit() else { return nil }
    var count = 1
    while let digit = digit() {
      if count < 3 { value = value * 10 + digit }
      count += 1
    }
    while count < 3 {
      value *= 10
      count += 1
    }
    return value
  }

  private mutating func digit() -> Int64? {
    guard let first = rest.first, first >= 0x30, first <= 0x39 else { return nil }
    rest = rest.dropFirst()
    return Int64(first - 0x30)
  }
}
