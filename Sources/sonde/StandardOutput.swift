import Foundation

/// Where results go, and nothing else.
enum StandardOutput {
  /// One line of text. Where nobody reads any more, as behind `head`, the rest is not wanted.
  static func write(_ line: String) {
    try? FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
  }

  /// A result as JSON, with keys in snake_case as in all files: on one line, or indented for people.
  static func writeJSON(_ value: some Encodable, indented: Bool = false) throws {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    if indented { encoder.outputFormatting.insert(.prettyPrinted) }
    try write(value, encoder)
  }

  /// A message to the process that started this one, on a line: with the keys by which its type reads itself.
  static func writeMessage(_ value: some Encodable) throws { try write(value, JSONEncoder()) }

  private static func write(_ value: some Encodable, _ encoder: JSONEncoder) throws {
    encoder.outputFormatting.formUnion([.sortedKeys, .withoutEscapingSlashes])
    write(String(decoding: try encoder.encode(value), as: UTF8.self))
  }
}
