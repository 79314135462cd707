import Foundation

/// Reads the lines that an array element has written so far, each once. An element that Slurm has started again has a
/// new file; the newest one counts.
struct ReplyTail {
  let folder: String
  let element: Int
  private var restart = 0
  private var offset: UInt64 = 0
  private var rest = Data()

  init(folder: String, element: Int) {
    self.folder = folder
    self.element = element
  }

  /// Whether there is something that has not been read.
  var hasLines: Bool {
    var status = stat()
    return stat(path(newestRestart ?? restart), &status) == 0
      && (newestRestart != nil || UInt64(status.st_size) > offset)
  }

  /// The number of a later start than the one that is read; nil where there is none. One that Slurm has taken away before it
  /// began leaves no file, so a few numbers are looked at.
  private var newestRestart: Int? {
    (restart + 1...restart + Self.mostLostStarts).last { access(path($0), F_OK) == 0 }
  }

  private static let mostLostStarts = 8

  mutating func newLines() -> [String] {
    if let newest = newestRestart {
      restart = newest
      offset = 0
      rest = Data()
    }
    guard let file = FileHandle(forReadingAtPath: path(restart)) else { return [] }
    defer { try? file.close() }
    guard (try? file.seek(toOffset: offset)) != nil, let data = try? file.readToEnd() else { return [] }
    offset += UInt64(data.count)
    var lines = (rest + data).split(separator: 0x0A, omittingEmptySubsequences: false)
    rest = Data(lines.popLast() ?? Data())
    return lines.map { String(decoding: $0, as: UTF8.self) }
  }

  private func path(_ restart: Int) -> String { "\(folder)/replies-\(element)-\(restart)" }
}
