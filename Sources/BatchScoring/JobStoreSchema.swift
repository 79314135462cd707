import GRDB

/// The tables of jobs.sqlite, and how older files become the newest form.
enum JobStoreSchema {
  static var migrator: DatabaseMigrator {
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
    migrator.registerMigration("2: cancel, settings, failed attempts") { db in
      try db.execute(
        sql: """
          ALTER TABLE jobs ADD COLUMN cancel_requested INTEGER NOT NULL DEFAULT 0;
          -- The deployment as it was when the job was queued, as JSON.
          ALTER TABLE jobs ADD COLUMN settings TEXT;
          -- The job whose failed rows alone this one scores.
          ALTER TABLE jobs ADD COLUMN failed_rows_of TEXT;

          CREATE TABLE tasks_2 (
            job TEXT NOT NULL REFERENCES jobs(id), task INTEGER NOT NULL, devices INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'failed', 'canceled')),
            attempts INTEGER NOT NULL DEFAULT 0, worker INTEGER, node INTEGER, rows INTEGER NOT NULL DEFAULT 0,
            failed_rows INTEGER NOT NULL DEFAULT 0, duration_ms REAL, reason TEXT,
            PRIMARY KEY (job, task)
          ) STRICT, WITHOUT ROWID;
          INSERT INTO tasks_2 SELECT * FROM tasks;
          DROP TABLE tasks;
          ALTER TABLE tasks_2 RENAME TO tasks;

          -- Attempts that failed, also where a later one succeeded.
          CREATE TABLE failed_attempts (
            number INTEGER PRIMARY KEY, job TEXT NOT NULL REFERENCES jobs(id), task INTEGER NOT NULL,
            attempt INTEGER NOT NULL, worker INTEGER, node INTEGER, duration_ms REAL NOT NULL, reason TEXT NOT NULL
          ) STRICT;
          CREATE INDEX failed_attempts_by_job ON failed_attempts (job, task, attempt);
          """)
    }
    migrator.registerMigration("3: endpoints, nodes, overhead, wall-clock schedules") { db in
      try db.execute(
        sql: """
          ALTER TABLE jobs ADD COLUMN endpoint TEXT;
          ALTER TABLE jobs ADD COLUMN node_seconds REAL;
          ALTER TABLE jobs ADD COLUMN task_seconds REAL;
          ALTER TABLE jobs ADD COLUMN busy_seconds REAL;
          ALTER TABLE jobs ADD COLUMN weight INTEGER;
          -- When a wall-clock schedule fired it.
          ALTER TABLE jobs ADD COLUMN fired_ms INTEGER;
          -- The job that scores the windows of this one in its place.
          ALTER TABLE jobs ADD COLUMN replaced_by TEXT;

          -- Every change of state of a node, in order; a state of null means that the node has gone.
          CREATE TABLE node_states (
            number INTEGER PRIMARY KEY, target TEXT NOT NULL, node INTEGER NOT NULL,
            state TEXT CHECK (state IN ('provisioning', 'idle', 'running', 'leaving', 'preempted', 'unusable')),
            at_ms INTEGER NOT NULL
          ) STRICT;
          """)
    }
    migrator.registerMigration("4: when tasks started, how long workers were busy") { db in
      try db.execute(
        sql: """
          -- Of the last attempt: when it started by the wall clock, and how long its worker says that it was at the task.
          ALTER TABLE tasks ADD COLUMN started_ms INTEGER;
          ALTER TABLE tasks ADD COLUMN busy_ms REAL;
          ALTER TABLE failed_attempts ADD COLUMN started_ms INTEGER;
          """)
    }
    migrator.registerMigration("5: attempts, machines, reruns that are asked for") { db in
      try db.execute(
        sql: """
          -- The machines on which attempts ran; null where the target does not know.
          ALTER TABLE tasks ADD COLUMN host TEXT;
          ALTER TABLE failed_attempts ADD COLUMN host TEXT;

          -- Every attempt at a job. One without an end goes on, or its coordinator was killed.
          CREATE TABLE job_attempts (
            number INTEGER PRIMARY KEY, job TEXT NOT NULL REFERENCES jobs(id),
            state TEXT NOT NULL CHECK (state IN
              ('running', 'completed', 'failed', 'canceled', 'stopped', 'interrupted')),
            started_ms INTEGER NOT NULL, ended_ms INTEGER
          ) STRICT;
          CREATE INDEX job_attempts_by_job ON job_attempts (job, number);
          -- Of earlier attempts than the last, nothing is known.
          INSERT INTO job_attempts (job, state, started_ms, ended_ms)
          SELECT id, CASE WHEN state IN ('completed', 'failed', 'canceled') THEN state ELSE 'interrupted' END,
            started_ms, coalesce(ended_ms, started_ms)
          FROM jobs WHERE started_ms IS NOT NULL ORDER BY number;

          -- Whether somebody has asked the coordinator to run the job again.
          ALTER TABLE jobs ADD COLUMN rerun_requested INTEGER NOT NULL DEFAULT 0;
          -- Whether the coordinator looks for that.
          CREATE TABLE coordinator (id INTEGER PRIMARY KEY CHECK (id = 1), takes_reruns INTEGER NOT NULL) STRICT;
          INSERT INTO coordinator VALUES (1, 0);
          """)
    }
    migrator.registerMigration("6: how many alarms there are") { db in
      try db.execute(sql: "ALTER TABLE jobs ADD COLUMN alarms INTEGER;")
    }
    return migrator
  }
}
