import Compute
import Files
import Foundation
import GRDB
import Telemetry

/// `jobs.sqlite`: every job and task of a run. Written by batch scoring alone; anybody may read it meanwhile.
public final class JobStore: Sendable {
  public let path: String
  private let database: DatabaseQueue

  /// Opens the file at `path`, or makes it. Throws ``ScoringError``.
  public init(path: String) throws {
    self.path = path
    database = try Self.wrapping(path) {
      var configuration = Configuration()
      configuration.busyMode = .timeout(Self.busyTimeoutSeconds)
      configuration.label = "BatchScoring.jobs"
      configuration.prepareDatabase { db in
        // FULL: the last cut decides what the next job scores, and must not be lost in a power cut.
        try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
      }
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      try Self.migrator.migrate(queue)
      return queue
    }
  }

  /// Opens the file at `path` for reading only. Throws ``ScoringError`` where there is none.
  public init(reading path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else {
      throw ScoringError("\(path): there is no such file; no job has been run in this folder")
    }
    self.path = path
    database = try Self.wrapping(path) {
      var configuration = Configuration()
      configuration.readonly = true
      configuration.busyMode = .timeout(Self.busyTimeoutSeconds)
      return try DatabaseQueue(path: path, configuration: configuration)
    }
  }

  /// How long a connection waits for another one's lock.
  private static let busyTimeoutSeconds = 10.0

  private static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1: jobs and tasks") { db in
      try db.execute(
        sql: """
          -- after_ms and through_ms are the cut in event time; through_ms is null for the job that closes a stream.
          -- The other times are the wall clock's.
          CREATE TABLE jobs (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, deployment TEXT NOT NULL,
            after_ms INTEGER NOT NULL, through_ms INTEGER,
            state TEXT NOT NULL CHECK (state IN
              ('queued', 'provisioning', 'running', 'finalizing', 'completed', 'failed', 'canceled')),
            tasks INTEGER NOT NULL DEFAULT 0, failed_tasks INTEGER NOT NULL DEFAULT 0,
            retries INTEGER NOT NULL DEFAULT 0, predictions INTEGER NOT NULL DEFAULT 0,
            failed_rows INTEGER NOT NULL DEFAULT 0, reason TEXT,
            queued_ms INTEGER NOT NULL, started_ms INTEGER, ended_ms INTEGER
          ) STRICT;

          CREATE TABLE tasks (
            job TEXT NOT NULL REFERENCES jobs(id), task INTEGER NOT NULL, devices INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'failed')),
            attempts INTEGER NOT NULL DEFAULT 0, worker INTEGER, node INTEGER, rows INTEGER NOT NULL DEFAULT 0,
            failed_rows INTEGER NOT NULL DEFAULT 0, duration_ms REAL, reason TEXT,
            PRIMARY KEY (job, task)
          ) STRICT, WITHOUT ROWID;
          """)
    }
    return migrator
  }

  private static func wrapping<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as DatabaseError {
      throw ScoringError(
        "job database \(path): \(error.message ?? "SQLite error \(error.resultCode.rawValue)")")
    }
  }

  private func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try Self.wrapping(path) { try database.write(body) }
  }

  private func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try Self.wrapping(path) { try database.read(body) }
  }

  // MARK: - Jobs

  /// The job called `id`; nil where there is none.
  public func job(_ id: String) throws -> JobRecord? {
    try read {
      try Row.fetchOne($0, sql: "SELECT * FROM jobs WHERE id = ?", arguments: [id]).map(Self.record)
    }
  }

  /// All jobs in the order in which they were queued.
  public func jobs() throws -> [JobRecord] {
    try read { try Row.fetchAll($0, sql: "SELECT * FROM jobs ORDER BY number").map(Self.record) }
  }

  /// The last job of `deployment` in event time: where the next one's cut begins, and what is to be resumed.
  func last(of deployment: String) throws -> JobRecord? {
    try read { db in
      try Row.fetchOne(
        db,
        sql: """
          SELECT * FROM jobs WHERE deployment = ? ORDER BY coalesce(through_ms, \(Int64.max)) DESC, number DESC LIMIT 1
          """, arguments: [deployment]
      ).map(Self.record)
    }
  }

  /// Writes a job that is not there yet, or what has changed of one.
  func save(_ job: JobRecord) throws {
    try write { db in
      try db.execute(
        sql: """
          INSERT INTO jobs (id, deployment, after_ms, through_ms, state, tasks, failed_tasks, retries, predictions,
            failed_rows, reason, queued_ms, started_ms, ended_ms)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          ON CONFLICT (id) DO UPDATE SET state = excluded.state, tasks = excluded.tasks,
            failed_tasks = excluded.failed_tasks, retries = excluded.retries, predictions = excluded.predictions,
            failed_rows = excluded.failed_rows, reason = excluded.reason, started_ms = excluded.started_ms,
            ended_ms = excluded.ended_ms
          """,
        arguments: [
          job.cut.id, job.deployment, job.cut.after.milliseconds, job.cut.through?.milliseconds,
          job.state.rawValue,
          job.tasks, job.failedTasks, job.retries, job.predictions, job.failedRows, job.reason,
          job.queuedAt.milliseconds, job.startedAt?.milliseconds, job.endedAt?.milliseconds,
        ])
    }
  }

  private static func record(_ row: Row) -> JobRecord {
    func time(_ name: String) -> Timestamp? { (row[name] as Int64?).map(Timestamp.init(milliseconds:)) }
    return JobRecord(
      cut: JobCut(
        id: row["id"], after: Timestamp(milliseconds: row["after_ms"]), through: time("through_ms")),
      deployment: row["deployment"], state: JobState(rawValue: row["state"]) ?? .failed, tasks: row["tasks"],
      failedTasks: row["failed_tasks"], retries: row["retries"], predictions: row["predictions"],
      failedRows: row["failed_rows"], reason: row["reason"],
      queuedAt: Timestamp(milliseconds: row["queued_ms"]),
      startedAt: time("started_ms"), endedAt: time("ended_ms"))
  }

  // MARK: - Tasks

  /// The tasks of the job called `id`.
  public func tasks(of id: String) throws -> [TaskRecord] {
    try read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM tasks WHERE job = ? ORDER BY task", arguments: [id]).map {
        row in
        TaskRecord(
          task: row["task"], devices: row["devices"], state: row["state"], attempts: row["attempts"],
          worker: row["worker"], node: row["node"], rows: row["rows"], failedRows: row["failed_rows"],
          durationMs: row["duration_ms"], reason: row["reason"])
      }
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

  /// Writes what has happened to the tasks of the job called `id`, in one transaction.
  func record(_ events: [ComputeEvent], of id: String) throws {
    guard !events.isEmpty else { return }
    try write { db in
      for event in events {
        switch event {
        case .workerStarted, .workerExited: break
        case .taskStarted(let task, _, let worker, let node):
          try db.execute(
            sql: """
              UPDATE tasks SET state = 'running', attempts = attempts + 1, worker = ?, node = ?
              WHERE job = ? AND task = ?
              """, arguments: [worker, node, id, task])
        case .taskSucceeded(let task, _, let counts, let duration):
          try db.execute(
            sql: """
              UPDATE tasks SET state = 'completed', rows = ?, failed_rows = ?, duration_ms = ?
              WHERE job = ? AND task = ?
              """, arguments: [counts.items, counts.failedItems, duration.seconds * 1000, id, task])
        case .taskRetried(let task, _, let reason, let duration):
          try db.execute(
            sql: "UPDATE tasks SET state = 'queued', reason = ?, duration_ms = ? WHERE job = ? AND task = ?",
            arguments: [reason, duration.seconds * 1000, id, task])
        case .taskFailed(let task, _, let reason, let duration):
          try db.execute(
            sql: "UPDATE tasks SET state = 'failed', reason = ?, duration_ms = ? WHERE job = ? AND task = ?",
            arguments: [reason, duration.seconds * 1000, id, task])
        }
      }
    }
  }
}
