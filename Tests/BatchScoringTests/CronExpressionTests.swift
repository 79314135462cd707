import BatchScoring
import Telemetry
import Testing

/// Cron texts against a naive reading of crontab(5): every field as the list of values that it names.
@Suite struct CronExpressionTests {
  /// A field as text and as the values it names.
  private struct Field {
    var text: String
    var values: Set<Int>
    var isAny = false
  }

  private static let weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
  private static let months = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
  ]

  /// A random item of a field whose values are `range`; in weekdays, 7 is Sunday as well.
  private static func item(
    _ range: ClosedRange<Int>, _ names: [String], isWeekday: Bool, _ random: inout SeededGenerator
  ) -> (text: String, values: Set<Int>) {
    func spelled(_ value: Int) -> String {
      let index = value % (isWeekday ? 7 : 100) - range.lowerBound
      guard names.indices.contains(index), Bool.random(using: &random) else { return "\(value)" }
      return Bool.random(using: &random) ? names[index] : names[index].uppercased()
    }
    let size = range.count
    let step = Int.random(in: 1...size, using: &random)
    let last = isWeekday ? 7 : range.upperBound
    let first = Int.random(in: range.lowerBound...last, using: &random)
    let end = Int.random(in: first...last, using: &random)
    // Sunday at the beginning of a range is its first day.
    let start = isWeekday && first == 7 && end < 7 ? 0 : first
    func every(_ from: Int, _ to: Int, _ step: Int) -> Set<Int> {
      Set(stride(from: from, through: to, by: step).map { isWeekday ? $0 % 7 : $0 })
    }
    switch Int.random(in: 0..<5, using: &random) {
    case 0: return ("*", Set(range))
    case 1: return ("*/\(step)", every(range.lowerBound, range.upperBound, step))
    case 2: return (spelled(first), every(first, first, 1))
    default:
      // As the first day of a range Sunday is 0, as its last 7; its name means the one that makes sense.
      let from = first == 7 ? "7" : spelled(start)
      let to = start == 0 && end == 7 ? "7" : spelled(end)
      let isStepped = Bool.random(using: &random)
      return (isStepped ? "\(from)-\(to)/\(step)" : "\(from)-\(to)", every(start, end, isStepped ? step : 1))
    }
  }

  private static func field(
    _ range: ClosedRange<Int>, _ names: [String], isWeekday: Bool = false,
    _ random: inout SeededGenerator
  ) -> Field {
    let items = (0..<Int.random(in: 1...3, using: &random)).map { _ in
      item(range, names, isWeekday: isWeekday, &random)
    }
    return Field(
      text: items.map(\.text).joined(separator: ","),
      values: items.reduce(into: []) { $0.formUnion($1.values) },
      isAny: items[0].text.hasPrefix("*"))
  }

  @Test(arguments: [UInt64.random(in: 0 ..< .max), 1, 2])
  func agreesWithANaiveEnumeration(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed, stream: "cron")
    for _ in 0..<60 {
      let minute = Self.field(0...59, [], &random)
      let hour = Self.field(0...23, [], &random)
      let day = Self.field(1...31, [], &random)
      let month = Self.field(1...12, Self.months, &random)
      let weekday = Self.field(0...6, Self.weekdays, isWeekday: true, &random)
      let text = [minute, hour, day, month, weekday].map(\.text).joined(separator: " ")
      let schedule: Schedule
      do {
        schedule = try Schedule(cron: text)
      } catch {
        // Days that the months do not have.
        #expect("\(error)".contains("never fires"), "seed \(seed): \(error)")
        continue
      }
      let first = Timestamp(milliseconds: 1_767_225_600_000)
      var time = first
      for _ in 0..<20 {
        guard let next = schedule.next(after: time), next - first < .seconds(400 * 86_400) else { break }
        let skipped = (time.milliseconds / 60_000 + 1)..<(next.milliseconds / 60_000)
        #expect(
          Self.matches(next.milliseconds / 60_000, minute, hour, day, month, weekday), "seed \(seed): \(text)"
        )
        let wrong = skipped.first { Self.matches($0, minute, hour, day, month, weekday) }
        #expect(wrong == nil, "seed \(seed): \(text) misses a time before \(next)")
        time = next
      }
    }
  }

  private static func matches(
    _ minuteNumber: Int64, _ minute: Field, _ hour: Field, _ day: Field, _ month: Field, _ weekday: Field
  ) -> Bool {
    let date = CivilDate(daysSince1970: minuteNumber / 1440)
    let isDay = day.values.contains(Int(date.day))
    let isWeekday = weekday.values.contains(Int(date.weekday))
    return minute.values.contains(Int(minuteNumber % 60)) && hour.values.contains(Int(minuteNumber / 60 % 24))
      && month.values.contains(Int(date.month))
      && (day.isAny || weekday.isAny ? isDay && isWeekday : isDay || isWeekday)
  }

  /// 2026-01-01 is a Thursday.
  @Test(arguments: [
    ("0 0 * * fri-sun", [2, 3, 4, 9]), ("0 0 * * 5-0", [2, 3, 4, 9]), ("0 0 * * 5-7", [2, 3, 4, 9]),
    ("0 0 * * sat-sun", [3, 4, 10, 11]), ("0 0 * * SUN-TUE", [4, 5, 6, 11]), ("0 0 * * 7-2", [4, 5, 6, 11]),
    ("0 0 * * 7", [4, 11, 18, 25]), ("0 0 * * sun-sun", [4, 11, 18, 25]),
    ("0 0 * * mon-sun/2", [2, 4, 5, 7]),
    ("0 0 * * */7", [4, 11, 18, 25]), ("0 0 * * */2", [3, 4, 6, 8]), ("0 0 * * 0-7", [2, 3, 4, 5]),
  ])
  func sundayEndsAWeekAndBeginsOne(cron: String, days: [Int64]) throws {
    let schedule = try Schedule(cron: cron)
    var time = Timestamp(milliseconds: 1_767_225_600_000)
    for day in days {
      time = try #require(schedule.next(after: time))
      #expect(time == Timestamp(milliseconds: 1_767_225_600_000 + (day - 1) * 86_400_000), "\(cron): \(time)")
    }
  }

  @Test(arguments: [
    ("*/90 * * * *", "the step 90 is larger than the field, which has 60 values"),
    ("0 */25 * * *", "which has 24 values"), ("0 0 */32 * *", "which has 31 values"),
    ("0 0 1 */13 *", "which has 12 values"), ("0 0 * * */8", "which has 7 values"),
    ("0-59/61 * * * *", "which has 60 values"),
    ("0 0 * * fri-mon", "the range “fri-mon” runs backwards; write it as two, “a-sat,sun-b”"),
    ("50-10 * * * *", "write it as two, “a-59,0-b”"),
    ("0 0 L * *", "“L”, “W”, “#” and “?” of other schedulers are not understood"),
    ("0 0 15W * *", "are not understood"), ("0 0 ? * 1", "are not understood"),
    ("0 0 * * 5#2", "are not understood"),
    ("0 0 * * 5L", "are not understood"), ("0 0 * * fri#2", "are not understood"),
    ("@hourly", "write “0 * * * *”"), ("@Daily", "write “0 0 * * *”"),
    ("@reboot", "write “minute hour day-of-month month day-of-week”"), ("@every 5m", "not understood"),
  ])
  func whatIsNotUnderstoodIsSaid(cron: String, message: String) {
    let error = #expect(throws: ScheduleError.self) { try Schedule(cron: cron) }
    #expect(error?.description.contains(message) == true, "\(String(describing: error))")
  }

  @Test(arguments: ["*/60 * * * *", "0-59/7 * * * *", "*/59 */24 */31 */12 */7"])
  func stepsUpToTheFieldsSizeAreTaken(cron: String) throws { _ = try Schedule(cron: cron) }
}
