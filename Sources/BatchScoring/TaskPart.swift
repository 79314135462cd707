import Compute
import Detection
import Files
import Foundation
import Modelling
import Telemetry

/// What one task has found: the rows of the prediction file and of the failed windows. As a file it is the prediction rows,
/// then the failed ones, then a line of JSON, which says how long both are.
struct TaskPart: Sendable {
  /// The last line.
  struct Summary: Hashable, Codable {
    var predictions: Int
    var failed: Int
    /// Rows of the prediction file, which are fewer than predictions where it has one a model.
    var rows: Int
    /// Bytes of the prediction rows.
    var bytes: Int
    /// Bytes of the failed rows.
    var failedBytes: Int
    /// See ``TaskPart/alarms``; nil in a part of an earlier version.
    var alarms: Int?

    /// Whether these can be numbers of a part: what is read from a file may be anything.
    var isPlausible: Bool {
      [predictions, failed, rows, bytes, failedBytes, alarms ?? 0].allSatisfy { (0...Self.most).contains($0) }
    }

    /// More bytes, and more rows, than one file can have on any system.
    private static let most = 1 << 60

    var counts: TaskCounts { TaskCounts(items: predictions + failed, failedItems: failed) }
  }

  /// How many windows are scored.
  var predictions = 0
  /// How many could not be.
  private(set) var failed = 0
  /// The anomalous windows of the device that is being scored.
  var anomalous: [AnomalousSpan] = []
  private var device: DeviceID?
  /// How many alarms the anomalous windows of all devices before are.
  private(set) var alarms = 0
  /// Those that have not been flushed.
  var lines = PredictionLines()
  private(set) var failedLines: [UInt8] = []
  /// Bytes of the lines that have been.
  private var flushedBytes = 0

  /// What follows is of `device`.
  mutating func begin(device next: DeviceID) {
    guard next != device else { return }
    endDevice()
    device = next
  }

  /// Counts the alarms of a device that has been scored whole: its anomalous windows, neighbours being one alarm.
  mutating func endDevice() {
    guard !anomalous.isEmpty else { return }
    alarms += AnomalousSpan.spans(of: anomalous).count
    anomalous.removeAll(keepingCapacity: true)
  }

  mutating func add(_ failure: FailedRow) {
    failed += 1
    failedLines += PredictionFile.line(failure).utf8
  }

  var summary: Summary {
    Summary(
      predictions: predictions, failed: failed, rows: lines.rows, bytes: flushedBytes + lines.bytes.count,
      failedBytes: failedLines.count, alarms: alarms)
  }

  /// Hands the prediction rows so far over to `file`: while they are still in the processor's cache, and so that a task need
  /// not fit into memory.
  mutating func flush(to file: AtomicFileWriter) throws {
    try file.write(lines.bytes)
    flushedBytes += lines.bytes.count
    lines.removeBytes()
  }

  /// Writes the rest of the file and gives it its name. It need not be flushed to disk: a power cut may leave one that is not
  /// whole, which ``StoredPart/init(path:)`` tells, and then the task is done again.
  mutating func finish(_ file: AtomicFileWriter) throws {
    try flush(to: file)
    try file.write(failedLines)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try file.write(Array(encoder.encode(summary)) + [0x0A])
    // Attempts at one task write the same bytes, so the later may replace the earlier.
    try file.finish(existing: .replace)
  }
}

/// The file of a ``TaskPart``, of which only the last line has been read.
struct StoredPart {
  let summary: TaskPart.Summary
  private let path: String

  /// Nil where it is not there or not whole.
  init?(path: String) {
    guard let file = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? file.close() }
    guard let size = try? file.seekToEnd(),
      (try? file.seek(toOffset: size - min(size, Self.summaryBytes))) != nil,
      let end = try? file.readToEnd(), end.last == 0x0A
    else { return nil }
    let line = end.dropLast().suffix(while: { $0 != 0x0A })
    guard let summary = try? JSONDecoder().decode(TaskPart.Summary.self, from: line),
      summary.isPlausible,
      summary.bytes + summary.failedBytes + line.count + 1 == Int(size)
    else { return nil }
    self.summary = summary
    self.path = path
  }

  /// More than a summary of six numbers is long.
  private static let summaryBytes: UInt64 = 256

  /// Removes the file, which nobody needs any more.
  func remove() { unlink(path) }

  /// Hands over the prediction rows, piece by piece. Throws `FileError`.
  func forEachPieceOfLines(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    try FilePieces.read(path, 0..<summary.bytes, body)
  }

  /// Hands over the failed rows, piece by piece. Throws `FileError`.
  func forEachPieceOfFailedLines(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    try FilePieces.read(path, summary.bytes..<summary.bytes + summary.failedBytes, body)
  }
}

extension BidirectionalCollection {
  /// The longest end of which all elements are so.
  fileprivate func suffix(while isSo: (Element) -> Bool) -> SubSequence {
    var start = endIndex
    while start > startIndex, isSo(self[index(before: start)]) { formIndex(before: &start) }
    return self[start...]
  }
}
