/// The colours of a page on white and on dark paper. Paper, text and quiet text are those of the charts, so that pictures have no frame.
package struct PageColors: Hashable, Sendable {
  package let paper: String
  /// Text, with a contrast of 4.5 or more to paper and ``soft``, as all others that text is written in.
  package let ink: String
  /// Text that matters less.
  package let quiet: String
  package let link: String
  /// Words of ``PageMark``.
  package let good: String
  package let bad: String
  package let doubtful: String
  /// The paper of heads of tables and of texts of files.
  package let soft: String
  /// Lines between rows, which only help the eye.
  package let line: String
  /// Rims of what can be pressed or filled in, with a contrast of 3 or more to the paper.
  package let rim: String

  package static let light = PageColors(
    paper: "#ffffff", ink: "#1f2328", quiet: "#57606a", link: "#0550ae", good: "#116329", bad: "#a40e26",
    doubtful: "#7d4e00", soft: "#f3f5f7", line: "#d8dee4", rim: "#6e7781")
  package static let dark = PageColors(
    paper: "#0d1117", ink: "#e6edf3", quiet: "#9198a1", link: "#79b8ff", good: "#56d364", bad: "#ff8e87",
    doubtful: "#e3b341", soft: "#161b22", line: "#30363d", rim: "#7d8590")

  /// Those that text is written in.
  package var texts: [String] { [ink, quiet, link, good, bad, doubtful] }

  /// As variables of a style sheet.
  var variables: String {
    [
      ("paper", paper), ("ink", ink), ("quiet", quiet), ("link", link), ("good", good), ("bad", bad),
      ("doubtful", doubtful), ("soft", soft), ("line", line), ("rim", rim),
    ].map { "--\($0.0):\($0.1)" }.joined(separator: ";")
  }
}
