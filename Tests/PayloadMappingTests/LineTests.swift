import PayloadMapping
import Telemetry
import Testing

/// InfluxDB's line protocol, and payloads with many records.
struct LineTests {
  private func lines(_ payload: String, _ change: (inout MessageMapping) throws -> Void = { _ in }) throws
    -> Reading
  {
    read(
      try makeEntry("t") {
        $0.format = .lineProtocol
        $0.names = [.init(name: "device", paths: [try PayloadPath("tags.host")])]
        $0.time = try MappedTime("timestamp", .milliseconds, isOtherwiseArrival: true)
        $0.values = [.init(path: try PayloadPath("fields"))]
        $0.booleans = .number
        try change(&$0)
      }, "t", payload)
  }

  @Test(arguments: [
    ("1", "1.0"), ("-1.5e3", "-1500.0"), ("3i", "3.0"), ("-3i", "-3.0"),
    ("18446744073709551615u", "1.8446744073709552e+19"),
    ("t", "1.0"), ("T", "1.0"), ("true", "1.0"), ("True", "1.0"), ("TRUE", "1.0"), ("f", "0.0"),
    ("FALSE", "0.0"),
    (".5", "0.5"), ("-.5", "-0.5"), ("1.", "1.0"), ("-1.", "-1.0"), ("+1.5", "1.5"), (".5e3", "500.0"),
    ("1.E-1", "0.1"), ("0.", "0.0"), ("-0.", "-0.0"),
  ])
  func fields(_ field: String, _ value: String) throws {
    #expect(try lines("m,host=a x=\(field) 7").messages == ["a@7:x=\(value)"])
  }

  @Test(arguments: [
    "m", "m ", "m,host x=1", "m,host= x=1", "m,host=a", "m,host=a x", "m,host=a x=", "m,host=a x=1,",
    "m,host=a =1",
    "m,host=a x=1 2 3", "m,host=a x=1 a", "m,host=a x=1.5i", "m,host=a x=+1i", "m,host=a x=-1u",
    "m,host=a x=9223372036854775808i", "m,host=a x=tru",
    "m,host=a x=\"a",
    ",host=a x=1", "m,host=a x=1i2", "m,host=a x=01",
    "m,host=a x=.", "m,host=a x=-.", "m,host=a x=+", "m,host=a x=.e5", "m,host=a x=1..5", "m,host=a x=1.5.",
    "m,host=a x=+-1", "m,host=a x=--1", "m,host=a x=-+1", "m,host=a x=.5i", "m,host=a x=1.e",
    "m,host=a x=+NaN",
    "m,host=a x=1.x", "m,host=a x=01.", "m,host=a x=..5",
  ])
  func aBrokenLineCostsItselfAlone(_ line: String) throws {
    let reading = try lines("m,host=b y=1 7\n\(line)\nm,host=b z=2 7")
    // A text that does not end takes what follows for its own; nothing else does.
    #expect(reading.messages == ["b@7:y=1.0,z=2.0"], "\(reading)")
    #expect(reading.refused.count == 1 && reading.refused.reasonText.hasPrefix("line 2 cannot be read: "))
  }

  @Test func aShortenedNumberIsAValueAsAnyOther() throws {
    #expect(
      try lines("m,host=a x=1.e999,y=.5 7").refused.reasons == [
        "line 1: “fields.x” is 1e999, which is beyond the range of a double"
      ])
    let reading = try lines("m,host=a x=-.5,y=1.,z=\"t\" 7") {
      $0.texts = .leaveOut
    }
    #expect(reading.messages == ["a@7:x=-0.5,y=1.0"] && reading.refused.count == 0)
  }

  @Test func whatStandsInATextIsNoLine() throws {
    let reading = try lines(
      "req,host=c took=oops,msg=\"GET /\ncpu,host=d usage=99 7\nsaid \\\"yes\\\"\ncpu,host=e usage=98 7\n\" 7\n"
        + "m,host=b z=2 7\nm,host=b z=tru")
    #expect(reading.messages == ["b@7:z=2.0"], "\(reading)")
    #expect(reading.refused.count == 2)
    #expect(reading.refused.reasons.first?.hasPrefix("line 1 cannot be read: a value ") == true)
    #expect(reading.refused.reasons.last?.hasPrefix("line 7 cannot be read: ") == true)
  }

  /// Of a text that does not end, or that is none, nothing but the line is lost.
  @Test(arguments: [
    "m,host=a x=\"a", "m,host=a x=tru,y=\"a\\\"", "m,host=a\" x=tru", "m,host=\"a x=tru",
    "m,host=a x=\"a\"b\"",
    "m\\ =\",host=a x=tru", "\"", "m,host=a x=tru,y=\"\\",
  ])
  func aQuotationMarkTooFew(_ line: String) throws {
    let reading = try lines("m,host=b y=1 7\n\(line)\nm,host=b z=2 7")
    #expect(reading.messages == ["b@7:y=1.0,z=2.0"], "\(reading)")
    #expect(reading.refused.count == 1 && reading.refused.reasonText.hasPrefix("line 2 cannot be read: "))
  }

  @Test func escapesAndComments() throws {
    let reading = try lines(
      "# a comment\r\n\r\nm\\ a\\,b,host=a\\=b\\ c,u=v te\\ mp=1,s=\"q\\\"\\\\,\n \",n=2 7\r\nm,host=d x=1")
    #expect(reading.messages == ["d@5:x=1.0", "a_x3Db_x20c@7:n=2.0,te_x20mp=1.0"])
    #expect(reading.refused.reasons == ["line 3: “fields.s” is the text “q\"\\,\\n ”, which is no number"])
    #expect(try lines("# nothing").error == .noValues)
    #expect(try lines("# nothing\n\n  \r\n#\n").error == .noValues)
    #expect(try lines("m,u=v x=1").error?.description.contains("line 1: there is no “device”") == true)
  }

  @Test func aNameThatIsThereTwiceIsSaidToBe() throws {
    let reading = try lines("m,host=a,host=b f=1 7\nm,host=c,cpu=0,cpu=1 g=2 7\nm,host=d h=3 7") {
      $0.names.append(.init(name: "cpu", paths: [try PayloadPath("tags.cpu")]))
      $0.sensor = try NameTemplate("{cpu}.{name}")
    }
    guard case .noSoundValue(let refused) = reading.error else {
      Issue.record("\(reading)")
      return
    }
    #expect(
      refused.reasons == [
        "line 1: “device”, which names the device, is there twice",
        "line 2: “fields.g” is named by “cpu”, which is there twice",
        "line 3: “fields.h” has no “cpu” to be named by",
      ])
  }

  @Test func manyRecordsOfManyDevices() throws {
    let entry = try makeEntry("t") {
      $0.records = try PayloadPath("*")
      $0.names = [.init(name: "device", paths: [try PayloadPath("d")])]
      $0.time = try MappedTime("t", .milliseconds)
    }
    let records = (0..<400).map { #"{"d":"d\#($0 % 40)","t":\#($0 % 20),"s\#($0 / 40)":\#($0)}"# }
    let reading = read(entry, "t", "[\(records.joined(separator: ","))]")
    #expect(reading.messages.count == 40 && reading.refused.count == 0)
    #expect(reading.messages.allSatisfy { $0.filter { $0 == "=" }.count == 10 })
    #expect(reading.messages.first == "d0@0:" + (0..<10).map { "s\($0)=\($0 * 40).0" }.joined(separator: ","))
    let tooMany = "[" + Array(repeating: "1", count: 4097).joined(separator: ",") + "]"
    #expect(read(entry, "t", tooMany).error == .malformed("it has more than 4096 records"))
    let wide = "{" + (0..<300).map { "\"s\($0)\":1" }.joined(separator: ",") + "}"
    let whole = read(try makeEntry("{device}"), "d", wide)
    #expect(whole.refused.count == 44 && whole.messages[0].filter { $0 == "=" }.count == 256)
  }

  @Test func namesThatNeverRepeatAreForgotten() throws {
    var decoder = MappingDecoder(PayloadMapping(name: "m", messages: [try makeEntry("{device}")]))
    for round in 0..<60 {
      let payload = "{" + (0..<200).map { "\"s\(round)_\($0)\":\(round)" }.joined(separator: ",") + "}"
      let reading = Reading(&decoder, "d\(round)", payload.utf8)
      #expect(reading.messages.first?.hasPrefix("d\(round)@5:s\(round)_0=\(round).0,") == true)
    }
  }
}
