import Compute
import Files
import Foundation

/// What one task has found: the rows of the prediction file and of the failed windows. As a file it is a line of JSON, which
/// says how long the rest is, then the prediction rows, then the failed ones.
struct TaskPart: Sendable {
  /// The first line.
  struct Head: Codable {
    var predictions: Int
    var failed: Int
    /// Rows of the prediction file, which are fewer than predictions where it has one a model.
    var rows: Int
    /// Bytes of the prediction rows, which come first.
    var bytes: Int
    /// Bytes of the failed rows, which come last.
    var failedBytes: Int
  }

  /// How many windows are scored.
  var predictions = 0
  /// How many could not be.
  private(set) var failed = 0
  var lines = PredictionLines()
  private(set) var failedLines: [UInt8] = []

  mutating func add(_ failure: FailedRow) {
    failed += 1
    failedLines += PredictionFile.line(failure).utf8
  }

  var head: Head {
    Head(
      predictions: predictions, failed: failed, rows: lines.rows, bytes: lines.bytes.count,
      failedBytes: failedLines.count)
  }

  /// Writes the file. It is not flushed to disk: a power cut may leave one that is not whole, which
  /// ``StoredPart/init(path:)`` tells, and then the task is done again.
  func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let file = try AtomicFileWriter(path: path, survivesPowerCut: false)
    try file.write(Array(encoder.encode(head)) + [0x0A])
    try file.write(lines.bytes)
    try file.write(failedLines)
    // Attempts at one task write the same bytes, so the later may replace the earlier.
    try file.finish(existing: .replace)
  }
}

/// The file of a ``TaskPart``, of which only the first line has been read.
struct StoredPart {
  let head: TaskPart.Head
  private let path: String
  /// Where the rows begin.
  private let start: Int

  /// Nil where it is not there or not whole.
  init?(path: String) {
    guard let file = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? file.close() }
    guard let first = try? file.read(upToCount: Self.headBytes), let size = try? file.seekToEnd() else {
      return nil
    }
    let line = first.prefix { $0 != 0x0A }
    guard let head = try? JSONDecoder().decode(TaskPart.Head.self, from: line),
      head.bytes >= 0, head.failedBytes >= 0, line.count + 1 + head.bytes + head.failedBytes == Int(size)
    else { return nil }
    self.head = head
    self.path = path
    start = line.count + 1
  }

  /// More than a head of five numbers is long.
  private static let headBytes = 256

  var counts: TaskCounts { TaskCounts(items: head.predictions + head.failed, failedItems: head.failed) }

  /// Hands over the prediction rows, piece by piece. Throws `FileError`.
  func forEachPieceOfLines(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    try FilePieces.read(path, start..<start + head.bytes, body)
  }

  /// Hands over the failed rows, piece by piece. Throws `FileError`.
  func forEachPieceOfFailedLines(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    try FilePieces.read(path, start + head.bytes..<start + head.bytes + head.failedBytes, body)
  }
}
