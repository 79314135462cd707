import Testing
import Wording

@Suite struct YAMLScalarTests {
  @Test(arguments: [
    "pump-0007", "a/b", "tele/+/SENSOR", "/data", "--models", "e5", "v1.2", "x_y", "nothing", "yes1",
  ])
  func whatCanOnlyBeTextStaysAsItIs(text: String) {
    #expect(text.yamlScalar == text)
    #expect(text.yamlQuoted == "\"\(text)\"")
  }

  @Test(arguments: [
    ("", "\"\""), ("5", "\"5\""), ("1e3", "\"1e3\""), ("2026-01-01", "\"2026-01-01\""), (".inf", "\".inf\""),
    ("~", "\"~\""), ("-", "\"-\""), ("--", "\"--\""), ("---", "\"---\""), ("--5", "\"--5\""),
    ("+/x", "\"+/x\""),
    ("Yes", "\"Yes\""), ("NULL", "\"NULL\""), ("y", "\"y\""), ("On", "\"On\""),
    ("a: b", "\"a: b\""), ("a #b", "\"a #b\""), ("{", "\"{\""), ("[a]", "\"[a]\""), ("a,b", "\"a,b\""),
    ("é", "\"é\""), ("😀", "\"😀\""), (#"a"b"#, #""a\"b""#), (#"a\b"#, #""a\\b""#),
    ("a\nb\tc", #""a\nb\tc""#), ("\u{0}", #""\u0000""#), ("\u{1B}[2J", #""\u001B[2J""#),
    ("\u{85}", #""\u0085""#), ("\u{2028}", #""\u2028""#), ("\u{FEFF}", #""\uFEFF""#),
    ("\r\n", #""\u000D\n""#),
    ("\u{10FFFF}", "\"\u{10FFFF}\""),
  ])
  func theRestStandsInDoubleQuotes(text: String, yaml: String) {
    #expect(text.yamlScalar == yaml)
  }

  /// An escape has four digits, and no more.
  @Test func noScalarOfUnicodeIsTooLongForItsEscape() {
    for value in UInt32(0)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      #expect(scalar.isPrintable || value <= 0xFFFF)
    }
  }
}
