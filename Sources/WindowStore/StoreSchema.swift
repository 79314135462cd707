import GRDB
import Supervision

/// The tables and views of the store. The views `window_values`, `stored_readings`, `rejected_messages`, `late_readings` and
/// `stream_predictions` are a public interface; the tables below them are not.
enum StoreSchema {
  /// Values a journal row holds. A message with more sensors continues in the next row.
  static let valuesPerJournalRow = 8

  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1: journal, windows, rejected, late") { db in
      let valueColumns = (0..<valuesPerJournalRow).map { "v\($0) REAL" }.joined(separator: ", ")
      let valueChoice = (0..<valuesPerJournalRow).map { "WHEN \($0) THEN j.v\($0)" }.joined(separator: " ")
      try db.execute(
        sql: """
          -- What the windows mean; fixed when the store is made.
          CREATE TABLE settings (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

          CREATE TABLE devices (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
          CREATE TABLE sensors (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

          -- Which sensor stands in which value column of a journal row. A set with part > 0 continues the message
          -- of the row before.
          CREATE TABLE sensor_sets (
            id INTEGER NOT NULL, part INTEGER NOT NULL, position INTEGER NOT NULL,
            sensor INTEGER NOT NULL REFERENCES sensors(id),
            PRIMARY KEY (id, position)
          ) STRICT, WITHOUT ROWID;

          -- Every accepted message in the order of its arrival. All the rest is a fold over this table.
          CREATE TABLE journal (
            id INTEGER PRIMARY KEY, device INTEGER NOT NULL, epoch INTEGER, seq INTEGER, ts_ms INTEGER NOT NULL,
            sensor_set INTEGER NOT NULL, \(valueColumns)
          ) STRICT;

          -- Every revision of every closed window; rows are only ever added.
          CREATE TABLE windows (
            id INTEGER PRIMARY KEY, device INTEGER NOT NULL, sensor INTEGER NOT NULL,
            start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,
            count INTEGER NOT NULL, mean REAL NOT NULL, stddev REAL NOT NULL, min REAL NOT NULL, max REAL NOT NULL,
            first REAL NOT NULL, last REAL NOT NULL, slope REAL NOT NULL,
            p05 REAL NOT NULL, p25 REAL NOT NULL, median REAL NOT NULL, p75 REAL NOT NULL, p95 REAL NOT NULL,
            revision INTEGER NOT NULL, visible_from_ms INTEGER NOT NULL
          ) STRICT;
          CREATE UNIQUE INDEX windows_by_key ON windows (device, sensor, start_ms, revision);
          CREATE INDEX windows_by_visibility ON windows (visible_from_ms);

          CREATE TABLE rejected (
            id INTEGER PRIMARY KEY, received_ms INTEGER NOT NULL, topic TEXT NOT NULL, reason TEXT NOT NULL,
            payload BLOB NOT NULL
          ) STRICT;

          CREATE TABLE late (
            id INTEGER PRIMARY KEY, device INTEGER NOT NULL, epoch INTEGER, seq INTEGER, ts_ms INTEGER NOT NULL,
            sensor INTEGER NOT NULL, value REAL NOT NULL, late_by_ms INTEGER NOT NULL
          ) STRICT;

          -- One row, rewritten by every commit: what ingestion has done so far.
          CREATE TABLE progress (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            messages INTEGER NOT NULL, stored_messages INTEGER NOT NULL, stored_readings INTEGER NOT NULL,
            duplicate_messages INTEGER NOT NULL, duplicate_readings INTEGER NOT NULL,
            late_messages INTEGER NOT NULL, late_readings INTEGER NOT NULL, rejected_messages INTEGER NOT NULL,
            windows_closed INTEGER NOT NULL, windows_revised INTEGER NOT NULL,
            max_event_ms INTEGER, fleet_watermark_ms INTEGER
          ) STRICT;
          INSERT INTO progress VALUES (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL);

          -- The fold's state after the journal row and the late row named here.
          CREATE TABLE checkpoint (
            id INTEGER PRIMARY KEY CHECK (id = 1), journal_id INTEGER NOT NULL, late_id INTEGER NOT NULL,
            state BLOB NOT NULL
          ) STRICT;

          CREATE VIEW window_values AS
            SELECT d.name AS device, s.name AS sensor, w.start_ms AS window_start_ms, w.end_ms AS window_end_ms,
              w.count, w.mean, w.stddev, w.min, w.max, w.revision
            FROM windows w JOIN devices d ON d.id = w.device JOIN sensors s ON s.id = w.sensor
            WHERE NOT EXISTS (
              SELECT 1 FROM windows n WHERE n.device = w.device AND n.sensor = w.sensor
                AND n.start_ms = w.start_ms AND n.revision > w.revision);

          -- The further aggregates, beside the columns that window_values promises.
          CREATE VIEW window_aggregates AS
            SELECT d.name AS device, s.name AS sensor, w.start_ms AS window_start_ms, w.end_ms AS window_end_ms,
              w.first, w.last, w.slope, w.p05, w.p25, w.median, w.p75, w.p95, w.revision
            FROM windows w JOIN devices d ON d.id = w.device JOIN sensors s ON s.id = w.sensor
            WHERE NOT EXISTS (
              SELECT 1 FROM windows n WHERE n.device = w.device AND n.sensor = w.sensor
                AND n.start_ms = w.start_ms AND n.revision > w.revision);

          CREATE VIEW stored_readings AS
            SELECT d.name AS device, j.epoch, j.seq, j.ts_ms, s.name AS sensor,
              CASE p.position \(valueChoice) END AS value
            FROM journal j JOIN devices d ON d.id = j.device JOIN sensor_sets p ON p.id = j.sensor_set
              JOIN sensors s ON s.id = p.sensor;

          CREATE VIEW rejected_messages AS SELECT received_ms, topic, reason, payload FROM rejected;

          CREATE VIEW late_readings AS
            SELECT d.name AS device, l.epoch, l.seq, l.ts_ms, s.name AS sensor, l.value, l.late_by_ms
            FROM late l JOIN devices d ON d.id = l.device JOIN sensors s ON s.id = l.sensor;
          """)
      CrashPoint.migration.pass()
    }
    migrator.registerMigration("2: sessions, late policies, redeliveries") { db in
      func aggregates(_ name: String, _ columns: String) -> String {
        """
        DROP VIEW \(name);
        CREATE VIEW \(name) AS
          SELECT d.name AS device, s.name AS sensor, w.start_ms AS window_start_ms, w.end_ms AS window_end_ms,
            \(columns), w.revision
          FROM windows w JOIN devices d ON d.id = w.device JOIN sensors s ON s.id = w.sensor
          WHERE w.count > 0 AND NOT EXISTS (
            SELECT 1 FROM windows n WHERE n.device = w.device AND n.sensor = w.sensor
              AND n.start_ms = w.start_ms AND n.revision > w.revision);
        """
      }
      try db.execute(
        sql: """
          -- A store of before has no sessions.
          INSERT INTO settings SELECT 'session_gap_ms', 0 FROM settings WHERE name = 'window_ms';

          -- A revision without readings takes its window back.
          \(aggregates("window_values", "w.count, w.mean, w.stddev, w.min, w.max"))
          \(aggregates("window_aggregates", "w.first, w.last, w.slope, w.p05, w.p25, w.median, w.p75, w.p95"))
          CREATE INDEX windows_withdrawn ON windows (visible_from_ms) WHERE count = 0;

          -- Late messages that were dropped (moved_to_ms is null), or stored with another time.
          CREATE TABLE late_outcomes (
            id INTEGER PRIMARY KEY, device INTEGER NOT NULL, epoch INTEGER, seq INTEGER, ts_ms INTEGER NOT NULL,
            readings INTEGER NOT NULL, late_by_ms INTEGER NOT NULL, moved_to_ms INTEGER
          ) STRICT;
          CREATE VIEW dropped_messages AS
            SELECT d.name AS device, l.epoch, l.seq, l.ts_ms, l.readings, l.late_by_ms
            FROM late_outcomes l JOIN devices d ON d.id = l.device WHERE l.moved_to_ms IS NULL;
          CREATE VIEW adjusted_messages AS
            SELECT d.name AS device, l.epoch, l.seq, l.ts_ms, l.moved_to_ms, l.readings, l.late_by_ms
            FROM late_outcomes l JOIN devices d ON d.id = l.device WHERE l.moved_to_ms IS NOT NULL;

          -- Payloads that the broker may deliver again and that nothing else would tell from new ones.
          CREATE TABLE deliveries (number INTEGER PRIMARY KEY, packet_id INTEGER NOT NULL, digest BLOB NOT NULL) STRICT;

          ALTER TABLE progress ADD COLUMN dropped_messages INTEGER NOT NULL DEFAULT 0;
          ALTER TABLE progress ADD COLUMN dropped_readings INTEGER NOT NULL DEFAULT 0;
          ALTER TABLE progress ADD COLUMN adjusted_messages INTEGER NOT NULL DEFAULT 0;
          ALTER TABLE progress ADD COLUMN adjusted_readings INTEGER NOT NULL DEFAULT 0;
          ALTER TABLE progress ADD COLUMN deliveries INTEGER NOT NULL DEFAULT 0;

          -- The state had another form; the next start folds the journal from its beginning.
          DELETE FROM checkpoint;
          ALTER TABLE checkpoint ADD COLUMN late_outcome_id INTEGER NOT NULL DEFAULT 0;
          """)
      CrashPoint.migration.pass()
    }
    migrator.registerMigration("3: where moved messages stand") { db in
      // Null for dropped messages, and for those moved before there was the column.
      try db.execute(sql: "ALTER TABLE late_outcomes ADD COLUMN journal_id INTEGER")
      CrashPoint.migration.pass()
    }
    migrator.registerMigration("4: windows lie by device and time") { db in
      let views = try Row.fetchAll(
        db, sql: "SELECT name, sql FROM sqlite_schema WHERE type = 'view' AND name IN (?, ?)",
        arguments: ["window_values", "window_aggregates"])
      for view in views { try db.execute(sql: "DROP VIEW \(view["name"] as String)") }
      let columns = """
        device, start_ms, sensor, revision, visible_from_ms, end_ms, count, mean, stddev, min, max, first, last,
        slope, p05, p25, median, p75, p95
        """
      try db.execute(
        sql: """
          -- Every revision of every closed window. What a job reads of a device lies together; the index by visibility
          -- holds all that planning a job needs.
          CREATE TABLE windows_4 (
            device INTEGER NOT NULL, start_ms INTEGER NOT NULL, sensor INTEGER NOT NULL, revision INTEGER NOT NULL,
            visible_from_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,
            count INTEGER NOT NULL, mean REAL NOT NULL, stddev REAL NOT NULL, min REAL NOT NULL, max REAL NOT NULL,
            first REAL NOT NULL, last REAL NOT NULL, slope REAL NOT NULL,
            p05 REAL NOT NULL, p25 REAL NOT NULL, median REAL NOT NULL, p75 REAL NOT NULL, p95 REAL NOT NULL,
            PRIMARY KEY (device, start_ms, sensor, revision)
          ) STRICT, WITHOUT ROWID;
          INSERT INTO windows_4 (\(columns))
            SELECT \(columns) FROM windows ORDER BY device, start_ms, sensor, revision;
          DROP TABLE windows;
          ALTER TABLE windows_4 RENAME TO windows;
          CREATE INDEX windows_by_visibility ON windows (visible_from_ms);
          CREATE INDEX windows_withdrawn ON windows (visible_from_ms) WHERE count = 0;
          """)
      for view in views { try db.execute(sql: view["sql"]) }
      CrashPoint.migration.pass()
    }
    migrator.registerMigration("5: closing batches") { db in
      try db.execute(
        sql: """
          -- What became visible when, in place of an index entry a window; see ClosingBatch.
          \(ClosingBatch.table)
          DROP INDEX IF EXISTS windows_by_visibility;
          -- The few windows that are counted one by one.
          CREATE INDEX IF NOT EXISTS windows_revised ON windows (visible_from_ms) WHERE revision > 1;
          -- For a short time closings had a row each.
          DROP TABLE IF EXISTS closings;
          """)
      try ClosingBatch.insertAll(ofWindowsIn: db)
      CrashPoint.migration.pass()
    }
    migrator.registerMigration("6: a window without a slope") { db in
      // SQLite takes no constraint away, so the table is made again.
      let objects = try Row.fetchAll(
        db,
        sql: """
          SELECT type, name, sql FROM sqlite_schema
          WHERE type = 'view' AND name IN ('window_values', 'window_aggregates')
            OR type = 'index' AND tbl_name = 'windows' AND sql IS NOT NULL
          """)
      for object in objects {
        try db.execute(sql: "DROP \(object["type"] as String) \(object["name"] as String)")
      }
      try db.execute(
        sql: """
          CREATE TABLE windows_6 (
            device INTEGER NOT NULL, start_ms INTEGER NOT NULL, sensor INTEGER NOT NULL, revision INTEGER NOT NULL,
            visible_from_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,
            count INTEGER NOT NULL, mean REAL NOT NULL, stddev REAL NOT NULL, min REAL NOT NULL, max REAL NOT NULL,
            first REAL NOT NULL, last REAL NOT NULL,
            -- Null where it is beyond the largest double.
            slope REAL,
            p05 REAL NOT NULL, p25 REAL NOT NULL, median REAL NOT NULL, p75 REAL NOT NULL, p95 REAL NOT NULL,
            PRIMARY KEY (device, start_ms, sensor, revision)
          ) STRICT, WITHOUT ROWID;
          INSERT INTO windows_6 SELECT * FROM windows ORDER BY device, start_ms, sensor, revision;
          DROP TABLE windows;
          ALTER TABLE windows_6 RENAME TO windows;
          """)
      for object in objects { try db.execute(sql: object["sql"]) }
      CrashPoint.migration.pass()
    }
    migrator.registerMigration("7: parts of payloads, retained messages, subscriptions") { db in
      try db.execute(
        sql: """
          -- How many values were not taken of a payload of which the rest was; null where nothing was.
          ALTER TABLE rejected ADD COLUMN readings INTEGER;
          ALTER TABLE progress ADD COLUMN rejected_readings INTEGER NOT NULL DEFAULT 0;

          -- The last retained message of each topic that nothing else would tell from a new one.
          CREATE TABLE retained (topic TEXT PRIMARY KEY, digest BLOB NOT NULL, number INTEGER NOT NULL)
            STRICT, WITHOUT ROWID;
          CREATE INDEX retained_by_number ON retained (number);

          -- What each client id has subscribed to at each broker: MQTT has no way to ask.
          CREATE TABLE subscriptions (
            id INTEGER PRIMARY KEY, broker TEXT NOT NULL, client TEXT NOT NULL, filter TEXT NOT NULL,
            -- How many deliveries had come before it was made.
            after INTEGER NOT NULL,
            UNIQUE (broker, client, filter)
          ) STRICT;
          """)
      CrashPoint.migration.pass()
    }
    migrator.registerMigration("8: the fleet's time") { db in
      try db.execute(
        sql: """
          ALTER TABLE progress ADD COLUMN fleet_time_ms INTEGER;
          -- Devices whose clocks are not the fleet's, and by how much they were ahead or behind at the most.
          CREATE TABLE clocks (
            device INTEGER PRIMARY KEY, ahead_ms INTEGER NOT NULL, behind_ms INTEGER NOT NULL
          ) STRICT;
          CREATE VIEW device_clocks AS
            SELECT d.name AS device, c.ahead_ms, c.behind_ms FROM clocks c JOIN devices d ON d.id = c.device;
          """)
      CrashPoint.migration.pass()
    }
    migrator.registerMigration("9: scores inside the stream") { db in
      try db.execute(sql: ClosingBatch.numbersGivenOnce)
      try db.execute(sql: StreamScoreSchema.sql)
      CrashPoint.migration.pass()
    }
    migrator.registerMigration("10: lives of Sparkplug") { db in
      try db.execute(sql: SparkplugSchema.sql)
      CrashPoint.migration.pass()
    }
    migrator.registerMigration("11: times of Sparkplug") { db in
      try db.execute(sql: SparkplugSchema.times)
      CrashPoint.migration.pass()
    }
    return migrator
  }
}
