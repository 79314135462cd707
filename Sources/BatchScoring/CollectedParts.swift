import Files
import Foundation
import Supervision

/// The beginning of a job's prediction file, as far as its parts are put together: `tasks/rows`, and beside it `tasks/collected`, a
/// line of JSON a part, with what the part held and the digest of all rows up to its end. A part that is in both is removed, so
/// that a job's rows are on the disk once and not twice.
///
/// A process that goes on with the job trusts as much of the rows as the digests vouch for: after a power cut they may lack what the
/// lines speak of. Parts with failed rows stay, because `failed.csv` is written anew. Used from one thread.
final class CollectedParts {
  private struct Line: Codable {
    var part: TaskPart.Summary
    var sha256: String
  }

  /// What the parts of the first tasks have held.
  private(set) var parts: [TaskPart.Summary] = []
  private(set) var digest = RunningDigest()
  private let files: JobFolder
  private let rows: GrowingFile
  private let lines: GrowingFile

  /// Goes on where an earlier process has stopped, or begins. Throws `FileError`.
  ///
  /// - Parameter header: The first line of the prediction file.
  init(_ files: JobFolder, header: String) throws {
    self.files = files
    let header = Array(header.utf8)
    digest.update(header)
    let digestOfHeader = digest.sha256
    var length = header.count
    var linesLength = 0
    let isBegun = Self.digest(RunningDigest(), of: files.collectedRows, 0..<length)?.sha256 == digestOfHeader
    for line in isBegun ? Self.wholeLines(of: files.collectedParts) : [] {
      guard let known = try? JSONDecoder().decode(Line.self, from: line), known.part.isPlausible,
        known.part.failedBytes == 0 || StoredPart(path: files.part(parts.count))?.summary == known.part,
        let next = Self.digest(digest, of: files.collectedRows, length..<length + known.part.bytes),
        next.sha256 == known.sha256
      else { break }
      digest = next
      parts.append(known.part)
      length += known.part.bytes
      linesLength += line.count + 1
    }
    let isNew = parts.isEmpty
    rows = try GrowingFile(path: files.collectedRows, keeping: isNew ? 0 : length, startsWriteback: true)
    lines = try GrowingFile(path: files.collectedParts, keeping: linesLength)
    if isNew { try rows.write(header) }
  }

  /// The lines of a file, without the rest after the last of them; none where there is no file.
  private static func wholeLines(of path: String) -> [Data] {
    guard let bytes = try? TextFile.bytes(of: path), let end = bytes.lastIndex(of: 0x0A) else { return [] }
    return bytes[..<end].split(separator: 0x0A, omittingEmptySubsequences: false).map { Data($0) }
  }

  /// `digest` and the bytes `range` of a file; nil where it has not so many.
  private static func digest(_ digest: RunningDigest, of path: String, _ range: Range<Int>) -> RunningDigest?
  {
    var digest = digest
    guard (try? FilePieces.read(path, range, { digest.update($0) })) != nil else { return nil }
    return digest
  }

  /// Adds the rows of the next task's part, and removes the part where it has told all it knows. Throws `FileError`.
  func add(_ part: StoredPart) throws {
    try write(part)
    CrashPoint.rowsCollected.pass()
    parts.append(part.summary)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let line = Line(part: part.summary, sha256: digest.sha256)
    try lines.write(Array(encoder.encode(line)) + [0x0A])
    CrashPoint.partCollected.pass()
    if part.summary.failedBytes == 0 { part.remove() }
  }

  /// Adds the rows of a part behind a task that has none: a process that goes on with the job will try that task again, and needs this
  /// part. Throws `FileError`.
  func addBehindGap(_ part: StoredPart) throws { try write(part) }

  private func write(_ part: StoredPart) throws {
    try part.forEachPieceOfLines { piece in
      try rows.write(piece)
      digest.update(piece)
    }
  }

  /// Gives the rows their name, where they are then to stay. Throws `FileError`, also where it is taken.
  func finish() throws {
    try rows.flush()
    try rows.close()
    try AtomicFile.link(rows.path, to: files.predictions)
    try AtomicFile.flushFolder(of: files.predictions)
    // The job's folder is new as well.
    try AtomicFile.flushFolder(of: files.path)
  }
}
