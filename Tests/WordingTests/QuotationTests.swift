import Testing
import Wording

@Suite struct QuotationTests {
  @Test func whatIsShortIsQuotedAsItIs() {
    #expect("pump-0007".quoted == "“pump-0007”")
    #expect("".quoted == "“”")
    #expect(String(repeating: "é", count: Quotation.longest).quoted.contains("…") == false)
  }

  @Test(arguments: ["x", "é", "漢", "e\u{301}", "\u{1B}", "👨‍👩‍👧", "\r\n"])
  func whatIsLongIsCutAndItsLengthSaid(piece: String) {
    let text = String(repeating: piece, count: 250_000)
    let quoted = text.quoted
    // A control character is written as up to eight.
    #expect(quoted.unicodeScalars.count < Quotation.longest * 8 + 40)
    #expect(quoted.hasSuffix("…” (\(text.utf8.count) bytes)"))
  }

  /// A mark repeated for ever belongs to one character, which has no bound.
  @Test func combiningMarksAreCutAsWell() {
    #expect(("a" + String(repeating: "\u{301}", count: 100_000)).quoted.utf8.count < 400)
  }

  @Test func controlCharactersAreWrittenOut() {
    #expect("a\nb\tc\u{1B}[31m\u{0}".quoted == #"“a\nb\tc\u{1B}[31m\0”"#)
    #expect(!"a\u{2028}b".quoted.unicodeScalars.contains { $0.value == 0x2028 })
  }

  /// YAML reads none of these in a comment.
  @Test func whatYAMLCallsNotPrintableIsWrittenOut() {
    let names = "v\u{FEFF}k\u{FFFE}x\u{FFFF}y\u{85}z\u{9F}"
    #expect(names.quoted == #"“v\u{FEFF}k\u{FFFE}x\u{FFFF}y\u{0085}z\u{009F}”"#)
    let long = String(repeating: "é", count: 200)
    #expect((long + "\u{FEFF}").printable == long + #"\u{FEFF}"#)
    #expect("é\u{301} 👨‍👩‍👧 \u{FFFD}\u{10FFFF}".printable == "é\u{301} 👨‍👩‍👧 \u{FFFD}\u{10FFFF}")
  }

  @Test func aListOfNamesIsBounded() {
    #expect(["a", "b"].listed == "a, b")
    let many = (1...1000).map { "n\($0)" }.listed
    #expect(many.hasSuffix("n\(Quotation.mostNames) and \(1000 - Quotation.mostNames) more"))
    #expect([String(repeating: "x", count: 250_000)].listed.count < 200)
  }

  @Test func aLineIsBounded() {
    #expect(Quotation.bounded(line: "short") == "short")
    let line = Quotation.bounded(line: String(repeating: "x", count: 250_000))
    #expect(line.utf8.count < Quotation.longestLine + 100 && line.hasSuffix("(250000 bytes in all)"))
  }

  @Test(arguments: [
    ("abc", 3), ("漢字", 4), ("e\u{301}", 1), ("👨‍👩‍👧", 2), ("ｆ", 2), ("한글", 4), ("\u{200B}", 0), ("☂️", 2),
  ])
  func columnsAreThoseOfATerminal(text: String, columns: Int) {
    #expect(text.columns == columns)
  }

  @Test(arguments: 0...12)
  func whatFitsIsNeverWider(columns: Int) {
    let text = "a漢e\u{301}👨‍👩‍👧b\u{1B}字cd"
    let fitted = text.fitted(to: columns)
    #expect(fitted.columns <= columns)
    #expect(columns < text.columns || fitted == text.replacing("\u{1B}", with: ""))
  }
}
