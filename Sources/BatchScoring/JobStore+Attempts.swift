import GRDB
import Telemetry

/// The attempts at a run's jobs, and the machines on which their tasks ran.
extension JobStore {
  /// The attempts at the job called `id`, in order.
  package func attempts(of id: String) throws -> [JobAttempt] {
    try read { try Self.attempts($0, of: id)[id] ?? [] }
  }

  /// Writes that somebody begins with the job called `id`, or takes it up. An attempt without an end was interrupted.
  func beginAttempt(of id: String, at start: Timestamp) throws {
    try write { db in
      try Self.interruptAttempts(of: id, db)
      try db.execute(
        sql: "INSERT INTO job_attempts (job, state, started_ms) VALUES (?, 'running', ?)",
        arguments: [id, start.milliseconds])
    }
  }

  /// Writes that the attempt at the job called `id` has ended.
  func endAttempt(of id: String, as state: JobAttempt.State, at end: Timestamp) throws {
    try write { try Self.endAttempt(of: id, as: state, at: end, $0) }
  }

  static func endAttempt(of id: String, as state: JobAttempt.State, at end: Timestamp, _ db: Database) throws
  {
    try db.execute(
      sql: "UPDATE job_attempts SET state = ?, ended_ms = ? WHERE job = ? AND ended_ms IS NULL",
      arguments: [state.rawValue, end.milliseconds, id])
  }

  /// Ends attempts whose coordinator has gone: when the last of their tasks was heard of.
  static func interruptAttempts(of id: String, _ db: Database) throws {
    try db.execute(
      sql: """
        UPDATE job_attempts SET state = 'interrupted', ended_ms = max(started_ms,
          coalesce((SELECT max(started_ms + CAST(coalesce(duration_ms, 0) AS INTEGER)) FROM tasks WHERE job = ?1), 0),
          coalesce((SELECT max(started_ms + CAST(duration_ms AS INTEGER)) FROM failed_attempts WHERE job = ?1), 0))
        WHERE job = ?1 AND ended_ms IS NULL
        """, arguments: [id])
  }

  /// `jobs` with their attempts and machines.
  static func withAttempts(_ jobs: [JobRecord], _ db: Database) throws -> [JobRecord] {
    let only = jobs.count == 1 ? jobs[0].cut.id : nil
    // A file that is read and was written by an earlier version has no such table.
    let isOld = try !db.tableExists("job_attempts")
    let attempts = isOld ? [:] : try attempts(db, of: only)
    let hosts = isOld ? [:] : try hosts(db, of: only)
    return jobs.map { job in
      var job = job
      job.attempts = attempts[job.cut.id] ?? []
      job.hosts = hosts[job.cut.id] ?? []
      return job
    }
  }

  /// By job; nil for those of all.
  private static func attempts(_ db: Database, of id: String?) throws -> [String: [JobAttempt]] {
    var found: [String: [JobAttempt]] = [:]
    let rows = try Row.fetchCursor(
      db, sql: "SELECT * FROM job_attempts WHERE ?1 IS NULL OR job = ?1 ORDER BY number", arguments: [id])
    while let row = try rows.next() {
      let job: String = row["job"]
      found[job, default: []].append(
        JobAttempt(
          attempt: (found[job]?.count ?? 0) + 1,
          state: JobAttempt.State(rawValue: row["state"]) ?? .interrupted,
          startedAt: Timestamp(milliseconds: row["started_ms"]), endedAt: time(row, "ended_ms")))
    }
    return found
  }

  private static func hosts(_ db: Database, of id: String?) throws -> [String: [String]] {
    var found: [String: [String]] = [:]
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT job, host FROM tasks WHERE host IS NOT NULL AND (?1 IS NULL OR job = ?1)
        UNION SELECT job, host FROM failed_attempts WHERE host IS NOT NULL AND (?1 IS NULL OR job = ?1)
        ORDER BY job, host
        """, arguments: [id])
    while let row = try rows.next() { found[row["job"], default: []].append(row["host"]) }
    return found
  }
}
