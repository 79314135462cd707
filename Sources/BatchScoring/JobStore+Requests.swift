import Files
import GRDB
import Telemetry

/// What is asked of jobs: to end, to be replaced, to go on.
extension JobStore {
  /// Asks the coordinator that runs the job called `id` to end it.
  package func requestCancel(of id: String) throws {
    try write {
      try $0.execute(sql: "UPDATE jobs SET cancel_requested = 1 WHERE id = ?", arguments: [id])
    }
  }

  /// Asks the coordinator that runs the job called `id` to end it, because the job called `replacement` scores its windows. Where it
  /// completes before that, it is not replaced.
  func requestReplacement(of id: String, by replacement: String) throws {
    try write {
      try $0.execute(
        sql: "UPDATE jobs SET cancel_requested = 1, replaced_by = ? WHERE id = ?",
        arguments: [replacement, id])
    }
  }

  /// Asks the coordinator to run what the job called `id` has left undone; false where it does not look for that.
  package func requestRerun(of id: String) throws -> Bool {
    try write { db in
      guard try Bool.fetchOne(db, sql: "SELECT takes_reruns FROM coordinator") ?? false else { return false }
      try db.execute(sql: "UPDATE jobs SET rerun_requested = 1 WHERE id = ?", arguments: [id])
      return true
    }
  }

  /// The first job that somebody wants run again; nil where there is none.
  func nextRerun() throws -> String? {
    try read {
      try String.fetchOne($0, sql: "SELECT id FROM jobs WHERE rerun_requested ORDER BY number LIMIT 1")
    }
  }

  /// Forgets that somebody wants the job called `id` run again. Returns whether somebody did.
  @discardableResult
  func forgetRerun(of id: String) throws -> Bool {
    try write { db in
      try db.execute(
        sql: "UPDATE jobs SET rerun_requested = 0 WHERE id = ? AND rerun_requested", arguments: [id])
      return db.changesCount > 0
    }
  }

  /// Says that this coordinator looks for reruns from now on.
  func takeReruns() throws {
    try write { try $0.execute(sql: "UPDATE coordinator SET takes_reruns = 1") }
  }

  /// Says that this coordinator looks for reruns no more; false where one waits, which is first to be run.
  ///
  /// - Parameter evenWaiting: Whether those that wait stay for the next scheduler.
  @discardableResult
  func takeNoMoreReruns(evenWaiting: Bool = false) throws -> Bool {
    try write { db in
      try db.execute(
        sql: """
          UPDATE coordinator SET takes_reruns = 0
          WHERE ? OR NOT EXISTS (SELECT 1 FROM jobs WHERE rerun_requested)
          """, arguments: [evenWaiting])
      return db.changesCount > 0
    }
  }

  /// Ends jobs of `folder` that were to be replaced when their coordinator was killed.
  func endReplaced(in folder: RunFolder, at now: Timestamp) throws {
    let ids = try read {
      try String.fetchAll(
        $0,
        sql: """
          SELECT id FROM jobs WHERE replaced_by IS NOT NULL AND state NOT IN ('completed', 'failed', 'canceled')
          """)
    }
    for id in ids { try cancel(id, in: folder, at: now) }
  }

  func isCancelRequested(of id: String) throws -> Bool {
    try read {
      try Bool.fetchOne($0, sql: "SELECT cancel_requested FROM jobs WHERE id = ?", arguments: [id]) ?? false
    }
  }

  /// Ends the job called `id` of `folder`, which nobody runs. A prediction file that it had named just before it was interrupted
  /// loses its name. Throws ``ScoringError`` and `FileError`.
  package func cancel(_ id: String, in folder: RunFolder, at now: Timestamp) throws {
    // Settings that another version has written do not keep the job from being ended.
    let output = (try? deployment(of: id))?.outputFileName ?? ScoringDefaults.outputFileName
    try folder.job(id, output: output).unpublish()
    try write { db in
      try db.execute(
        sql: "UPDATE jobs SET state = 'canceled', cancel_requested = 1, ended_ms = ? WHERE id = ?",
        arguments: [now.milliseconds, id])
      try Self.cancelTasks(of: id, db)
      try Self.interruptAttempts(of: id, db)
    }
  }

  /// Marks what a canceled job has not done.
  func cancelTasks(of id: String) throws { try write { try Self.cancelTasks(of: id, $0) } }

  private static func cancelTasks(of id: String, _ db: Database) throws {
    try db.execute(
      sql: "UPDATE tasks SET state = 'canceled' WHERE job = ? AND state IN ('queued', 'running')",
      arguments: [id])
  }

  /// Forgets that somebody has asked for the end of the job called `id`, which somebody now wants run.
  package func forgetCancel(of id: String) throws {
    try write {
      try $0.execute(sql: "UPDATE jobs SET cancel_requested = 0 WHERE id = ?", arguments: [id])
    }
  }

  /// Makes the job called `id`, which has failed or was canceled, one that can be run again; what it has done is kept.
  package func requeue(_ id: String) throws {
    try write { db in
      try db.execute(
        sql: """
          UPDATE jobs SET state = 'queued', cancel_requested = 0, reason = NULL, ended_ms = NULL WHERE id = ?
          """, arguments: [id])
      try db.execute(
        sql: "UPDATE tasks SET state = 'queued' WHERE job = ? AND state <> 'completed'", arguments: [id])
    }
  }
}
