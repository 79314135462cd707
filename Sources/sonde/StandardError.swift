import Foundation
import Wording

/// Where everything goes that is not a result. Where it cannot be written (a full disk, a closed pipe) it is dropped: a
/// message must not end the work it speaks of.
enum StandardError {
  /// Lines, none of them longer than a message may be, whatever it quotes.
  static func write(_ lines: String) {
    let bounded = lines.split(separator: "\n", omittingEmptySubsequences: false).map {
      Quotation.bounded(line: withShortWords($0))
    }
    write(raw: bounded.joined(separator: "\n") + "\n")
  }

  /// The longest word of a message: longer than the path of nearly every file. What the argument parser and the system quote
  /// comes as one.
  private static let longestWord = 600

  /// `line` with the middle left out of words that are too long; paths end in what tells them apart.
  private static func withShortWords(_ line: Substring) -> String {
    guard line.utf8.count > longestWord else { return String(line) }
    return line.split(separator: " ", omittingEmptySubsequences: false).map { word in
      guard word.utf8.count > longestWord else { return String(word) }
      let scalars = word.unicodeScalars
      var cut = String(String.UnicodeScalarView(scalars.prefix(longestWord / 3)))
      cut += "…(\(word.utf8.count) bytes)…"
      cut.unicodeScalars.append(contentsOf: scalars.suffix(longestWord / 3))
      return cut
    }.joined(separator: " ")
  }

  /// Text as it is.
  static func write(raw text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }
}
