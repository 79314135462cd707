import BatchScoring
import Telemetry
import Testing

@Suite struct ScheduleTests {
  private func at(_ text: String) throws -> Timestamp { try #require(Timestamp(iso8601: text)) }

  /// Expected times worked out by hand from crontab(5).
  @Test(arguments: [
    ("0 * * * *", "2026-01-01T12:00:00Z", "2026-01-01T13:00:00Z"),
    ("0 * * * *", "2026-01-01T12:00:00.001Z", "2026-01-01T13:00:00Z"),
    ("0 * * * *", "2026-01-01T11:59:59.999Z", "2026-01-01T12:00:00Z"),
    ("* * * * *", "2026-01-01T12:00:30Z", "2026-01-01T12:01:00Z"),
    ("*/15 * * * *", "2026-01-01T12:46:00Z", "2026-01-01T13:00:00Z"),
    ("5/20 * * * *", "2026-01-01T12:06:00Z", "2026-01-01T12:25:00Z"),
    ("10-30/10 8-9 * * *", "2026-01-01T09:30:00Z", "2026-01-02T08:10:00Z"),
    ("0,30 23 31 12 *", "2026-01-01T00:00:00Z", "2026-12-31T23:00:00Z"),
    ("0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"),
    ("0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"),
    ("0 0 * * mon", "2026-01-01T00:00:00Z", "2026-01-05T00:00:00Z"),
    ("0 0 * * SUN", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"),
    ("0 0 * * 7", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"),
    ("0 0 * * 5-7", "2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z"),
    ("0 0 1 jan-mar *", "2026-03-01T00:00:00Z", "2027-01-01T00:00:00Z"),
    // Both days restricted: either will do. 2026-01-13 is a Tuesday.
    ("0 0 13 * fri", "2026-01-09T00:00:00Z", "2026-01-13T00:00:00Z"),
    ("0 0 13 * fri", "2026-01-13T00:00:00Z", "2026-01-16T00:00:00Z"),
    // One of them with a star: both must hold. Odd days that are Fridays.
    ("0 0 */2 * fri", "2026-01-02T00:00:00Z", "2026-01-09T00:00:00Z"),
    ("59 23 31 12 *", "1969-12-31T23:00:00Z", "1969-12-31T23:59:00Z"),
  ])
  func nextFireTime(cron: String, after: String, expected: String) throws {
    let schedule = try Schedule(cron: cron)
    #expect(schedule.next(after: try at(after)) == (try at(expected)))
  }

  @Test(arguments: [
    ("0 * * *", "four fields have", "has 4 fields"),
    ("", "nothing", "has 0 fields"),
    ("0 * * * * *", "six", "has 6 fields"),
    ("60 * * * *", "minute", "minute “60”"),
    ("0 24 * * *", "hour", "hour “24”"),
    ("0 0 0 * *", "day", "day of the month “0”"),
    ("0 0 * 13 *", "month", "month “13”"),
    ("0 0 * foo *", "month", "jan to dec"),
    ("0 0 * * 8", "weekday", "day of the week “8”"),
    ("*/0 * * * *", "step", "is no step"),
    ("*/x * * * *", "step", "is no step"),
    ("5-1 * * * *", "range", "runs backwards"),
    ("1,,2 * * * *", "list", "an empty item"),
    ("-1 * * * *", "sign", "minute “-1”"),
    ("+1 * * * *", "sign", "minute “+1”"),
    ("99999999999999999999 * * * *", "overflow", "minute"),
    ("0 0 30 2 *", "no such day", "never fires"),
    ("0 0 31 4,6,9,11 *", "no such day", "never fires"),
  ])
  func refusesWithTheFieldAndWhatIsAllowed(cron: String, what: Comment, message: String) {
    let error = #expect(throws: ScheduleError.self, what) { try Schedule(cron: cron) }
    #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    #expect(error?.description.contains("“\(cron)”") == true)
  }

  @Test func everySoManySeconds() throws {
    let origin = try at("2026-01-01T12:00:00Z")
    let schedule = try Schedule(every: .seconds(90), origin: origin)
    #expect(schedule.next(after: origin - .seconds(10_000)) == origin + .seconds(90))
    #expect(schedule.next(after: origin) == origin + .seconds(90))
    #expect(schedule.next(after: origin + .seconds(89)) == origin + .seconds(90))
    #expect(schedule.next(after: origin + .seconds(90)) == origin + .seconds(180))
    #expect(throws: ScheduleError.self) { try Schedule(every: .milliseconds(10), origin: origin) }
    #expect(throws: ScheduleError.self) { try Schedule(every: .seconds(-5), origin: origin) }
  }

  /// Every minute of two years against the definition, looked at field by field.
  @Test func agreesWithTheDefinitionMinuteByMinute() throws {
    let expressions: [(String, @Sendable (Int, Int, CivilDate) -> Bool)] = [
      (
        "7 */6 1,15 * 3",
        { minute, hour, date in
          minute == 7 && hour % 6 == 0 && (date.day == 1 || date.day == 15 || date.weekday == 3)
        }
      ),
      (
        "*/40 22-23 * 2,12 *",
        { minute, hour, date in
          minute % 40 == 0 && hour >= 22 && (date.month == 2 || date.month == 12)
        }
      ),
    ]
    let first = try at("2027-01-01T00:00:00Z")
    for (text, matches) in expressions {
      let schedule = try Schedule(cron: text)
      var next = try #require(schedule.next(after: first - .milliseconds(1)))
      for minute in 0..<(2 * 366 * 1440) {
        let time = first + .seconds(Int64(minute) * 60)
        let date = CivilDate(daysSince1970: time.milliseconds / 86_400_000)
        let ofDay = Int(time.milliseconds / 60_000 % 1440)
        guard matches(ofDay % 60, ofDay / 60, date) else { continue }
        guard next == time else {
          Issue.record("\(text): \(next), expected \(time)")
          break
        }
        next = try #require(schedule.next(after: time))
      }
    }
  }
}
