import Telemetry
import Wording

/// A schedule text that cannot be read, or that names an impossible time: which part, and what is allowed.
package struct ScheduleError: Hashable, ExitingError {
  package let description: String

  package var exitStatus: ExitStatus { .usage }

  init(_ description: String) { self.description = description }
}

/// The five fields of a crontab line, in UTC: minute, hour, day of the month, month, day of the week
/// (POSIX crontab(1), with the steps and names of Vixie cron's crontab(5)).
///
/// Where both the day of the month and the day of the week are restricted, a day matches if either does. As in
/// Vixie cron, a field is unrestricted if it begins with `*`.
package struct CronExpression: Hashable, Sendable, CustomStringConvertible {
  private struct Field {
    let name: String
    let range: ClosedRange<Int>
    var names: [String] = []
    /// Sunday is 0 and 7.
    var isWeekday: Bool { range == 0...7 }

    var firstName: String { names.first ?? "\(range.lowerBound)" }
    var lastName: String { isWeekday ? "sat" : names.last ?? "\(range.upperBound)" }

    /// What the field allows, for messages.
    var allowed: String {
      let numbers = "\(range.lowerBound) to \(range.upperBound)"
      return names.isEmpty ? numbers : "\(numbers) or \(names[0]) to \(names[names.count - 1])"
    }
  }

  private static let fields = [
    Field(name: "minute", range: 0...59),
    Field(name: "hour", range: 0...23),
    Field(name: "day of the month", range: 1...31),
    Field(
      name: "month", range: 1...12,
      names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
    Field(name: "day of the week", range: 0...7, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
  ]

  /// What Vixie cron's names stand for.
  private static let macros = [
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
  ]

  /// The text it was read from.
  package let description: String
  // Bit n stands for value n.
  private let minutes: UInt64
  private let hours: UInt64
  private let days: UInt64
  private let months: UInt64
  private let weekdays: UInt64
  private let everyDay: Bool
  private let everyWeekday: Bool

  /// Reads `text`, such as `0 * * * *` or `*/15 8-18 * jan-mar mon-fri`. Throws ``ScheduleError``.
  package init(_ text: String) throws(ScheduleError) {
    description = text
    let parts = text.split(whereSeparator: { $0 == " " || $0 == "\t" })
    if text.hasPrefix("@") {
      let line = Self.macros[text.lowercased()] ?? "minute hour day-of-month month day-of-week"
      throw ScheduleError("cron \(text.quoted): names that begin with @ are not understood; write “\(line)”")
    }
    guard parts.count == Self.fields.count else {
      throw ScheduleError(
        "cron \(text.quoted) has \(parts.count) fields; five are needed: minute hour day-of-month month day-of-week"
      )
    }
    var sets: [UInt64] = []
    for (part, field) in zip(parts, Self.fields) { sets.append(try Self.set(of: part, field, in: text)) }
    minutes = sets[0]
    hours = sets[1]
    days = sets[2]
    months = sets[3]
    // Sunday is 0 and 7.
    weekdays = (sets[4] | (sets[4] >> 7)) & 0x7F
    everyDay = parts[2].hasPrefix("*")
    everyWeekday = parts[4].hasPrefix("*")
    guard next(after: Timestamp(milliseconds: 0)) != nil else {
      throw ScheduleError(
        "cron \(text.quoted) never fires: no month it names has a day \(Self.list(days))")
    }
  }

  private static func set(
    of part: Substring, _ field: Field, in text: String
  ) throws(ScheduleError) -> UInt64 {
    var set: UInt64 = 0
    for item in part.split(separator: ",", omittingEmptySubsequences: false) {
      func fault(_ what: String) -> ScheduleError {
        ScheduleError(
          "cron \(text.quoted), \(field.name) \(part.quoted): \(what); allowed are \(field.allowed), lists “a,b”, "
            + "ranges “a-b”, steps “*/n” or “a-b/n”, and “*”")
      }
      let pieces = item.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
      guard let base = pieces.first, !base.isEmpty else { throw fault("an empty item") }
      var step = 1
      if pieces.count == 2 {
        guard let number = number(pieces[1]), number >= 1 else {
          throw fault("\(pieces[1].quoted) is no step")
        }
        // Beyond the field's own size a step names the first value alone, which nobody means by it.
        let size = field.range.upperBound - field.range.lowerBound + (field.isWeekday ? 0 : 1)
        guard number <= size else {
          throw fault("the step \(number) is larger than the field, which has \(size) values")
        }
        step = number
      }
      let bounds: ClosedRange<Int>
      if base == "*" {
        // All days once: with 7 as well, a step of 7 would find Sunday twice, and one of 2 the day after Saturday.
        bounds = field.isWeekday ? 0...6 : field.range
      } else {
        let ends = base.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        var values: [Int] = []
        for end in ends {
          guard let value = value(end, field) else {
            let hint =
              Self.hasQuartzSign(end) ? "; “L”, “W”, “#” and “?” of other schedulers are not understood" : ""
            throw fault("\(end.quoted) is not one of its values\(hint)")
          }
          values.append(value)
        }
        // At the end of a range Sunday comes after Saturday.
        if values.count == 2, field.isWeekday {
          if values[1] == 0, values[0] > 0 { values[1] = 7 }
          if values[0] == 7, values[1] < 7 { values[0] = 0 }
        }
        let first = values[0]
        // “5/15” is, as in Vixie cron's descendants, “5-59/15”.
        let last = values.count == 2 ? values[1] : pieces.count == 2 ? field.range.upperBound : first
        guard first <= last else {
          throw fault(
            "the range \(base.quoted) runs backwards; write it as two, “a-\(field.lastName),\(field.firstName)-b”"
          )
        }
        bounds = first...last
      }
      for value in stride(from: bounds.lowerBound, through: bounds.upperBound, by: step) {
        set |= 1 << UInt64(value)
      }
    }
    return set
  }

  private static func number(_ text: Substring) -> Int? {
    // Int(_:) takes a sign too, which no field has.
    guard !text.isEmpty, text.utf8.count <= 4, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
      return nil
    }
    return Int(text)
  }

  /// Whether `text` holds a sign of Quartz: `L`, `15W`, `5#2`, `5L` or `?`.
  private static func hasQuartzSign(_ text: Substring) -> Bool {
    let rest = text.drop { $0.isNumber || $0 == "," }
    return ["l", "w", "lw", "?"].contains(rest.lowercased()) || rest.contains("#")
  }

  private static func value(_ text: Substring, _ field: Field) -> Int? {
    if let number = number(text) { return field.range.contains(number) ? number : nil }
    guard let index = field.names.firstIndex(of: text.lowercased()) else { return nil }
    return field.range.lowerBound + index
  }

  private static func list(_ set: UInt64) -> String {
    (0..<64).filter { set & (1 << UInt64($0)) != 0 }.map(String.init).joined(separator: ", ")
  }

  /// The first instant after `instant` at which it fires; always at a full minute. Nil where there is none within
  /// ``ScoringDefaults/cronHorizonYears``.
  package func next(after instant: Timestamp) -> Timestamp? {
    let minute: Int64 = 60_000
    var time = (Self.floorDivide(instant.milliseconds, minute) + 1) * minute
    var dayNumber = Self.floorDivide(time, 86_400_000)
    let lastDay = dayNumber + ScoringDefaults.cronHorizonYears * 366
    while dayNumber <= lastDay {
      let date = CivilDate(daysSince1970: dayNumber)
      if matches(date) {
        let midnight = dayNumber * 86_400_000
        var minuteOfDay = Int((max(time, midnight) - midnight) / minute)
        while minuteOfDay < 24 * 60 {
          if hours & (1 << UInt64(minuteOfDay / 60)) == 0 {
            minuteOfDay = (minuteOfDay / 60 + 1) * 60
          } else if minutes & (1 << UInt64(minuteOfDay % 60)) == 0 {
            minuteOfDay += 1
          } else {
            return Timestamp(milliseconds: midnight + Int64(minuteOfDay) * minute)
          }
        }
      }
      dayNumber += 1
      time = dayNumber * 86_400_000
    }
    return nil
  }

  private func matches(_ date: CivilDate) -> Bool {
    guard months & (1 << UInt64(date.month)) != 0 else { return false }
    let day = days & (1 << UInt64(date.day)) != 0
    let weekday = weekdays & (1 << UInt64(date.weekday)) != 0
    return everyDay || everyWeekday ? day && weekday : day || weekday
  }

  private static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
    let quotient = a / b
    return a % b < 0 ? quotient - 1 : quotient
  }
}
