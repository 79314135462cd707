/// The tables of scoring inside the stream, and its views. Ingestion makes them and never looks at them: their rows are written by the
/// process that scores (``StreamScoreStore``).
enum StreamScoreSchema {
  static let sql = """
    CREATE TABLE stream_model_versions (id INTEGER PRIMARY KEY, version TEXT NOT NULL UNIQUE) STRICT;

    -- A row for each revision that was scored, or cannot be. Sensor 0 is the whole device.
    CREATE TABLE stream_scores (
      device INTEGER NOT NULL, start_ms INTEGER NOT NULL, sensor INTEGER NOT NULL, revision INTEGER NOT NULL,
      end_ms INTEGER NOT NULL, visible_from_ms INTEGER NOT NULL,
      -- Which row of closing_batches it came with.
      closing_id INTEGER NOT NULL,
      score REAL, prediction INTEGER, model_version INTEGER,
      -- Why there is no score.
      reason TEXT,
      -- The wall clock's time, and the fleet's watermark, when the row was stored.
      scored_ms INTEGER NOT NULL, watermark_ms INTEGER NOT NULL,
      PRIMARY KEY (device, start_ms, sensor, revision)
    ) STRICT, WITHOUT ROWID;

    -- One row once there is such scoring: up to which closing batch everything is in stream_scores, and what was sent.
    CREATE TABLE stream_progress (
      id INTEGER PRIMARY KEY CHECK (id = 1), closing_id INTEGER NOT NULL,
      function_requests INTEGER NOT NULL, function_events INTEGER NOT NULL,
      failed_function_requests INTEGER NOT NULL, retries INTEGER NOT NULL, most_backlogged INTEGER NOT NULL,
      -- Why it has given up.
      failure TEXT
    ) STRICT;

    CREATE VIEW stream_predictions AS
      SELECT d.name AS device, coalesce(s.name, '*') AS sensor, w.start_ms AS window_start_ms,
        w.end_ms AS window_end_ms, w.score, w.prediction, v.version AS model_version, w.revision, w.scored_ms
      FROM stream_scores w JOIN devices d ON d.id = w.device LEFT JOIN sensors s ON s.id = w.sensor
        JOIN stream_model_versions v ON v.id = w.model_version
      WHERE w.score IS NOT NULL;

    CREATE VIEW stream_failures AS
      SELECT d.name AS device, coalesce(s.name, '*') AS sensor, w.start_ms AS window_start_ms,
        w.end_ms AS window_end_ms, w.revision, w.reason, w.scored_ms
      FROM stream_scores w JOIN devices d ON d.id = w.device LEFT JOIN sensors s ON s.id = w.sensor
      WHERE w.score IS NULL;
    """
}
