import Foundation
import Wording

/// Where everything goes that is not a result. Where it cannot be written (a full disk, a closed pipe) it is dropped: a
/// message must not end the work it speaks of.
enum StandardError {
  /// Lines, none of them longer than a message may be, whatever it quotes.
  static func write(_ lines: String) {
    let bounded = lines.split(separator: "\n", omittingEmptySubsequences: false).map(Quotation.bounded(line:))
    write(raw: bounded.joined(separator: "\n") + "\n")
  }

  /// Text as it is.
  static func write(raw text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }
}
