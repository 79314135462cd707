import Foundation

/// Where results go, and nothing else.
enum StandardOutput {
  /// One line of text. Where nobody reads any more, as behind `head`, the rest is not wanted; where it cannot be written, as on a
  /// full disk, the process ends, because what it has found is lost.
  static func write(_ line: String) {
    var bytes = Array((line + "\n").utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if written >= 0 {
        bytes = bytes.dropFirst(written)
      } else if errno == EPIPE {
        return
      } else if errno != EINTR {
        StandardError.write("sonde: cannot write the result: \(String(cString: strerror(errno)))")
        exit(ExitStatus.internalFault)
      }
    }
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
