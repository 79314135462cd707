import PayloadMapping
import Telemetry
import Testing

struct TimeTests {
  private func time(_ payload: String, _ unit: MappedTime.Unit, zone: String = "Z") throws -> Reading {
    read(
      try makeEntry { $0.time = try MappedTime("t", unit, zone: zone) }, "t/d", "{\"t\":\(payload),\"x\":1}")
  }

  @Test(
    arguments: [
      ("1767225600", .seconds, 1_767_225_600_000), ("1767225600.2559", .seconds, 1_767_225_600_255),
      ("\"1767225600\"", .seconds, 1_767_225_600_000), ("1.7e9", .seconds, 1_700_000_000_000),
      ("0", .seconds, 0),
      ("1767225600000", .milliseconds, 1_767_225_600_000),
      ("1767225600000.9", .milliseconds, 1_767_225_600_000),
      ("1767225600000999", .microseconds, 1_767_225_600_000),
      ("1767225600255999999", .nanoseconds, 1_767_225_600_255), ("999999", .nanoseconds, 0),
      ("17672256e2", .seconds, 1_767_225_600_000), ("253402300799.999", .seconds, 253_402_300_799_999),
      ("1767225600", .auto, 1_767_225_600_000), ("1767225600255", .auto, 1_767_225_600_255),
      ("1767225600255999", .auto, 1_767_225_600_255), ("1767225600255999999", .auto, 1_767_225_600_255),
      ("\"2026-01-01T00:00:00+01:00\"", .auto, 1_767_222_000_000),
      ("\"1767225600\"", .auto, 1_767_225_600_000),
      ("\"2026-01-01\"", .iso8601, 1_767_225_600_000),
      ("\"2026-01-01T00:00:00.123456789Z\"", .iso8601, 1_767_225_600_123),
    ] as [(String, MappedTime.Unit, Int64)])
  func instants(_ payload: String, _ unit: MappedTime.Unit, _ milliseconds: Int64) throws {
    #expect(try time(payload, unit).messages == ["d@\(milliseconds):x=1.0"])
  }

  @Test(
    arguments: [
      ("-1", .seconds), ("1e400", .seconds), ("1e17", .seconds), ("253402300800", .seconds),
      ("\"\"", .seconds),
      ("\"1.\"", .seconds), ("\".5\"", .seconds), ("\"1e\"", .seconds), ("\"12a\"", .seconds),
      ("true", .seconds),
      ("{}", .seconds), ("[1]", .milliseconds), ("NaN", .milliseconds), ("1767225600", .iso8601),
      ("\"2026-13-01\"", .iso8601), ("\"yesterday\"", .auto), ("5", .auto), ("\"5\"", .auto),
      ("99999999999999999999", .milliseconds),
      ("1e-9223372036854775808", .seconds), ("\"1e-9223372036854775808\"", .auto),
      ("\"1e9223372036854775807\"", .nanoseconds), ("1e-9223372036854775808", .milliseconds),
    ] as [(String, MappedTime.Unit)])
  func timesThatAreNone(_ payload: String, _ unit: MappedTime.Unit) throws {
    let reading = try time(payload, unit)
    #expect(reading.messages.isEmpty)
    guard case .noSoundValue(let refused) = reading.error else {
      Issue.record("\(reading)")
      return
    }
    #expect(refused.reasonText.hasPrefix("“t” is ") && refused.reasonText.hasSuffix(" was expected"))
  }

  /// They are ISO 8601, and no instants that a message may have.
  @Test(arguments: [#""1969-12-31T23:59:59Z""#, #""2016-12-31T23:59:60Z""#, #""0001-01-01""#])
  func datesThatAreNoInstants(_ payload: String) throws {
    for unit in [MappedTime.Unit.iso8601, .auto] {
      let reason = try time(payload, unit).error?.description ?? ""
      #expect(
        reason.contains("of the years 1970 to 9999") && reason.contains("without leap seconds"), "\(reason)")
    }
  }

  @Test func zones() throws {
    #expect(
      try time("\"2026-01-01T12:00:00\"", .iso8601, zone: "+01:00").messages == ["d@1767265200000:x=1.0"])
    #expect(
      try time("\"2026-01-01T12:00:00\"", .iso8601, zone: "-0530").messages == ["d@1767288600000:x=1.0"])
    #expect(
      try time("\"2026-01-01T12:00:00Z\"", .iso8601, zone: "+01:00").messages == ["d@1767268800000:x=1.0"])
    #expect(
      try time("\"2026-01-01T12:00:00+02\"", .iso8601, zone: "+01:00").messages == ["d@1767261600000:x=1.0"])
    for zone in ["", "1", "+1", "+15:00", "+01:60", "Europe/Berlin", "+0100 "] {
      #expect(throws: MappingError.self, "\(zone)") { try MappedTime.Zone(zone) }
    }
  }

  @Test func theFirstThatIsThere() throws {
    let entry = try makeEntry {
      $0.time = MappedTime(paths: [try PayloadPath("a"), try PayloadPath("b.c")], unit: .milliseconds)
    }
    #expect(read(entry, "t/d", #"{"x":1,"b":{"c":7},"a":3}"#).messages == ["d@3:x=1.0"])
    #expect(read(entry, "t/d", #"{"a":null,"b":{"c":7},"x":1}"#).messages == ["d@7:x=1.0"])
    #expect(
      read(entry, "t/d", #"{"x":1}"#).error?.description
        == "no value of the message is taken: there is no time: “a” and “b.c” are missing")
    #expect(
      read(entry, "t/d", #"{"a":1,"a":1,"x":1}"#).error?.description.contains("“a” is there twice") == true)
    #expect(
      read(entry, "t/d", #"{"a":null,"x":1}"#).error?.description
        == "no value of the message is taken: there is no time: “a” is null, and “b.c” is missing")
    #expect(
      read(entry, "t/d", #"{"b":{"c":null},"a":null,"x":1}"#).error?.description.hasSuffix(
        "“a” and “b.c” are null") == true)
    let otherwise = try self.entryWithArrival()
    #expect(read(otherwise, "t/d", #"{"x":1}"#).messages == ["d@5:x=1.0"])
    #expect(read(otherwise, "t/d", #"{"x":1,"a":9}"#).messages == ["d@9:x=1.0"])
    #expect(read(otherwise, "t/d", #"{"x":1,"a":"?"}"#).messages.isEmpty)
  }

  private func entryWithArrival() throws -> MessageMapping {
    try makeEntry { $0.time = try MappedTime("a", .milliseconds, isOtherwiseArrival: true) }
  }

  @Test func positions() throws {
    let entry = try makeEntry {
      $0.epoch = try PayloadPath("e")
      $0.sequence = try PayloadPath("s")
    }
    #expect(read(entry, "t/d", #"{"e":1,"s":"2","x":1}"#).messages == ["d@5#1.2:x=1.0"])
    #expect(read(entry, "t/d", #"{"e":1e0,"s":2.0,"x":1}"#).messages == ["d@5#1.2:x=1.0"])
    #expect(read(entry, "t/d", #"{"x":1}"#).messages == ["d@5:x=1.0"])
    for (written, number) in [
      ("1000000000000000000", "1000000000000000000"), ("1767225600255999999", "1767225600255999999"),
      ("9223372036854775807", "9223372036854775807"), ("1e18", "1000000000000000000"),
      ("9.223372036854775807e18", "9223372036854775807"), ("9223372036854775807.0", "9223372036854775807"),
      ("9223372036854775806", "9223372036854775806"), ("1.0", "1"), ("0", "0"), ("-0", "0"), ("0.0", "0"),
      ("0e5", "0"), ("10e-1", "1"), ("9007199254740993", "9007199254740993"),
    ] {
      #expect(
        read(entry, "t/d", "{\"e\":1,\"s\":\(written),\"x\":1}").messages == ["d@5#1.\(number):x=1.0"],
        "\(written)")
      #expect(
        read(entry, "t/d", "{\"e\":\(written),\"s\":2,\"x\":1}").messages == ["d@5#\(number).2:x=1.0"],
        "\(written)")
      guard written != "-0" else { continue }
      #expect(
        read(entry, "t/d", "{\"e\":\"\(written)\",\"s\":\"\(written)\",\"x\":1}").messages
          == ["d@5#\(number).\(number):x=1.0"], "\(written)")
    }
    for written in [
      "9223372036854775808", "1e19", "9.223372036854775808e18", "1e308", "1e-400", "1e-5", "0.5", "-1",
      "9223372036854775807.5", "1000000000000000000.1", "1e-320", "12345678901234567890", "\"1e-400\"",
      "\"9223372036854775808\"", "1e400",
    ] {
      let reason = read(entry, "t/d", "{\"e\":1,\"s\":\(written),\"x\":1}").error?.description ?? ""
      #expect(
        reason.hasSuffix("a whole number from 0 to 9223372036854775807 was expected"), "\(written): \(reason)"
      )
    }
    #expect(
      read(entry, "t/d", #"{"e":null,"s":2,"x":1}"#).error?.description.contains("“e” is null; epoch") == true
    )
    for payload in [
      #"{"e":1e-9223372036854775808,"s":2,"x":1}"#, #"{"e":1,"s":"1e-9223372036854775808","x":1}"#,
      #"{"s":2,"x":1}"#, #"{"e":-1,"s":2,"x":1}"#, #"{"e":1,"s":2.5,"x":1}"#, #"{"e":[],"s":2,"x":1}"#,
    ] {
      #expect(read(entry, "t/d", payload).error != nil, "\(payload)")
    }
  }

  @Test func onePositionHasOneTime() throws {
    let entry = try makeEntry {
      $0.records = try PayloadPath("*")
      $0.time = try MappedTime("t", .milliseconds)
      $0.epoch = try PayloadPath("e")
      $0.sequence = try PayloadPath("s")
    }
    let reading = read(
      entry, "t/d",
      #"[{"t":2,"e":0,"s":0,"x":1},{"t":2,"e":0,"s":0,"y":2},{"t":1,"e":0,"s":0,"z":3},{"t":1,"e":0,"s":1,"z":4}]"#
    )
    #expect(reading.messages == ["d@1#0.1:z=4.0", "d@2#0.0:x=1.0,y=2.0"])
    #expect(
      reading.refused.reasons == ["record 3: has the epoch and sequence of another time in this payload"])
  }
}
