import Foundation
import Synchronization

/// A step at which dying could matter: tests let a process die there for real, and look whether anything was lost.
///
/// `SONDE_CRASH_AT=<step>#<n>@<file>` kills the process, as `kill -9` would, when it passes the step for the n-th time.
/// The file is made first, and where it exists already nothing happens: a process that is started again with the same
/// environment lives. Without the variable passing a step costs a comparison.
package enum CrashPoint: String, CaseIterable, Sendable {
  /// Inside the transaction that makes the tables.
  case migration = "migration"
  /// State recovered, no connection yet.
  case recovered = "recovered"
  /// Subscribed, nothing read.
  case subscribed = "subscribed"
  /// A batch is read and folded, no transaction begun.
  case beforeBegin = "before-begin"
  /// A transaction begun, nothing inserted.
  case begun = "begun"
  /// The journal rows of a batch inserted.
  case journaled = "journaled"
  /// The windows of a batch inserted; only where there are any.
  case windowsInserted = "windows-inserted"
  /// What is too old deleted, not committed.
  case retained = "retained"
  /// A checkpoint inserted.
  case checkpointed = "checkpointed"
  /// Everything inserted, not committed.
  case beforeCommit = "before-commit"
  /// Committed, and no acknowledgement written.
  case committed = "committed"
  /// The acknowledgements of a batch written; the broker may have read some, all or none of them.
  case acknowledged = "acknowledged"
  /// Asked to stop, everything stored, still connected.
  case stopping = "stopping"

  /// One more model written, and the training not recorded.
  case modelWritten = "model-written"
  /// Models trained and recorded.
  case trained = "trained"
  /// A job written into the job database, and nothing else.
  case jobQueued = "job-queued"
  /// What a job scores decided and written, its tasks not in the database.
  case jobPlanned = "job-planned"
  /// A job marked as running, no task given out.
  case jobRunning = "job-running"
  /// In a worker: what a task has found is written, and nobody knows.
  case partWritten = "part-written"
  /// The rows of a part written behind those of the parts before it, and nobody knows.
  case rowsCollected = "rows-collected"
  /// A part noted as collected, and still there.
  case partCollected = "part-collected"
  /// What has happened to some tasks is written into the job database.
  case tasksRecorded = "tasks-recorded"
  /// Every task done, the job still marked as running.
  case tasksDone = "tasks-done"
  /// A job marked as finalizing, no output written.
  case jobFinalizing = "job-finalizing"
  /// A prediction file written under its temporary name.
  case predictionsCollected = "predictions-collected"
  /// A prediction file under its name, without `_SUCCESS`.
  case predictionsWritten = "predictions-written"
  /// `_SUCCESS` written, the job still marked as finalizing.
  case successWritten = "success-written"
  /// A job marked as completed, its parts still there.
  case jobCompleted = "job-completed"

  /// Windows that have closed are read for scoring inside the stream, none sent.
  case streamRead = "stream-read"
  /// A request written, no answer read.
  case streamSent = "stream-sent"
  /// An answer read, its scores not stored.
  case streamAnswered = "stream-answered"
  /// The scores of some answers inserted, not committed.
  case streamInserted = "stream-inserted"
  /// Scores committed, and nobody told.
  case streamCommitted = "stream-committed"
  /// Everything scored, about to leave.
  case streamDrained = "stream-drained"

  /// The steps of ingestion.
  package static var ingestion: [CrashPoint] { Array(allCases.prefix { $0 != .modelWritten }) }
  /// The steps of batch scoring.
  package static var scoring: [CrashPoint] {
    Array(allCases.drop { $0 != .modelWritten }.prefix { $0 != .streamRead })
  }
  /// The steps of scoring inside the stream.
  package static var stream: [CrashPoint] { Array(allCases.drop { $0 != .streamRead }) }

  private struct Plan {
    let point: CrashPoint
    let passage: Int
    let marker: String
  }

  private static let plan: Plan? = {
    guard let text = ProcessInfo.processInfo.environment["SONDE_CRASH_AT"],
      let hash = text.firstIndex(of: "#"), let at = text.firstIndex(of: "@"), hash < at,
      let point = CrashPoint(rawValue: String(text[..<hash])),
      let passage = Int(text[text.index(after: hash)..<at])
    else { return nil }
    return Plan(point: point, passage: passage, marker: String(text[text.index(after: at)...]))
  }()

  private static let passages = Atomic<Int>(0)

  /// Says that the process is at this step.
  package func pass() {
    guard let plan = Self.plan, plan.point == self else { return }
    guard Self.passages.add(1, ordering: .relaxed).newValue == plan.passage else { return }
    let marker = open(plan.marker, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o644)
    guard marker >= 0 else { return }
    close(marker)
    kill(getpid(), SIGKILL)
  }
}
