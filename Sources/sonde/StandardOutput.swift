import Foundation

/// Where results go, and nothing else.
enum StandardOutput {
  /// One line of text. Where nobody reads any more, as behind `head`, the rest is not wanted.
  static func write(_ line: String) {
    try? FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
  }

  /// `value` as JSON: on one line, or indented for people.
  static func writeJSON(_ value: some Encodable, indented: Bool = false) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if indented { encoder.outputFormatting.insert(.prettyPrinted) }
    write(String(decoding: try encoder.encode(value), as: UTF8.self))
  }
}
