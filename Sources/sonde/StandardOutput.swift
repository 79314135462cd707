import Files
import Foundation
import Wording

/// Where results go, and nothing else.
enum StandardOutput {
  /// One line of a result. Where nobody reads any more, as behind `head`, the rest is not wanted; where it cannot be written, as
  /// on a full disk, the process ends, because what it has found is lost.
  static func write(_ line: String) {
    do {
      try put(line)
    } catch {
      StandardError.write("sonde: \(error)")
      exit(ExitStatus.internalFault.rawValue)
    }
  }

  private static func put(_ line: String) throws(FileError) {
    var bytes = Array((line + "\n").utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if written >= 0 {
        bytes = bytes.dropFirst(written)
        continue
      }
      switch errno {
      case EPIPE: return
      case EINTR: break
      case EAGAIN:
        // A pipe that does not block, and is full.
        var output = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        poll(&output, 1, -1)
      default:
        throw FileError(path: "the result", action: .write, reason: String(cString: strerror(errno)))
      }
    }
  }

  /// A result as JSON, with keys in snake_case as in all files: on one line, or indented for people.
  static func writeJSON(_ value: some Encodable, indented: Bool = false) throws {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    if indented { encoder.outputFormatting.insert(.prettyPrinted) }
    write(try text(of: value, encoder))
  }

  /// A message to the process that started this one, on a line: with the keys by which its type reads itself. Throws where it cannot
  /// be written, which need not end the work that it speaks of.
  static func writeMessage(_ value: some Encodable) throws { try put(text(of: value, JSONEncoder())) }

  private static func text(of value: some Encodable, _ encoder: JSONEncoder) throws -> String {
    encoder.outputFormatting.formUnion([.sortedKeys, .withoutEscapingSlashes])
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
