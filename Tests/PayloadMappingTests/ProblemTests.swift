import PayloadMapping
import Testing

/// What a mapping cannot say, each provoked alone.
struct ProblemTests {
  private func problems(_ changes: (inout MessageMapping) throws -> Void) throws -> [String] {
    PayloadMapping(name: "m", messages: [try makeEntry("t/{device}/{x}", changes)]).problems.map(\.place)
  }

  @Test func aSoundOneHasNone() throws {
    #expect(try problems { _ in } == [])
    let sound = try problems {
      $0.records = try PayloadPath("a.{r}")
      $0.names = [.init(name: "n", paths: [try PayloadPath("$.n"), try PayloadPath("b")])]
      $0.device = try NameTemplate("{device}/{n}")
      $0.values = [.init(path: try PayloadPath("v.{k}"))]
      $0.sensor = try NameTemplate("{r}[.{n}].{k}.{name}")
      $0.epoch = try PayloadPath("e")
      $0.sequence = try PayloadPath("s")
      $0.leaveOut = [try PayloadPath("v.*.id")]
    }
    #expect(sound == [])
  }

  @Test func ofTheWhole() throws {
    #expect(PayloadMapping(name: "m", messages: []).problems.map(\.key) == ["messages"])
    let ignored = MessageMapping.ignoring([try TopicPattern("a")])
    #expect(
      PayloadMapping(name: "m", messages: [ignored]).problems.map(\.reason) == ["every entry is ignored"])
    let many = try (0...64).map { try makeEntry("t\($0)/{device}") }
    #expect(PayloadMapping(name: "m", messages: many).problems.map(\.reason) == ["at most 64 entries"])
    let overlapping = PayloadMapping(
      name: "m", messages: [try makeEntry("a/{device}/x"), try makeEntry("a/b/{device}")])
    #expect(overlapping.problems.first?.reason.contains("“a/+/x” and “a/b/+” have topics in common") == true)
  }

  @Test func ofAnEntry() throws {
    let root = try PayloadPath("$.a")
    let named = try PayloadPath("{q}")
    let plain = try PayloadPath("a")
    #expect(try problems { $0.topics = [] } == ["messages[0].topic", "messages[0].device"])
    #expect(try problems { $0.topics.append(try TopicPattern("u/{device}")) } == ["messages[0].topic"])
    #expect(try problems { $0.conditions = [.init(path: named, text: "*")] } == ["messages[0].where"])
    #expect(try problems { $0.epoch = plain } == ["messages[0].epoch"])
    #expect(try problems { $0.sequence = plain } == ["messages[0].sequence"])
    #expect(try problems { $0.values = [] } == ["messages[0].values"])
    #expect(try problems { $0.device = try NameTemplate("{q}") } == ["messages[0].device"])
    #expect(try problems { $0.sensor = try NameTemplate("{q}") } == ["messages[0].sensor"])
    #expect(try problems { $0.names = [.init(name: "q", paths: [])] } == ["messages[0].names"])
    #expect(try problems { $0.names = [.init(name: "a b", paths: [plain])] } == ["messages[0].names"])
    #expect(try problems { $0.names = [.init(name: "name", paths: [plain])] } == ["messages[0].names"])
    #expect(try problems { $0.names = [.init(name: "x", paths: [plain])] } == ["messages[0].names"])
    #expect(try problems { $0.names = [.init(name: "q", paths: [named])] } == ["messages[0].names"])
    #expect(try problems { $0.leaveOut = [named] } == ["messages[0].leave_out"])
    #expect(try problems { $0.records = .record } == ["messages[0].records"])
    #expect(try problems { $0.records = try PayloadPath("{x}") } == ["messages[0].records"])
    #expect(try problems { $0.values = [.init(path: try PayloadPath("{x}"))] } == ["messages[0].values"])
    func split(_ change: (inout MessageMapping) -> Void) throws -> [String] {
      try problems {
        $0.records = try PayloadPath("r.*")
        change(&$0)
      }
    }
    #expect(try split { $0.values = [.init(path: root)] } == ["messages[0].values"])
    #expect(try split { $0.leaveOut = [root] } == ["messages[0].leave_out"])
    #expect(
      try split {
        $0.epoch = root
        $0.sequence = root
      } == ["messages[0].epoch", "messages[0].sequence"])
    let twice = MessageMapping.Enumerated(text: "a", number: 1)
    #expect(try problems { $0.enumeration = [twice, twice] } == ["messages[0].enumeration"])
    #expect(
      try problems { $0.enumeration = [.init(text: "a", number: .infinity)] } == ["messages[0].enumeration"])
  }

  @Test func ofOtherFormats() throws {
    func text(_ change: (inout MessageMapping) throws -> Void) throws -> [String] {
      try problems {
        $0.format = .text
        $0.sensor = try NameTemplate("{x}")
        try change(&$0)
      }
    }
    let plain = try PayloadPath("a")
    #expect(try text { _ in } == [])
    #expect(try text { $0.sensor = .keys } == ["messages[0].sensor"])
    #expect(try text { $0.records = plain } == ["messages[0].records"])
    #expect(try text { $0.names = [.init(name: "q", paths: [plain])] } == ["messages[0].names"])
    #expect(try text { $0.time = try MappedTime("a", .seconds) } == ["messages[0].time"])
    #expect(try text { $0.values = [.init(path: plain)] } == ["messages[0].values"])
    #expect(try text { $0.conditions = [.init(path: plain, text: "a")] } == ["messages[0].where"])
    #expect(
      try problems {
        $0.format = .lineProtocol
        $0.records = plain
      } == ["messages[0].records"])
  }
}
