import Compute
import GRDB
import Telemetry

/// The tasks of a run's jobs, and their attempts that failed.
extension JobStore {
  /// The tasks of the job called `id`.
  package func tasks(of id: String) throws -> [TaskRecord] {
    try read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM tasks WHERE job = ? ORDER BY task", arguments: [id]).map {
        row in
        TaskRecord(
          task: row["task"], devices: row["devices"], state: row["state"], attempts: row["attempts"],
          worker: row["worker"], node: row["node"], host: row["host"], rows: row["rows"],
          failedRows: row["failed_rows"],
          startedAt: Self.time(row, "started_ms"), durationMs: row["duration_ms"], busyMs: row["busy_ms"],
          reason: row["reason"])
      }
    }
  }

  /// Why tasks of the job called `id` have failed, by their numbers.
  func failureReasons(of id: String) throws -> [Int: String] {
    try read { db in
      let rows = try Row.fetchAll(
        db,
        sql: "SELECT task, reason FROM tasks WHERE job = ? AND state = 'failed' AND reason IS NOT NULL",
        arguments: [id])
      return Dictionary(uniqueKeysWithValues: rows.map { ($0["task"], $0["reason"]) })
    }
  }

  /// The attempts at tasks of the job called `id` that failed, by task.
  package func failedAttempts(of id: String) throws -> [FailedAttempt] {
    try read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM failed_attempts WHERE job = ? ORDER BY task, attempt, number", arguments: [id]
      ).map { row in
        let start = Self.time(row, "started_ms")
        return FailedAttempt(
          task: row["task"], attempt: row["attempt"], worker: row["worker"], node: row["node"],
          host: row["host"],
          startedAt: start, endedAt: FailedAttempt.end(start, row["duration_ms"]),
          durationMs: row["duration_ms"],
          reason: row["reason"])
      }
    }
  }

  /// Forgets the tasks of the job called `id`, which is planned anew.
  func forgetTasks(of id: String) throws {
    try write { db in
      try db.execute(sql: "DELETE FROM failed_attempts WHERE job = ?", arguments: [id])
      try db.execute(sql: "DELETE FROM tasks WHERE job = ?", arguments: [id])
    }
  }

  /// Writes the tasks of the job called `id`, with their numbers of devices, unless they are there.
  func add(tasks: [Int], to id: String) throws {
    try write { db in
      for (task, devices) in tasks.enumerated() {
        try db.execute(
          sql: "INSERT OR IGNORE INTO tasks (job, task, devices, state) VALUES (?, ?, ?, 'queued')",
          arguments: [id, task, devices])
      }
    }
  }

  /// Notes tasks of the job called `id` whose parts are there already.
  func complete(_ tasks: [(task: Int, counts: TaskCounts)], of id: String) throws {
    guard !tasks.isEmpty else { return }
    try write { db in
      for (task, counts) in tasks {
        try db.execute(
          sql: """
            UPDATE tasks SET state = 'completed', rows = ?, failed_rows = ?
            WHERE job = ? AND task = ? AND state <> 'completed'
            """, arguments: [counts.items, counts.failedItems, id, task])
      }
    }
  }

  /// Writes what has happened to the tasks of the job called `id`, in one transaction.
  func record(_ events: [TaskEvent], of id: String) throws {
    guard !events.isEmpty else { return }
    try write { db in
      for event in events {
        switch event.event {
        case .notice, .workerStarted, .workerExited: break
        case .taskStarted(let task, _, let worker, let node):
          try db.execute(
            sql: """
              UPDATE tasks SET state = 'running', attempts = attempts + 1, worker = ?, node = ?, host = ?, started_ms = ?,
                duration_ms = NULL, busy_ms = NULL
              WHERE job = ? AND task = ?
              """, arguments: [worker, node, event.host, event.at.milliseconds, id, task])
        case .taskSucceeded(let task, _, let counts, let duration):
          try db.execute(
            sql: """
              UPDATE tasks SET state = 'completed', rows = ?, failed_rows = ?, duration_ms = ?, busy_ms = ?
              WHERE job = ? AND task = ?
              """,
            arguments: [
              counts.items, counts.failedItems, duration.seconds * 1000,
              counts.busyMicroseconds.map { Double($0) / 1000 }, id, task,
            ])
        case .taskRetried(let task, let attempt, let reason, let duration):
          try Self.addFailedAttempt(db, id, task, attempt, reason, duration)
          try db.execute(
            sql: "UPDATE tasks SET state = 'queued', reason = ?, duration_ms = ? WHERE job = ? AND task = ?",
            arguments: [reason, duration.seconds * 1000, id, task])
        case .taskFailed(let task, let attempt, let reason, let duration):
          try Self.addFailedAttempt(db, id, task, attempt, reason, duration)
          try db.execute(
            sql: "UPDATE tasks SET state = 'failed', reason = ?, duration_ms = ? WHERE job = ? AND task = ?",
            arguments: [reason, duration.seconds * 1000, id, task])
        }
      }
    }
  }

  private static func addFailedAttempt(
    _ db: Database, _ job: String, _ task: Int, _ attempt: Int, _ reason: String, _ duration: Duration
  ) throws {
    try db.execute(
      sql: """
        INSERT INTO failed_attempts (job, task, attempt, worker, node, host, started_ms, duration_ms, reason)
        SELECT job, task, ?, worker, node, host, started_ms, ?, ? FROM tasks WHERE job = ? AND task = ?
        """, arguments: [attempt, duration.seconds * 1000, reason, job, task])
  }
}
