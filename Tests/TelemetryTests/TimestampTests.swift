import Foundation
import Telemetry
import Testing

@Suite struct TimestampTests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000Z"), (1_767_225_600_000, "2026-01-01T00:00:00.000Z"),
    (951_827_696_789, "2000-02-29T12:34:56.789Z"), (-1, "1969-12-31T23:59:59.999Z"),
    (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
  ])
  func isWrittenAndRead(milliseconds: Int64, text: String) {
    #expect(Timestamp(milliseconds: milliseconds).description == text)
    #expect(Timestamp(iso8601: text)?.milliseconds == milliseconds)
  }

  @Test(arguments: [
    ("2018-08-28 23:00:05.000", 1_535_497_205_000), ("2018-08-28T23:00:05", 1_535_497_205_000),
    ("2018-08-28T23:00:05+02:00", 1_535_490_005_000), ("2018-08-28", 1_535_414_400_000),
    ("2018-08-28 23:00:05+00", 1_535_497_205_000), ("2018-08-28 23:00:05.5-02", 1_535_504_405_500),
    ("2018-08-28 23:00:05+0000", 1_535_497_205_000), ("2018-08-28T23:00:05,25z", 1_535_497_205_250),
    ("2018-08-28 23:00:05 +0530", 1_535_477_405_000), ("2018-08-28 23:00:05.123456+00:00", 1_535_497_205_123),
    ("2018-08-28T23:00Z", 1_535_497_200_000), ("2013-12-10 06:25:00.000000", 1_386_656_700_000),
  ])
  func otherFormsOfISO8601AreRead(text: String, milliseconds: Int64) {
    #expect(Timestamp(iso8601: text)?.milliseconds == milliseconds)
  }

  @Test(arguments: [
    "", "2018", "2018-13-01", "2018-02-29", "2018-08-28T25:00", "2018-08-28T23:00:05x", "now",
    "2018-08-28 23:00:05 ", "2018-08-28 23:00:05+", "2018-08-28 23:00:05+1", "2018-08-28 23:00:05+00:",
    "2018-08-28 ",
    "2018-08-28 23:00:05+00:0", "2018-08-28 23:00:05+15", "28.08.2018 23:00", "20180828",
    "2018-08-28 23:00:05\u{0}Z",
  ])
  func whatNamesNoInstantIsRefused(text: String) {
    #expect(Timestamp(iso8601: text) == nil)
  }

  @Test(arguments: [
    ("1767225600", EpochUnit.seconds), ("1767225600.25", .seconds), ("1767225600000", .milliseconds),
    ("1767225600000123", .microseconds), ("1767225600000123456", .nanoseconds), ("946684800", .seconds),
    ("4102444799999", .milliseconds),
  ])
  func aNumberSaysWhatItCounts(text: String, unit: EpochUnit) throws {
    #expect(EpochUnit(guessing: text) == unit)
    let instant = try #require(unit.instant(text))
    let century =
      try #require(Timestamp(iso8601: "2000-01-01"))..<(try #require(Timestamp(iso8601: "2100-01-01")))
    #expect(century.contains(instant))
  }

  @Test(arguments: [
    "0", "60000", "20260101", "99999999999999999999999", "1.5.2", "1e9", "-1767225600", "", ".",
  ])
  func otherNumbersSayNothing(text: String) { #expect(EpochUnit(guessing: text) == nil) }

  @Test func numbersAreInstantsInTheUnitThatIsGiven() {
    #expect(EpochUnit.seconds.instant("1767225600.2509")?.milliseconds == 1_767_225_600_250)
    #expect(EpochUnit.seconds.instant("1.5")?.milliseconds == 1500)
    #expect(EpochUnit.milliseconds.instant("60000")?.milliseconds == 60_000)
    #expect(EpochUnit.microseconds.instant("1767225600000999")?.milliseconds == 1_767_225_600_000)
    #expect(EpochUnit.nanoseconds.instant("1767225600000999999")?.milliseconds == 1_767_225_600_000)
    #expect(EpochUnit.milliseconds.instant("1.5") == nil && EpochUnit.seconds.instant("1.") == nil)
    #expect(EpochUnit.seconds.instant("9223372036854775807") == nil)
  }

  @Test func inJSONItIsISO8601AndNumbersAreReadToo() throws {
    let instants = [0, 1_767_225_600_123, 253_402_300_799_999, -62_200_000_000_000, .min, .max]
      .map(Timestamp.init(milliseconds:))
    let data = try JSONEncoder().encode(instants)
    #expect(
      String(decoding: data, as: UTF8.self).contains(
        "[\"1970-01-01T00:00:00.000Z\",\"2026-01-01T00:00:00.123Z\""))
    #expect(try JSONDecoder().decode([Timestamp].self, from: data) == instants)
    let read = try JSONDecoder().decode([Timestamp].self, from: Data("[5, \"2026-01-01\"]".utf8))
    #expect(read.map(\.milliseconds) == [5, 1_767_225_600_000])
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([Timestamp].self, from: Data("[\"noon\"]".utf8))
    }
  }

  @Test func datesAreThoseOfFoundation() {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = TimeZone(identifier: "UTC")!
    var random = SeededGenerator(seed: 7, stream: "dates")
    for _ in 0..<2000 {
      let days = Int64(random.index(below: 100_000))
      let parts = calendar.dateComponents(
        [.year, .month, .day, .weekday], from: Date(timeIntervalSince1970: Double(days) * 86_400))
      let date = CivilDate(daysSince1970: days)
      #expect(date == CivilDate(year: Int64(parts.year!), month: Int64(parts.month!), day: Int64(parts.day!)))
      #expect(date.daysSince1970 == days)
      #expect(date.weekday == Int64(parts.weekday!) - 1)
    }
  }
}

@Suite struct SeededGeneratorTests {
  @Test func equalSeedsAndStreamsGiveEqualNumbers() {
    var a = SeededGenerator(seed: 1, stream: "x")
    var b = SeededGenerator(seed: 1, stream: "x")
    var c = SeededGenerator(seed: 1, stream: "y")
    let numbers = (0..<100).map { _ in a.next() }
    #expect(numbers == (0..<100).map { _ in b.next() })
    #expect(numbers != (0..<100).map { _ in c.next() })
  }

  @Test func numbersAreEvenlySpread() {
    var random = SeededGenerator(seed: 3)
    var counts = [Int](repeating: 0, count: 10)
    for _ in 0..<100_000 { counts[random.index(below: 10)] += 1 }
    // Ten standard deviations of a fair draw.
    #expect(counts.allSatisfy { abs($0 - 10_000) < 950 })
    let sample = random.sample(50, of: 100)
    #expect(
      Set(sample).count == 50 && sample == sample.sorted() && sample.allSatisfy { (0..<100).contains($0) })
    #expect(random.sample(5, of: 5) == [0, 1, 2, 3, 4])
  }
}
