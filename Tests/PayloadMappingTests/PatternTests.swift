import PayloadMapping
import Telemetry
import Testing

struct PatternTests {
  @Test(
    arguments: [
      ("tele/{device}/SENSOR", "tele/a b/SENSOR", ["a b"]), ("tele/{device}/SENSOR", "tele/a/STATE", nil),
      ("tele/{device}/SENSOR", "tele/a/SENSOR/x", nil),
      ("zigbee2mqtt/{device+}", "zigbee2mqtt/a/b/c", ["a/b/c"]),
      ("zigbee2mqtt/{device+}", "zigbee2mqtt", nil),
      ("site/{area+}/meter/+/power", "site/a/b/meter/3/power", ["a/b"]),
      ("site/{area+}/meter/+/power", "site/meter/3/power", nil), ("x/switch:{n}", "x/switch:0", ["0"]),
      ("x/switch:{n}", "x/light:0", nil), ("x/a{n}a", "x/a", nil), ("x/a{n}a", "x/aa", [""]),
      ("bridge/#", "bridge", []), ("bridge/#", "bridge/a/b", []), ("+/x", "$SYS/x", nil),
      ("#", "$SYS/x", nil),
      ("$SYS/{a}", "$SYS/x", ["x"]), ("a/{device}/", "a/x/", ["x"]), ("{d}", "", [""]),
      // Combining characters at the beginning of a level, and two spellings of one character, which are two topics.
      ("a/{d}/x", "a/\u{301}e/x", ["\u{301}e"]), ("a/\u{301}e", "a/\u{301}e", []),
      ("a/{d}\u{301}", "a/b\u{301}", ["b"]), ("a/+/x", "a/\u{301}/x", []),
      ("a/{d+}/x", "a/\u{301}/\u{302}/x", ["\u{301}/\u{302}"]),
      ("a/\u{301}{d}", "a/\u{301}\u{302}", ["\u{302}"]),
      ("#", "$\u{301}SYS/x", nil), ("+/x", "$\u{301}/x", nil),
      ("w\u{E4}rme/{d}", "w\u{E4}rme/x", ["x"]), ("w\u{E4}rme/{d}", "wa\u{308}rme/x", nil),
      ("wa\u{308}rme/{d}", "w\u{E4}rme/x", nil), ("\u{E4}{d}", "a\u{308}x", nil),
      ("{d}\u{E4}", "xa\u{308}", nil),
    ] as [(String, String, [String]?)])
  func topics(_ pattern: String, _ topic: String, _ names: [String]?) throws {
    #expect(try TopicPattern(pattern).match(topic) == names)
  }

  @Test(arguments: [
    "", "a/{", "a/}", "a/{x}{y}", "a/{x+}b", "a/#/b", "{x+}/{y+}", "{x+}/#", "a+", "a/{x}/{x}", "{a b}",
    "{name}",
    "a/{}", "a\0", "a/+\u{301}", "a/{x}\u{301}}", "a\0\u{301}", "$share/g/a/{device}", "$share/g/#",
  ])
  func topicsThatAreNone(_ pattern: String) {
    #expect(throws: MappingError.self) { try TopicPattern(pattern) }
  }

  @Test func topicsHaveABound() throws {
    let most = "a/" + String(repeating: "é", count: 32_766) + "a"
    #expect(try TopicPattern(most).match(most) == [])
    #expect(throws: MappingError.self) { try TopicPattern(most + "a") }
  }

  @Test func aSharedSubscriptionIsNoTopic() throws {
    let fault = #expect(throws: MappingError.self) { try TopicPattern("$share/g/a/{device}") }
    #expect(fault?.reason.contains("--topic '$share/…'") == true)
    #expect(try TopicPattern("$share").match("$share") == [])
    #expect(try TopicPattern("a/$share/{d}").match("a/$share/x") == ["x"])
  }

  @Test func filters() throws {
    func filters(_ patterns: String..., ignored: [String] = []) throws -> [String] {
      PayloadMapping(
        name: "m",
        messages: try patterns.map { try makeEntry($0) }
          + ignored.map { .ignoring([try TopicPattern($0)]) }
      ).filters
    }
    #expect(try filters("tele/{device}/SENSOR") == ["tele/+/SENSOR"])
    #expect(try filters("site/{area+}/meter/+/power") == ["site/#"])
    #expect(try filters("x/switch:{n}", "x/{y}") == ["x/+"])
    #expect(try filters("a/{d}", "b/{d}", "a/x", ignored: ["c/#"]) == ["a/+", "b/+"])
    #expect(try filters("{d}/x", "$SYS/x") == ["+/x", "$SYS/x"])
    #expect(try filters("a/b/{d+}", "a/{d+}") == ["a/#"])
    // Two spellings of one character, of which a broker knows nothing.
    #expect(try filters("w\u{E4}rme/{d}", "wa\u{308}rme/{d}").count == 2)
    #expect(try filters("w\u{E4}rme/x/{d}", "wa\u{308}rme/{d+}").count == 2)
  }

  @Test(arguments: [
    ("", "$"), ("$.", ""), ("a..b", ""), ("/a//b", "/a//b"), ("{", ""), ("{a}.{a}", ""), ("a\\", ""),
    ("/~2", ""),
    ("{name}", ""), ("{a b}", ""), ("switch:{ch}", ""), ("/switch:{ch}", ""), ("a.b{", ""), ("/a/*{x}", ""),
    ("$.{a", ""),
  ])
  func pathsThatAreNone(_ path: String, _ instead: String) {
    if instead.isEmpty {
      #expect(throws: MappingError.self) { try PayloadPath(path) }
    } else {
      #expect(throws: Never.self) { try (PayloadPath(path), PayloadPath(instead)) }
    }
  }

  @Test(arguments: [
    ("a.b", true), ("/a/b", true), ("$.a.b", true), ("$/a/b", true), ("a.*", true), ("*.b", true),
    ("**", true),
    ("**.b", true), ("a.**", true), ("a.**.b", true), ("**.**.b", true), ("{x}.b", true), ("a.b*", true),
    ("a.*b*", true),
    ("a.c", false), ("b", false), ("a.b.c", false), ("/a/b/", false), ("**.c", false), ("a.b?", false),
    ("a.*x", false),
  ])
  func paths(_ path: String, _ isThere: Bool) throws {
    let entry = try makeEntry { $0.values = [.init(path: try PayloadPath(path))] }
    let reading = read(entry, "t/d", #"{"a":{"b":7}}"#)
    #expect(reading.messages.isEmpty != isThere)
  }

  @Test func keysThatNeedWriting() throws {
    for path in ["a\\.b", "/a.b", "/a~1b", "/a~0b", "\\*", "\\{x", "/", "/ё"] {
      let entry = try makeEntry { $0.values = [.init(path: try PayloadPath(path))] }
      let reading = read(entry, "t/d", #"{"a.b":1,"a/b":1,"a~b":1,"*":1,"{x":1,"":1,"ё":1}"#)
      #expect(
        path == "/"
          ? reading.refused.count + (reading.error == nil ? 0 : 1) == 1 : reading.messages.count == 1)
    }
  }

  @Test func aNameIsAWholePartOfAPath() throws {
    for path in ["switch:{ch}", "/params/switch:{ch}"] {
      let fault = #expect(throws: MappingError.self) { try PayloadPath(path) }
      #expect(fault?.reason.contains("a name is a whole part of a path") == true)
    }
    for path in ["switch:\\{ch}", "/switch:\\{ch}"] {
      let entry = try makeEntry { $0.values = [.init(path: try PayloadPath(path))] }
      #expect(
        read(entry, "t/d", #"{"switch:{ch}":1,"switch:0":2}"#).messages == ["d@5:switch_x3A_x7Bch_x7D=1.0"])
    }
  }

  @Test func templates() throws {
    func sensor(_ template: String, _ payload: String) throws -> Reading {
      let entry = try makeEntry {
        $0.names = [
          .init(name: "cpu", paths: [try PayloadPath("cpu")]),
          .init(name: "m", paths: [try PayloadPath("m")]),
        ]
        $0.sensor = try NameTemplate(template)
      }
      return read(entry, "t/d", payload)
    }
    #expect(try sensor("{m}[.{cpu}].{name}", #"{"m":"cpu","cpu":0,"x":1}"#).messages == ["d@5:cpu.0.x=1.0"])
    #expect(try sensor("{m}[.{cpu}].{name}", #"{"x":1,"m":"cpu"}"#).messages == ["d@5:cpu.x=1.0"])
    #expect(try sensor("{m}[.{cpu}].{name}", #"{"x":1,"cpu":true}"#).error != nil)
    #expect(try sensor("{cpu}", #"{"x":1,"cpu":true}"#).messages == ["d@5:true=1.0"])
    #expect(try sensor("a{{b[[c]]{name}", #"{"x":1}"#).messages == ["d@5:a_x7Bb_x5Bc_x5Dx=1.0"])
    #expect(try sensor("{m}x", #"{"x":1,"m":{}}"#).error != nil)
    for text in ["", "{", "{a b}", "{a}{b}", "[a]", "[{a}", "{a}]", "[[{a}[{b}[{c}]]", "{a}[{b}][c]"] {
      #expect(throws: MappingError.self, "\(text)") { try NameTemplate(text) }
    }
  }

  @Test func namesThatAreNoIDs() throws {
    let entry = try makeEntry("{device+}")
    #expect(
      read(entry, "Living room/_lamp", #"{"_total":1,"switch:0":2}"#).messages
        == ["Living_x20room_x2F_lamp@5:switch_x3A0=2.0,x5F_total=1.0"])
    let long = String(repeating: "n", count: 65)
    #expect(
      read(entry, long, #"{"x":1}"#).error?.description.contains("makes an id of more than 64 characters")
        == true)
    let reading = read(entry, "d", "{\"\(long)\":1,\"y\":2,\"\":3}")
    #expect(reading.messages == ["d@5:y=2.0"])
    #expect(reading.refused.count == 2)
    #expect(reading.refused.reasonText.contains("has a name of no characters"))
  }
}
