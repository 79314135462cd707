import Foundation
import GRDB
import Telemetry
import TestSupport
import Testing

/// When tasks started, and how long workers were at them, as `sonde jobs show` tells it.
@Suite(.timeLimit(.minutes(30))) struct TaskTimesTests {
  private struct Shown: Decodable {
    struct Attempt: Decodable {
      var startedAt: Timestamp?
      var durationMs: Double?
      var busyMs: Double?
      var state: String?
    }

    var tasks: [Attempt]
    var failedAttempts: [Attempt]
  }

  private func show(_ run: ScoringRun, _ job: String) async throws -> Shown {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let text = try await run.sonde(["jobs", "show", run.folder, job, "--format", "json"])
    return try decoder.decode(Shown.self, from: Data(text.utf8))
  }

  @Test func aTaskKnowsWhenItStartedAndHowLongItsWorkerWasBusy() async throws {
    try await ScoringRun.trained { run in
      func now() -> Timestamp { Timestamp(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1000)) }
      let before = now()
      // Every attempt that fails is followed by one that may not; seed 2 fails some.
      let service = try await run.start(
        ["score", run.folder, "--mini-batch-size", "1", "--set", "retry_settings.max_retries=20"]
          + ScoringRun.noon, environment: ["SONDE_FAIL_TASKS": "0.4#2"])
      for await _ in service.lines {}
      #expect(try await service.exit() == .exited(code: 0))
      let job = try #require(
        try FileManager.default.contentsOfDirectory(atPath: "\(run.folder)/predictions").first)
      let shown = try await show(run, job)
      #expect(shown.tasks.count == 6 && !shown.failedAttempts.isEmpty)
      for attempt in shown.tasks + shown.failedAttempts {
        let started = try #require(attempt.startedAt)
        #expect(started >= before && started <= now() + .milliseconds(1))
      }
      for task in shown.tasks {
        let (busy, duration) = (try #require(task.busyMs), try #require(task.durationMs))
        #expect(task.state == "completed" && busy > 0 && busy <= duration)
      }
    }
  }

  /// A file as an earlier version wrote it, with its migrations noted: the third, or the fourth.
  private func makeOldDatabase(_ path: String, version: Int) throws {
    try DatabaseQueue(path: path).write { db in
      try db.execute(
        sql: """
          CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
          INSERT INTO grdb_migrations VALUES ('1: jobs and tasks'), ('2: cancel, settings, failed attempts'),
            ('3: endpoints, nodes, overhead, wall-clock schedules');
          CREATE TABLE jobs (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, deployment TEXT NOT NULL,
            after_ms INTEGER NOT NULL, through_ms INTEGER,
            state TEXT NOT NULL CHECK (state IN
              ('queued', 'provisioning', 'running', 'finalizing', 'completed', 'failed', 'canceled')),
            tasks INTEGER NOT NULL DEFAULT 0, failed_tasks INTEGER NOT NULL DEFAULT 0,
            retries INTEGER NOT NULL DEFAULT 0, predictions INTEGER NOT NULL DEFAULT 0,
            failed_rows INTEGER NOT NULL DEFAULT 0, reason TEXT,
            queued_ms INTEGER NOT NULL, started_ms INTEGER, ended_ms INTEGER,
            cancel_requested INTEGER NOT NULL DEFAULT 0, settings TEXT, failed_rows_of TEXT, endpoint TEXT,
            node_seconds REAL, task_seconds REAL, busy_seconds REAL, weight INTEGER, fired_ms INTEGER,
            replaced_by TEXT
          ) STRICT;
          CREATE TABLE tasks (
            job TEXT NOT NULL REFERENCES jobs(id), task INTEGER NOT NULL, devices INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'failed', 'canceled')),
            attempts INTEGER NOT NULL DEFAULT 0, worker INTEGER, node INTEGER, rows INTEGER NOT NULL DEFAULT 0,
            failed_rows INTEGER NOT NULL DEFAULT 0, duration_ms REAL, reason TEXT,
            PRIMARY KEY (job, task)
          ) STRICT, WITHOUT ROWID;
          CREATE TABLE failed_attempts (
            number INTEGER PRIMARY KEY, job TEXT NOT NULL REFERENCES jobs(id), task INTEGER NOT NULL,
            attempt INTEGER NOT NULL, worker INTEGER, node INTEGER, duration_ms REAL NOT NULL, reason TEXT NOT NULL
          ) STRICT;
          CREATE INDEX failed_attempts_by_job ON failed_attempts (job, task, attempt);
          CREATE TABLE node_states (
            number INTEGER PRIMARY KEY, target TEXT NOT NULL, node INTEGER NOT NULL,
            state TEXT CHECK (state IN ('provisioning', 'idle', 'running', 'leaving', 'preempted', 'unusable')),
            at_ms INTEGER NOT NULL
          ) STRICT;
          INSERT INTO jobs (id, deployment, after_ms, through_ms, state, tasks, retries, predictions, queued_ms,
            started_ms, ended_ms)
          VALUES ('old', 'default', 0, 1767268800000, 'completed', 2, 1, 9, 1767268800000, 1767268800000,
            1767268801000);
          INSERT INTO tasks (job, task, devices, state, attempts, worker, node, rows, duration_ms)
          VALUES ('old', 0, 3, 'completed', 1, 1, 1, 4, 12.5), ('old', 1, 3, 'completed', 2, 1, 1, 5, 12.5);
          INSERT INTO failed_attempts (job, task, attempt, worker, node, duration_ms, reason)
          VALUES ('old', 1, 1, 1, 1, 3.5, 'flaky');
          """)
      guard version == 4 else { return }
      try db.execute(
        sql: """
          INSERT INTO grdb_migrations VALUES ('4: when tasks started, how long workers were busy');
          ALTER TABLE tasks ADD COLUMN started_ms INTEGER;
          ALTER TABLE tasks ADD COLUMN busy_ms REAL;
          ALTER TABLE failed_attempts ADD COLUMN started_ms INTEGER;
          """)
    }
  }

  @Test(arguments: [3, 4]) func aDatabaseOfAnEarlierVersionOpensAsBefore(version: Int) async throws {
    try await ScoringRun.trained { run in
      try makeOldDatabase("\(run.folder)/jobs.sqlite", version: version)
      func checkOldJob(_ comment: Comment) async throws {
        let shown = try await show(run, "old")
        #expect(shown.tasks.map(\.durationMs) == [12.5, 12.5], comment)
        #expect(shown.failedAttempts.map(\.durationMs) == [3.5], comment)
        #expect(
          (shown.tasks + shown.failedAttempts).allSatisfy { $0.startedAt == nil && $0.busyMs == nil }, comment
        )
        let list = try await run.sonde(["jobs", "list", run.folder])
        #expect(list.contains("2026-01-01T12:00:01Z  1.0 "), "\(comment): \(list)")
        #expect(
          try await run.sonde(["jobs", "show", run.folder, "old"]).contains(
            "by deployment default: completed"))
      }
      try await checkOldJob("opened for reading, which changes nothing")
      let columns = { () throws -> [String] in
        try DatabaseQueue(path: "\(run.folder)/jobs.sqlite").read {
          try $0.columns(in: "tasks").map(\.name)
        }
      }
      #expect(try !columns().contains("host") && columns().contains("started_ms") == (version == 4))
      _ = try await run.sonde(["score", run.folder])
      #expect(try columns().contains("host") && columns().contains("started_ms"))
      try await checkOldJob("opened for writing")
      let jobs = try FileManager.default.contentsOfDirectory(atPath: "\(run.folder)/predictions")
      let shown = try await show(run, try #require(jobs.first))
      #expect(!shown.tasks.isEmpty && shown.tasks.allSatisfy { $0.startedAt != nil && $0.busyMs != nil })
    }
  }
}
