import Files
import Foundation
import GRDB
import Modelling
import Telemetry
import Wording

/// The jobs of a run: what is known of each, and the deployment that it was queued with.
extension JobStore {
  /// The job called `id`; nil where there is none.
  package func job(_ id: String) throws -> JobRecord? {
    try read {
      try Row.fetchOne($0, sql: "SELECT * FROM jobs WHERE id = ?", arguments: [id]).map(Self.record)
    }
  }

  /// The job called `id`. Throws ``ScoringError`` where there is none, with the names that there are.
  package func named(_ id: String) throws -> JobRecord {
    guard
      let job = try read({ db in
        try Self.withAttempts(
          try Row.fetchAll(db, sql: "SELECT * FROM jobs WHERE id = ?", arguments: [id]).map(Self.record), db)
      }).first
    else {
      let known = try jobs().map(\.cut.id)
      throw ScoringError(
        "there is no job \(id.quoted)"
          + (known.isEmpty ? "" : "; there are \(known.prefix(20).joined(separator: ", "))"))
    }
    return job
  }

  /// All jobs in the order in which they were queued, with their attempts and machines.
  package func jobs() throws -> [JobRecord] {
    try read { db in
      try Self.withAttempts(
        try Row.fetchAll(db, sql: "SELECT * FROM jobs ORDER BY number").map(Self.record), db)
    }
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
            task_seconds, busy_seconds, weight, fired_ms, alarms)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          ON CONFLICT (id) DO UPDATE SET state = excluded.state, tasks = excluded.tasks,
            failed_tasks = excluded.failed_tasks, retries = excluded.retries, predictions = excluded.predictions,
            failed_rows = excluded.failed_rows, reason = excluded.reason, started_ms = excluded.started_ms,
            ended_ms = excluded.ended_ms, node_seconds = excluded.node_seconds,
            task_seconds = excluded.task_seconds, busy_seconds = excluded.busy_seconds, weight = excluded.weight,
            alarms = excluded.alarms
          """,
        arguments: [
          job.cut.id, job.deployment, job.cut.after.milliseconds, job.cut.through?.milliseconds,
          job.state.rawValue,
          job.tasks, job.failedTasks, job.retries, job.predictions, job.failedRows, job.reason,
          job.queuedAt.milliseconds, job.startedAt?.milliseconds, job.endedAt?.milliseconds,
          job.cut.failedRowsOf, job.endpoint, job.nodeSeconds, job.taskSeconds, job.busySeconds, job.weight,
          job.cut.firedAt?.milliseconds, job.alarms,
        ])
      guard let end = job.endedAt, let state = JobAttempt.State(rawValue: job.state.rawValue),
        job.state.isFinal
      else { return }
      try Self.endAttempt(of: job.cut.id, as: state, at: end, db)
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

  /// The time in a column; nil where there is none, also where the file is of a version that has no such column.
  static func time(_ row: Row, _ name: String) -> Timestamp? {
    (row[name] as Int64?).map(Timestamp.init(milliseconds:))
  }

  static func record(_ row: Row) -> JobRecord {
    func time(_ name: String) -> Timestamp? { Self.time(row, name) }
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
    record.alarms = row["alarms"]
    record.reason = row["reason"]
    record.endedAt = time("ended_ms")
    record.nodeSeconds = row["node_seconds"]
    record.taskSeconds = row["task_seconds"]
    record.busySeconds = row["busy_seconds"]
    record.weight = row["weight"]
    record.replacedBy = row["replaced_by"]
    record.isRerunQueued = row["rerun_requested"] as Bool? ?? false
    return record
  }
}
