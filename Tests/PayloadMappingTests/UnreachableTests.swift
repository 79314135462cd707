import PayloadMapping
import Telemetry
import Testing

/// Entries that no message reaches.
struct UnreachableTests {
  @Test(arguments: [
    ("a/{d}", "a/{e}", true), ("a/#", "a/{d}", true), ("a/#", "a", true), ("#", "a/b", true),
    ("+", "a/b", false),
    ("a/{d}", "a/#", false), ("a/b", "a/{d}", false), ("a/+", "a/b", true), ("a/b", "a/b", true),
    ("a/{d+}", "a/{d+}/set", true), ("a/{d+}", "a", false), ("a/{d+}", "a/#", false), ("a/#", "a/{d+}", true),
    ("a/{d+}/x", "a/b/x", true), ("a/{d+}/x", "a/x", false), ("a/{d+}/x", "a/{e+}/x", true),
    ("a/{d+}/+", "a/b/#", false), ("a/{d+}/+", "a/b/c/#", true), ("a/{d+}/x", "a/b/c/#", false),
    ("a/{d+}/+/+", "a/b/{e+}/c", true), ("a/{d+}/+/x/y", "a/{e+}/y", false), ("+/#", "{d+}", true),
    ("+/#", "{d+}/x", true), ("x/s:{n}", "x/s:{m}", true), ("x/s:{n}", "x/s:0", true),
    ("x/s:{n}", "x/{m}", false),
    ("x/{m}", "x/s:{n}", true), ("x/a{n}a", "x/a", false), ("x/a{n}", "x/ab{n}", true),
    ("x/ab{n}", "x/a{n}", false),
    ("x/{n}b", "x/{n}ab", true), ("#", "$SYS/x", false), ("+/x", "$SYS/x", false), ("$SYS/#", "$SYS/x", true),
    ("$SYS/#", "#", false), ("$S{n}/x", "$SYS/x", true), ("{n}/x", "$S{n}/x", false),
    ("a//b", "a/+/b", false),
    ("w\u{E4}/+", "wa\u{308}/+", false),
  ])
  func coverings(_ wide: String, _ narrow: String, _ isCovered: Bool) throws {
    #expect(try TopicPattern(wide).covers(TopicPattern(narrow)) == isCovered)
  }

  /// Where a pattern is said to cover another one, it matches all that this one does.
  @Test(.timeLimit(.minutes(30))) func coveringPatternsMatch() throws {
    var random = SeededGenerator(seed: 1, stream: "pattern covering")
    let levels = ["a", "b", "", "$a", "+", "{x}", "a{x}", "{x}b", "a{x}b", "{x+}", "#"]
    let texts = ["a", "b", "", "$a", "ab", "aab", "c"]
    func patterns() -> [TopicPattern] {
      (0..<400).compactMap { _ in
        let parts = (0..<random.index(below: 4) + 1).map { index in
          levels[random.index(below: levels.count)].replacing("x", with: "x\(index)")
        }
        return try? TopicPattern(parts.joined(separator: "/"))
      }
    }
    let topics = Set(
      (0..<600).map { _ in
        (0..<random.index(below: 5) + 1).map { _ in texts[random.index(below: texts.count)] }.joined(
          separator: "/")
      })
    var (coverings, matches) = (0, 0)
    let (wide, narrow) = (patterns(), patterns())
    let matched = narrow.map { pattern in topics.filter { pattern.match($0) != nil } }
    for one in wide {
      for (place, other) in narrow.enumerated() where one.covers(other) {
        coverings += 1
        for topic in matched[place] {
          matches += 1
          #expect(one.match(topic) != nil, "\(one) is said to cover \(other), and does not match \(topic)")
        }
      }
    }
    #expect(coverings > 1000 && matches > 10_000, "\(coverings) \(matches)")
  }

  private func problems(_ messages: MessageMapping...) -> [String] {
    PayloadMapping(name: "m", messages: messages).problems.map { "\($0.place): \($0.reason)" }
  }

  private func text(_ topic: String) throws -> MessageMapping {
    try makeEntry(topic) {
      $0.format = .text
      $0.sensor = try NameTemplate("state")
    }
  }

  @Test func anEntryThatTakesNothingIsToldWithTheOneThatDoes() throws {
    let all = MessageMapping.ignoring([try TopicPattern("a/#")])
    let data = try makeEntry("a/{device}")
    let other = try makeEntry("b/{device}")
    #expect(
      problems(all, data, other) == [
        "messages[1].topic: messages[1] never takes a message: “a/#” of messages[0], which has no “where”, "
          + "takes what “a/{device}” would; put messages[1] before it, or leave it out"
      ])
    #expect(problems(data, all) == [])
    let same = MessageMapping.ignoring([try TopicPattern("a/{x}")])
    #expect(problems(data, data).count == 1 && problems(data, same).count == 1)
    // What has a condition leaves the others.
    let condition = MessageMapping.Condition(path: try PayloadPath("kind"), text: "x")
    var some = data
    some.conditions = [condition]
    #expect(problems(some, data) == [] && problems(data, some).count == 1)
    // Of several topics one is enough.
    var both = data
    both.topics.append(try TopicPattern("b/{device}"))
    #expect(problems(data, both) == [])
    let found = problems(data, other, both)
    #expect(
      found.count == 1 && found[0].contains("messages[0]") && found[0].contains("messages[1]"), "\(found)")
  }

  @Test func whatIsNoJSONReachesEntriesOfOtherFormats() throws {
    let data = try makeEntry("a/{device}")
    let state = try text("a/{device}")
    let all = MessageMapping.ignoring([try TopicPattern("a/#")])
    #expect(problems(data, state) == [] && problems(data, all, state) == [])
    let (elsewhere, deeper) = (try makeEntry("b/{device}"), try text("a/b/{device}"))
    #expect(problems(all, state, elsewhere).count == 1)
    #expect(problems(state, data).count == 1 && problems(state, state).count == 1)
    #expect(problems(data, state, deeper) == [] && problems(data, state, state).count == 1)
    // As the decoder has it.
    var some = data
    some.conditions = [.init(path: try PayloadPath("kind"), text: "x")]
    for mapping in [[data, state], [some, state], [some, all, state], [data, all, state]] {
      let mapping = PayloadMapping(name: "m", messages: mapping)
      #expect(read(mapping, "a/d", "21.5 C").error?.description.contains("the text “21.5 C”") == true)
    }
    #expect(read(PayloadMapping(name: "m", messages: [all, state]), "a/d", "ON").isIgnored)
    #expect(
      read(PayloadMapping(name: "m", messages: [data, state]), "a/d", #"{"x":2}"#).messages == ["d@5:x=2.0"])
    let numbers = PayloadMapping(name: "m", messages: [some, all, state])
    #expect(read(numbers, "a/d", "21.5").isIgnored)
  }
}
