import Foundation
import Synchronization

/// A step at which dying could matter: tests let a process die there for real, and look whether anything was lost.
///
/// `SONDE_CRASH_AT=<step>#<n>@<file>` kills the process, as `kill -9` would, when it passes the step for the n-th time.
/// The file is made first, and where it exists already nothing happens: a process that is started again with the same
/// environment lives. Without the variable passing a step costs a comparison.
public enum CrashPoint: String, CaseIterable, Sendable {
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
  public func pass() {
    guard let plan = Self.plan, plan.point == self else { return }
    guard Self.passages.add(1, ordering: .relaxed).newValue == plan.passage else { return }
    let marker = open(plan.marker, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o644)
    guard marker >= 0 else { return }
    close(marker)
    kill(getpid(), SIGKILL)
  }
}
