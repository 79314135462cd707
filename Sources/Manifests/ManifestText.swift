/// Several objects as one file.
enum ManifestText {
  /// Documents with `---` between them, and `preface` as a comment before the first.
  static func of(_ objects: [YAMLValue], preface: [String]) -> String {
    // A line each, also where the name of a file has two.
    let head = preface.flatMap { YAMLText.comment($0.replacing("\n", with: "?")) }
    return head.joined(separator: "\n") + "\n"
      + objects.map { YAMLText.document($0) }.joined(separator: "---\n")
  }

  /// `text` as one word of a shell, for commands in comments.
  static func word(_ text: String) -> String {
    text.wholeMatch(of: /[A-Za-z0-9_.\/:@%+-]+/) != nil
      ? text : "'\(text.replacing("'", with: "'\\''"))'"
  }
}
