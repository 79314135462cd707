import Foundation

/// Where everything goes that is not a result. Where it cannot be written (a full disk, a closed pipe) it is dropped: a
/// message must not end the work it speaks of.
enum StandardError {
  /// One line.
  static func write(_ line: String) { write(raw: line + "\n") }

  /// Text as it is.
  static func write(raw text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }
}
