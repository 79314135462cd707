import Compute
import Files
import Foundation
import GRDB
import Modelling
import Supervision
import Telemetry

/// `jobs.sqlite`: every job and task of a run. Written by batch scoring alone; anybody may read it meanwhile.
package final class JobStore: Sendable {
  package let path: String
  // Declared before the lock, and so closed before it.
  private let database: DatabaseQueue
  private let lock: DatabaseLock?
  /// Of those who do not hold the lock.
  private let probe: DatabaseLockProbe?

  /// Opens the file at `path` as the one coordinator of its folder, or makes it. Throws ``ScoringError``, also where
  /// there is another coordinator.
  package convenience init(path: String) throws {
    guard let lock = try Self.coordinatorLock(path) else {
      throw ScoringError(
        "\(path): a scheduler or a job is running in this folder already; wait for its end, or stop it")
    }
    try self.init(path: path, lock: lock)
  }

  /// As ``init(path:)``; nil where there is another coordinator.
  package static func ifFree(path: String) throws -> JobStore? {
    try coordinatorLock(path).map { try JobStore(path: path, lock: $0) }
  }

  /// Opens the file at `path` to ask its coordinator for something, whether or not there is one. Throws
  /// ``ScoringError`` where there is no file. It must be gone before this process opens the file as its coordinator: a lock that
  /// is refused closes a descriptor of the file, and that drops what SQLite has locked.
  package convenience init(asking path: String) throws {
    try Self.requireFile(path)
    try self.init(path: path, lock: nil)
  }

  /// Whether somebody runs the jobs that are not final: a killed coordinator leaves them as they were.
  package var hasCoordinator: Bool { lock != nil || probe?.isHeld ?? true }

  /// Holds a run's folder for one coordinator (a scheduler, or a job by hand): two would score the same cut. Nil where another has it.
  private static func coordinatorLock(_ path: String) throws(ScoringError) -> DatabaseLock? {
    do throws(DatabaseLock.Failure) {
      return try DatabaseLock(path: path)
    } catch {
      switch error {
      case .heldByAnother: return nil
      case .cannotOpen(let reason):
        throw ScoringError("the job database \(path) cannot be opened: \(reason)")
      }
    }
  }

  private init(path: String, lock: DatabaseLock?) throws {
    self.path = path
    self.lock = lock
    probe = lock == nil ? DatabaseLockProbe(path: path) : nil
    database = try Self.wrapping(path) {
      var configuration = Configuration()
      configuration.busyMode = .timeout(Self.busyTimeoutSeconds)
      configuration.label = "BatchScoring.jobs"
      configuration.prepareDatabase { db in
        // Migrations that a power cut takes back are done again.
        try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")
      }
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      try JobStoreSchema.migrator.migrate(queue)
      // The last cut decides what the next job scores, and must not be lost in a power cut.
      try queue.inDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
      if lock != nil { try queue.write(Self.endLostNodes) }
      return queue
    }
  }

  /// Opens the file at `path` for reading only. Throws ``ScoringError`` where there is none.
  package init(reading path: String) throws {
    try Self.requireFile(path)
    self.path = path
    lock = nil
    probe = DatabaseLockProbe(path: path)
    database = try Self.wrapping(path) {
      var configuration = Configuration()
      configuration.readonly = true
      configuration.busyMode = .timeout(Self.busyTimeoutSeconds)
      return try DatabaseQueue(path: path, configuration: configuration)
    }
  }

  private static func requireFile(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else {
      throw ScoringError("\(path): there is no such file; no job has been run in this folder")
    }
  }

  /// How long a connection waits for another one's lock.
  private static let busyTimeoutSeconds = 10.0

  private static func wrapping<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as DatabaseError {
      throw FileError(
        path: path, action: .useJobDatabase,
        reason: error.message ?? "SQLite error \(error.resultCode.rawValue)")
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
  package func job(_ id: String) throws -> JobRecord? {
    try read {
      try Row.fetchOne($0, sql: "SELECT * FROM jobs WHERE id = ?", arguments: [id]).map(Self.record)
    }
  }

  /// All jobs in the order in which they were queued.
  package func jobs() throws -> [JobRecord] {
    try read { try Row.fetchAll($0, sql: "SELECT * FROM jobs ORDER BY number").map(Self.record) }
  }

  /// The jobs of `deployment`'s endpoint, or of the deployment where it has none, in event time: their cuts follow each
  /// other. Jobs that score failed rows again, or that others have replaced, are left out.
  package func chain(of deployment: Deployment) throws -> [JobRecord] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT * FROM jobs WHERE \(deployment.endpoint == nil ? "endpoint IS NULL AND deployment" : "endpoint") = ?
            AND failed_rows_of IS NULL AND (replaced_by IS NULL OR state = 'completed')
          ORDER BY coalesce(through_ms, \(Int64.max)), number
          """, arguments: [deployment.endpoint ?? deployment.name]
      ).map(Self.record)
    }
  }

  /// Writes a job that is not there yet, or what has changed of one.
  func save(_ job: JobRecord) throws {
    try write { db in
      try db.execute(
        sql: """
          INSERT INTO jobs (id, deployment, after_ms, through_ms, state, tasks, failed_tasks, retries, predictions,
            failed_rows, reason, queued_ms, started_ms, ended_ms, failed_rows_of, endpoint, node_seconds,
            task_seconds, busy_seconds, weight, fired_ms)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          ON CONFLICT (id) DO UPDATE SET state = excluded.state, tasks = excluded.tasks,
            failed_tasks = excluded.failed_tasks, retries = excluded.retries, predictions = excluded.predictions,
            failed_rows = excluded.failed_rows, reason = excluded.reason, started_ms = excluded.started_ms,
            ended_ms = excluded.ended_ms, node_seconds = excluded.node_seconds,
            task_seconds = excluded.task_seconds, busy_seconds = excluded.busy_seconds, weight = excluded.weight
          """,
        arguments: [
          job.cut.id, job.deployment, job.cut.after.milliseconds, job.cut.through?.milliseconds,
          job.state.rawValue,
          job.tasks, job.failedTasks, job.retries, job.predictions, job.failedRows, job.reason,
          job.queuedAt.milliseconds, job.startedAt?.milliseconds, job.endedAt?.milliseconds,
          job.cut.failedRowsOf, job.endpoint, job.nodeSeconds, job.taskSeconds, job.busySeconds, job.weight,
          job.cut.firedAt?.milliseconds,
        ])
    }
  }

  /// Keeps how `deployment` looked when the job called `id` was queued.
  func save(_ deployment: Deployment, of id: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let text = String(decoding: try encoder.encode(deployment), as: UTF8.self)
    try write { try $0.execute(sql: "UPDATE jobs SET settings = ? WHERE id = ?", arguments: [text, id]) }
  }

  /// The deployment that the job called `id` was queued with; nil where there is no such job.
  package func deployment(of id: String) throws -> Deployment? {
    let text = try read {
      try String.fetchOne($0, sql: "SELECT settings FROM jobs WHERE id = ?", arguments: [id])
    }
    do {
      return try text.map { try JSONDecoder().decode(Deployment.self, from: Data($0.utf8)) }
    } catch let error as DecodingError {
      throw ScoringError(
        "\(path): the settings of job \(id) are not those of this version of sonde: \(error.reason)")
    }
  }

  // MARK: - Requests

  /// Asks whoever runs the job called `id` to end it.
  package func requestCancel(of id: String) throws {
    try write {
      try $0.execute(sql: "UPDATE jobs SET cancel_requested = 1 WHERE id = ?", arguments: [id])
    }
  }

  /// Asks whoever runs the job called `id` to end it, because the job called `replacement` scores its windows. Where it
  /// completes before that, it is not replaced.
  func requestReplacement(of id: String, by replacement: String) throws {
    try write {
      try $0.execute(
        sql: "UPDATE jobs SET cancel_requested = 1, replaced_by = ? WHERE id = ?",
        arguments: [replacement, id])
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

  private static func record(_ row: Row) -> JobRecord {
    func time(_ name: String) -> Timestamp? { (row[name] as Int64?).map(Timestamp.init(milliseconds:)) }
    var record = JobRecord(
      cut: JobCut(
        id: row["id"], after: Timestamp(milliseconds: row["after_ms"]), through: time("through_ms"),
        failedRowsOf: row["failed_rows_of"], firedAt: time("fired_ms")),
      deployment: row["deployment"], endpoint: row["endpoint"],
      state: JobState(rawValue: row["state"]) ?? .failed,
      queuedAt: Timestamp(milliseconds: row["queued_ms"]), startedAt: time("started_ms"))
    record.tasks = row["tasks"]
    record.failedTasks = row["failed_tasks"]
    record.retries = row["retries"]
    record.predictions = row["predictions"]
    record.failedRows = row["failed_rows"]
    record.reason = row["reason"]
    record.endedAt = time("ended_ms")
    record.nodeSeconds = row["node_seconds"]
    record.taskSeconds = row["task_seconds"]
    record.busySeconds = row["busy_seconds"]
    record.weight = row["weight"]
    record.replacedBy = row["replaced_by"]
    return record
  }

  // MARK: - Nodes

  /// Writes that a node of `target` has changed its state.
  package func record(_ transition: NodeTransition, of target: String, at now: Timestamp) throws {
    try write {
      try $0.execute(
        sql: "INSERT INTO node_states (target, node, state, at_ms) VALUES (?, ?, ?, ?)",
        arguments: [target, transition.node, transition.state?.rawValue, now.milliseconds])
    }
  }

  /// Every change of state of a node, in order.
  package func nodeStates() throws -> [NodeStateRecord] {
    try read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM node_states ORDER BY number").map { row in
        NodeStateRecord(
          target: row["target"], node: row["node"],
          state: (row["state"] as String?).flatMap(NodeState.init(rawValue:)),
          at: Timestamp(milliseconds: row["at_ms"]))
      }
    }
  }

  /// Writes of nodes whose coordinator was killed that they went with it, when it was last heard of.
  private static func endLostNodes(_ db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO node_states (target, node, state, at_ms)
        SELECT target, node, NULL, max(
            (SELECT max(at_ms) FROM node_states),
            coalesce((SELECT max(max(queued_ms, coalesce(started_ms, 0), coalesce(ended_ms, 0))) FROM jobs), 0))
        FROM (SELECT target, node, state, max(number) FROM node_states GROUP BY target, node)
        WHERE state IS NOT NULL
        """)
  }

  // MARK: - Tasks

  /// The tasks of the job called `id`.
  package func tasks(of id: String) throws -> [TaskRecord] {
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
        FailedAttempt(
          task: row["task"], attempt: row["attempt"], worker: row["worker"], node: row["node"],
          durationMs: row["duration_ms"], reason: row["reason"])
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
  func record(_ events: [ComputeEvent], of id: String) throws {
    guard !events.isEmpty else { return }
    try write { db in
      for event in events {
        switch event {
        case .notice, .workerStarted, .workerExited: break
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
        INSERT INTO failed_attempts (job, task, attempt, worker, node, duration_ms, reason)
        SELECT job, task, ?, worker, node, ?, ? FROM tasks WHERE job = ? AND task = ?
        """, arguments: [attempt, duration.seconds * 1000, reason, job, task])
  }
}
