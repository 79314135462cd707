import Manifests
import Telemetry
import Testing
import Yams

/// What is written is read again as the same, by a reader of YAML that is not ours.
@Suite struct YAMLTextTests {
  /// What readers of YAML 1.1 or 1.2 take for something else, or as part of the document, where it has no quotes.
  private static let hard = [
    "", " ", "a b", " a", "a ", "null", "Null", "~", "yes", "No", "ON", "off", "y", "N", "true", "FALSE", "1",
    "-1",
    "1.5", "1e3", "0x1F", "0o17", "017", "1_000", "12:30:45", "2026-01-01", ".inf", ".nan", "-", "- a", "--",
    "---",
    "...", "?", "? a", ":", "a: b", "a:", "#", "a #b", "a#b", "&a", "*a", "!a", "!!str", "|", ">", "%a", "@a",
    "`a`",
    "'a'", "\"a\"", "{a}", "[a]", "{index}", ",", "a,b", "<<", "=", "\\", "\\n", "a\\", "a\nb", "\n", "a\n",
    "a\r\nb",
    "\t", "a\tb", "\u{0}", "\u{7}", "\u{1B}[31m", "\u{7F}", "\u{85}", "\u{A0}", "\u{AD}", "\u{2028}",
    "\u{2029}",
    "a\u{FEFF}", "\u{E000}", "\u{FFFF}", "é", "e\u{301}", "日本", "😀", "👩‍👩‍👧", "--models", "--a=b",
    "-v", "/a/b",
    "//", "$(HOME)", "$$", "0.0.0.0:8080", "[::]:8080", "512Mi", "a-", "a.", "a_b",
  ]

  /// The scalars: two texts that are equal in Swift may be written differently.
  private func scalars(_ text: String?) -> [Unicode.Scalar] { Array((text ?? "nothing").unicodeScalars) }

  private func check(_ text: String) throws {
    let written = YAMLText.document([
      "key": .text(text), "list": [.text(text), [.text(text)], ["inner": .text(text)]],
      "block": .block(text), "after": "end",
    ])
    let read = try #require(try Yams.load(yaml: written) as? [String: Any], "\(written)")
    let list = try #require(read["list"] as? [Any], "\(written)")
    #expect(scalars(read["key"] as? String) == scalars(text), "\(written)")
    #expect(scalars(list[0] as? String) == scalars(text), "\(written)")
    #expect(scalars((list[1] as? [String])?[0]) == scalars(text), "\(written)")
    #expect(scalars((list[2] as? [String: String])?["inner"]) == scalars(text), "\(written)")
    #expect(scalars(read["block"] as? String) == scalars(text), "\(written)")
    #expect(read["after"] as? String == "end", "\(written)")
  }

  @Test(arguments: hard) func everyTextComesBack(text: String) throws {
    try check(text)
    let key = YAMLText.document(.map([YAMLValue.Entry(text, "value")]))
    let read = try #require(try Yams.load(yaml: key) as? [String: String], "\(key)")
    #expect(scalars(read.keys.first) == scalars(text), "\(key)")
  }

  @Test func drawnTextsComeBackToo() throws {
    var generator = SeededGenerator(seed: 7, stream: "yaml")
    let alphabet = Self.hard.flatMap { $0.unicodeScalars }
    for _ in 0..<300 {
      var text = ""
      for _ in 0..<Int.random(in: 0...12, using: &generator) {
        text.unicodeScalars.append(alphabet.randomElement(using: &generator) ?? "a")
      }
      // The reader of these tests takes one at the beginning of a text for a byte order mark of its own.
      guard text.unicodeScalars.first != "\u{FEFF}" else { continue }
      try check(text)
    }
  }

  @Test func blocksKeepTheirLines() throws {
    for text in [
      "a\n", "a\n  b\n\nc\n", "{\n  \"a\" : 1\n}\n", "a\n b", " a\n", "\na\n", "a\n\n", "a: b\n# c\n",
    ] {
      try check(text)
    }
    #expect(YAMLText.document(["a": .block("b\n  c\n")]) == "a: |\n  b\n    c\n")
  }

  @Test func commentsAreNoContent() throws {
    let value: YAMLValue = [
      "a": YAMLValue.text("b").commented("one\nkey: value\r\u{85}other: value\u{2028}more: value"),
      "c": [YAMLValue.text("d").commented("two"), ["e": YAMLValue.number(1).commented("three"), "f": true]],
      "g": YAMLValue.absent.commented("four"), "h": [:], "i": [], "j": [.absent], "k": ["l": .absent],
    ]
    let text = YAMLText.document(value)
    let read = try #require(try Yams.load(yaml: text) as? [String: Any], "\(text)")
    #expect(Set(read.keys) == ["a", "c", "h", "i", "j", "k"], "\(text)")
    #expect(read["a"] as? String == "b")
    let list = try #require(read["c"] as? [Any])
    #expect(list[0] as? String == "d")
    #expect(
      (list[1] as? [String: Any])?["e"] as? Int == 1 && (list[1] as? [String: Any])?["f"] as? Bool == true)
    #expect((read["j"] as? [Any])?.isEmpty == true && (read["k"] as? [String: Any])?.isEmpty == true)
    #expect(text.contains("# two\n") && !text.contains("four"))
  }

  @Test func aLongCommentIsBrokenAndACommandIsNot() {
    let words = Array(repeating: "word", count: 60).joined(separator: " ")
    let lines = YAMLText.comment("\(words)\n  \(words)", indent: 4)
    #expect(lines.dropLast().allSatisfy { $0.count <= 100 && $0.hasPrefix("    # word") })
    #expect(lines.last == "    #   \(words)")
  }
}
