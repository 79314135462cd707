import PayloadMapping
import Telemetry
import Testing

/// Records that are no objects, and texts that are numbers beyond a double.
struct RecordTests {
  private func pairs(_ records: String, _ change: (inout MessageMapping) throws -> Void = { _ in }) throws
    -> Reading
  {
    let entry = try makeEntry("p/x") {
      $0.records = try PayloadPath("metrics.*")
      $0.names = [
        .init(name: "device", paths: [try PayloadPath("$.dev")]),
        .init(name: "metric", paths: [try PayloadPath("name")]),
      ]
      $0.time = try MappedTime("ts", .milliseconds)
      var value = MessageMapping.Values(path: try PayloadPath("value"))
      value.sensor = try NameTemplate("{metric}")
      $0.values = [value]
      try change(&$0)
    }
    return read(entry, "p/x", "{\"dev\":\"a\",\"metrics\":\(records)}")
  }

  private static let sound = #"{"name":"t","value":1,"ts":5}"#

  @Test(arguments: [
    ("5", "is 5, which is no object"), ("-1e400", "is -1e400, which is no object"),
    ("true", "is true, which is no object"), ("NaN", "is NaN, which is no object"),
    (#""x""#, "is the text “x”, which is no object"), (#""\u0041""#, "is the text “A”, which is no object"),
    ("[]", "is a list, which is no object"),
    (#"[{"name":"u","value":2,"ts":5}]"#, "is a list, which is no object"),
  ])
  func aRecordThatIsNoObjectHasItsReason(_ record: String, _ reason: String) throws {
    for (records, place) in [
      ("[\(record),\(Self.sound)]", 1), ("[\(Self.sound),\(record)]", 2),
      ("[null,\(record),\(Self.sound),{}]", 2),
    ] {
      let reading = try pairs(records)
      #expect(reading.messages == ["a@5:t=1.0"] && reading.refused.count == 1, "\(reading)")
      #expect(reading.refused.reasons == ["record \(place): \(reason)"])
    }
    // Nothing else is there: the message is rejected with the reason, and not because it has no values.
    #expect(
      try pairs("[\(record)]").error?.description
        == "no value of the message is taken: record 1: \(reason)")
  }

  @Test func whatHasNoReadingsHasNoReason() throws {
    let reading = try pairs(#"[null,{},{"name":"u","ts":5},{"value":null},\#(Self.sound)]"#)
    #expect(reading.messages == ["a@5:t=1.0"] && reading.refused.count == 0, "\(reading)")
    #expect(try pairs("[null]").error == .noValues)
    // What is left out, and what is read of the whole payload, is beside the records.
    let left = try pairs("[5,\"x\",[],\(Self.sound)]") { $0.leaveOut = [try PayloadPath("**")] }
    #expect(left.error == .noValues)
    let components = try makeEntry {
      $0.records = try PayloadPath("{component}")
      $0.time = try MappedTime("$.ts", .milliseconds)
      $0.values = [.init(path: try PayloadPath("power"))]
      $0.sensor = try NameTemplate("{component}.{name}")
    }
    let status = read(components, "t/d", #"{"ts":7,"switch:0":{"power":2},"name":"x"}"#)
    #expect(status.messages == ["d@7:switch_x3A0.power=2.0"])
    #expect(status.refused.reasons == ["record 3: is the text “x”, which is no object"])
  }

  @Test func listsThatAreRecords() throws {
    let entry = try makeEntry {
      $0.records = try PayloadPath("*")
      $0.values = [.init(path: try PayloadPath("1"))]
      $0.time = try MappedTime("0", .milliseconds)
      $0.sensor = try NameTemplate("v")
    }
    let reading = read(entry, "t/d", "[[7,1.5],[],5,[8,2.5]]")
    #expect(reading.messages == ["d@7:v=1.5", "d@8:v=2.5"])
    #expect(reading.refused.reasons == ["record 3: is 5, which is no object and no list"])
  }

  /// Where the record itself is the value, it is one as any other.
  @Test func theRecordItselfMayBeTheValue() throws {
    let entry = try makeEntry {
      $0.records = try PayloadPath("{key}")
      $0.sensor = try NameTemplate("{key}")
      $0.lists = .leaveOut
    }
    let reading = read(entry, "t/d", #"{"a":1,"b":"x","c":[1],"d":null}"#)
    #expect(reading.messages == ["d@5:a=1.0"])
    #expect(reading.refused.reasons == ["record 2: the value is the text “x”, which is no number"])
  }

  @Test func manyRecordsThatAreNoneAreCounted() throws {
    let reading = try pairs("[\(Self.sound)" + String(repeating: ",5", count: 100) + "]")
    #expect(reading.messages == ["a@5:t=1.0"] && reading.refused.count == 100)
    #expect(reading.refused.reasons.first == "record 2: is 5, which is no object")
  }

  @Test(arguments: MessageMapping.TextPolicy.allCases) func aTextBeyondADouble(
    policy: MessageMapping.TextPolicy
  )
    throws
  {
    let beyond = "“x” is 1e400, which is beyond the range of a double"
    let expected: [String] =
      switch policy {
      case .number, .numberOrLeaveOut: [beyond]
      case .refuse: ["“x” is the text “1e400”, which is no number"]
      case .leaveOut: []
      }
    for written in ["1e400", #"1\u0065400"#] {
      let reading = read(try makeEntry { $0.texts = policy }, "t/d", "{\"x\":\"\(written)\",\"y\":1}")
      #expect(reading.messages == ["d@5:y=1.0"] && reading.refused.reasons == expected, "\(reading)")
    }
    let text = try makeEntry {
      $0.format = .text
      $0.sensor = try NameTemplate("x")
      $0.texts = policy
    }
    for written in ["1e400", "\"1e400\""] {
      #expect(read(text, "t/d", written).error?.description.hasSuffix("beyond the range of a double") == true)
    }
    // What only begins as a number is none.
    for written in ["1e400x", "-", "1e", "01", "NaN", "1 "] {
      let reading = read(try makeEntry { $0.texts = policy }, "t/d", "{\"x\":\"\(written)\",\"y\":1}")
      let isRefused = policy == .refuse || policy == .number
      #expect(reading.refused.reasonText.contains("which is no number") == isRefused, "\(reading)")
    }
  }
}
