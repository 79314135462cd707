import Files
import Foundation
import Modelling
import Supervision
import WindowStore

/// Puts the parts of a job's tasks together, in the order of the tasks: while the job runs as far as they are there, so that
/// little is left to do at its end, and little room is needed for parts. Piece by piece, because a job may find more than fits
/// into memory.
actor PredictionCollector {
  /// What the files hold.
  struct Totals: Hashable, Sendable {
    var predictions = 0
    var failedRows = 0
    /// Tasks without a part.
    var failedTasks = 0
    /// Rows of the prediction file.
    var rows = 0
    var alarms = 0

    fileprivate mutating func add(_ part: TaskPart.Summary) {
      predictions += part.predictions
      failedRows += part.failed
      rows += part.rows
      alarms += part.alarms ?? 0
    }
  }

  private let description: JobDescription
  private let files: JobFolder
  private let collected: CollectedParts
  private var failures: FailedRowsFile
  private var totals = Totals()
  /// The first task whose part has not been taken.
  private var next: Int
  /// Whether a task had no part.
  private var hasGap = false
  /// What went wrong before the end.
  private var failure: (any Error)?
  /// What the first tasks have found, whose parts an earlier process has taken.
  nonisolated let takenBefore: [TaskPart.Summary]

  /// Begins the files of a job, or goes on with what is there. A prediction file that the job has named already loses its name
  /// again: it is the same file as the rows, which may now be cut. Throws `FileError`.
  init(_ description: JobDescription, _ files: JobFolder) throws {
    self.description = description
    self.files = files
    try files.unpublish()
    collected = try CollectedParts(files, header: PredictionFile.header(for: description.outputAction))
    takenBefore = collected.parts
    failures = FailedRowsFile(path: files.failed)
    for (task, part) in takenBefore.enumerated() {
      // Its part is still there.
      if part.failed > 0, let stored = StoredPart(path: files.part(task)) { try failures.add(stored) }
      totals.add(part)
    }
    next = takenBefore.count
  }

  /// Takes parts as they come, until it is canceled, and then those that are there. False where it cannot go on, which
  /// ``checkFailure()`` explains.
  func follow() async -> Bool {
    while !Task.isCancelled, failure == nil {
      advance()
      try? await Task.sleep(for: ScoringDefaults.collectInterval)
    }
    advance()
    return failure == nil
  }

  /// Throws what has gone wrong while parts were taken.
  func checkFailure() throws {
    if let failure { throw failure }
  }

  /// Whether any row of the job has a prediction, in what was taken or in a part that has not been.
  var hasPredictions: Bool {
    totals.predictions > 0
      || (next..<description.tasks.count).contains { task in
        (StoredPart(path: files.part(task))?.summary.predictions ?? 0) > 0
      }
  }

  /// Takes the parts that are there, up to the first that is not.
  private func advance() {
    guard failure == nil else { return }
    do {
      while next < description.tasks.count, let part = StoredPart(path: files.part(next)) { try take(part) }
    } catch {
      failure = error
    }
  }

  /// Takes the parts that are left, fails the rows of tasks that have none, gives the files their names and says what they
  /// hold. Throws `FileError`, `StoreError`, and ``ScoringError`` where another prediction file has the name.
  ///
  /// - Parameter reasons: Why tasks have failed, by their numbers.
  func finish(reasons: [Int: String]) throws -> Totals {
    try checkFailure()
    while next < description.tasks.count {
      if FileManager.default.fileExists(atPath: files.part(next)) {
        guard let part = StoredPart(path: files.part(next)) else {
          throw ScoringError(
            "\(files.part(next)): not the part file of a task; remove it and run the job again")
        }
        try take(part)
      } else {
        hasGap = true
        try takeFailed(reason: reasons[next] ?? "the reason is not known")
      }
    }
    CrashPoint.predictionsCollected.pass()
    try failures.finish()
    let sha256 = collected.digest.sha256
    if FileManager.default.fileExists(atPath: files.predictions) {
      // Nothing is overwritten, unless it is the same.
      guard try Digest.sha256(file: files.predictions) == sha256 else {
        throw ScoringError("\(files.predictions) exists already and is not what this job found; move it away")
      }
    } else {
      try collected.finish()
    }
    CrashPoint.predictionsWritten.pass()
    try AtomicFile.write(
      "{\"rows\":\(totals.rows),\"sha256\":\"\(sha256)\"}\n", to: files.success, existing: .replace)
    CrashPoint.successWritten.pass()
    return totals
  }

  /// Writes `failed.csv` of a job that has failed, as far as its tasks have come: whoever asks why looks there. What is put
  /// together stays as it is. Throws `FileError` and `StoreError`.
  ///
  /// - Parameter reasons: Why tasks have failed, by their numbers.
  func finishFailedRows(reasons: [Int: String]) throws {
    for task in next..<description.tasks.count {
      if let part = StoredPart(path: files.part(task)) {
        try failures.add(part)
      } else if let reason = reasons[task] {
        try failures.add(failedPart(of: task, reason))
      }
    }
    try failures.finish()
  }

  private func take(_ part: StoredPart) throws {
    try failures.add(part)
    if hasGap { try collected.addBehindGap(part) } else { try collected.add(part) }
    count(part.summary)
  }

  /// All attempts at the next task have failed, and so its windows do.
  private func takeFailed(reason: String) throws {
    let part = try failedPart(of: next, reason)
    try failures.add(part)
    totals.failedTasks += 1
    count(part.summary)
  }

  /// What a task has found of which all attempts have failed.
  private func failedPart(of task: Int, _ reason: String) throws -> TaskPart {
    let scorer = try TaskScorer(
      job: description, reader: WindowStoreReader(path: description.store),
      detector: description.detector(of: DetectorSource(), path: files.description))
    return try scorer.fail(task: task, reason: "task \(task) failed: \(reason)")
  }

  private func count(_ part: TaskPart.Summary) {
    totals.add(part)
    next += 1
  }
}

/// `failed.csv`, which is made when there is a row for it.
private struct FailedRowsFile {
  let path: String
  private var file: AtomicFileWriter?

  init(path: String) { self.path = path }

  /// Adds the failed rows of `part`. Throws `FileError`.
  mutating func add(_ part: StoredPart) throws { try part.forEachPieceOfFailedLines { try add($0) } }

  /// Adds the failed rows of `part`. Throws `FileError`.
  mutating func add(_ part: TaskPart) throws { try part.failedLines.withUnsafeBytes { try add($0) } }

  /// Adds `rows`, of which there may be none. Throws `FileError`.
  private mutating func add(_ rows: UnsafeRawBufferPointer) throws {
    guard !rows.isEmpty else { return }
    if file == nil {
      file = try AtomicFileWriter(path: path)
      try file?.write(Array(PredictionFile.failedHeader.utf8))
    }
    try file?.write(rows)
  }

  /// Gives it its name; where no row has failed, there is none, and none of an earlier try. Throws `FileError`.
  func finish() throws {
    if let file { try file.finish(existing: .replace) } else { unlink(path) }
  }
}
