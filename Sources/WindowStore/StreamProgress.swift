import GRDB
import Telemetry

/// How far scoring inside the stream has come, and what was sent for it: a row of the store.
package struct StreamProgress: Hashable, Sendable {
  /// Up to which batch of closed windows every revision has its row.
  package var batch: Int64 = 0
  /// Requests that were sent, each attempt counted.
  package var functionRequests = 0
  /// Their rows.
  package var functionEvents = 0
  /// Requests without scores: another answer than 200, or none.
  package var failedFunctionRequests = 0
  /// Requests that were sent again.
  package var retries = 0
  /// The most rows that waited at a time.
  package var mostBacklogged = 0
  /// Why scoring has given up; nil where it has not.
  package var failure: String?

  package init() {}

  static func fetch(_ db: Database) throws -> StreamProgress? {
    guard let row = try Row.fetchOne(db, sql: "SELECT * FROM stream_progress") else { return nil }
    var progress = StreamProgress()
    progress.batch = row["closing_id"]
    progress.functionRequests = row["function_requests"]
    progress.functionEvents = row["function_events"]
    progress.failedFunctionRequests = row["failed_function_requests"]
    progress.retries = row["retries"]
    progress.mostBacklogged = row["most_backlogged"]
    progress.failure = row["failure"]
    return progress
  }

  func write(_ db: Database) throws {
    try db.cachedStatement(
      sql: """
        UPDATE stream_progress SET closing_id = ?, function_requests = ?, function_events = ?,
          failed_function_requests = ?, retries = ?, most_backlogged = ?, failure = ?
        """
    ).execute(arguments: [
      batch, functionRequests, functionEvents, failedFunctionRequests, retries, mostBacklogged, failure,
    ])
  }
}

/// What scoring inside the stream came to, read from its rows.
package struct StreamFigures: Hashable, Sendable, Codable {
  package var functionRequests: Int
  package var functionEvents: Int
  package var failedFunctionRequests: Int
  package var retries: Int
  package var mostBacklogged: Int
  package var failure: String?
  /// Rows with a score, and rows that cannot have one.
  package var scored: Int
  package var unscored: Int
  /// How far the fleet's watermark had gone beyond the time from which a window can be seen when its score was stored, in milliseconds of event
  /// time; nil where nothing was scored. That time is the window's end, unless it came late.
  package var delayMs: Delays?
  /// Scores that were stored when the watermark was more than a window's length beyond it.
  package var late: Int
  /// Rows without a score when it ended, as far as somebody has said so.
  package var backlogged = 0

  package struct Delays: Hashable, Sendable, Codable {
    package var p50: Double
    package var p99: Double
    package var max: Double
    /// Of the row that was stored last; where several were stored together, the greatest.
    package var last: Double
  }
}

extension WindowStoreReader {
  /// What scoring inside the stream came to; nil where there was none.
  package func streamFigures() throws -> StreamFigures? {
    try read { db in
      guard try db.tableExists("stream_progress"), let progress = try StreamProgress.fetch(db) else {
        return nil
      }
      let length = try Int64.fetchOne(db, sql: "SELECT value FROM settings WHERE name = 'window_ms'") ?? 0
      var delays: [Int64] = []
      var (scored, unscored, late) = (0, 0, 0)
      var (newest, last) = (Int64.min, Int64(0))
      let rows = try Row.fetchCursor(
        db,
        sql: "SELECT score IS NULL, watermark_ms - visible_from_ms, scored_ms FROM stream_scores")
      while let row = try rows.next() {
        let isFailure: Bool = row[0]
        guard !isFailure else {
          unscored += 1
          continue
        }
        scored += 1
        let delay = max(0, row[1] as Int64)
        delays.append(delay)
        if delay > length { late += 1 }
        let time: Int64 = row[2]
        if time >= newest {
          last = time > newest ? delay : max(last, delay)
          newest = time
        }
      }
      delays.sort()
      return StreamFigures(
        functionRequests: progress.functionRequests, functionEvents: progress.functionEvents,
        failedFunctionRequests: progress.failedFunctionRequests, retries: progress.retries,
        mostBacklogged: progress.mostBacklogged, failure: progress.failure, scored: scored,
        unscored: unscored,
        delayMs: delays.last.map { most in
          // The nearest rank.
          func quantile(_ share: Double) -> Double {
            Double(delays[max(0, Int((share * Double(delays.count)).rounded(.up)) - 1)])
          }
          return .init(p50: quantile(0.5), p99: quantile(0.99), max: Double(most), last: Double(last))
        }, late: late)
    }
  }

  /// A row of `stream_predictions`.
  package struct StreamPrediction: Hashable, Sendable {
    package var device: DeviceID
    /// Nil: the whole device.
    package var sensor: SensorID?
    package var start: Timestamp
    package var end: Timestamp
    package var score: Double
    package var isAnomaly: Bool
    package var modelVersion: String
    package var revision: Int
    package var visibleFrom: Timestamp
  }

  /// The scores of the stream of `device`, by start, sensor and revision.
  package func streamPredictions(of device: DeviceID) throws -> [StreamPrediction] {
    try read { db in
      guard try db.tableExists("stream_scores") else { return [] }
      return try Row.fetchAll(
        db,
        sql: """
          SELECT s.name, w.start_ms, w.end_ms, w.score, w.prediction, v.version, w.revision, w.visible_from_ms
          FROM stream_scores w LEFT JOIN sensors s ON s.id = w.sensor
            JOIN stream_model_versions v ON v.id = w.model_version
          WHERE w.device = (SELECT id FROM devices WHERE name = ?) AND w.score IS NOT NULL
          ORDER BY w.start_ms, w.sensor, w.revision
          """, arguments: [device.name]
      ).map { row in
        StreamPrediction(
          device: device, sensor: (row[0] as String?).flatMap(SensorID.init),
          start: Timestamp(milliseconds: row[1]), end: Timestamp(milliseconds: row[2]), score: row[3],
          isAnomaly: row[4], modelVersion: row[5], revision: row[6],
          visibleFrom: Timestamp(milliseconds: row[7]))
      }
    }
  }

  /// Which revisions of which windows of `device` cannot have a score, and have a row that says why.
  package func streamFailures(of device: DeviceID) throws -> Set<StreamFailure> {
    try read { db in
      guard try db.tableExists("stream_scores") else { return [] }
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT s.name, w.start_ms, w.revision FROM stream_scores w LEFT JOIN sensors s ON s.id = w.sensor
          WHERE w.device = (SELECT id FROM devices WHERE name = ?) AND w.score IS NULL
          """, arguments: [device.name])
      return Set(
        rows.map { row in
          StreamFailure(
            sensor: (row[0] as String?).flatMap(SensorID.init), start: Timestamp(milliseconds: row[1]),
            revision: row[2])
        })
    }
  }

  package struct StreamFailure: Hashable, Sendable {
    /// Nil: the whole device.
    package var sensor: SensorID?
    package var start: Timestamp
    package var revision: Int

    package init(sensor: SensorID?, start: Timestamp, revision: Int) {
      self.sensor = sensor
      self.start = start
      self.revision = revision
    }
  }

  /// A revision of a window of one sensor, without its values.
  package struct WindowRevision: Hashable, Sendable {
    package var sensor: SensorID
    package var start: Timestamp
    package var revision: Int
    package var visibleFrom: Timestamp
    package var isWithdrawn: Bool
  }

  /// Every revision of every window of `device`, by start, sensor and revision.
  package func windowRevisions(of device: DeviceID) throws -> [WindowRevision] {
    try read { db in
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT s.name, w.start_ms, w.revision, w.visible_from_ms, w.count = 0
          FROM windows w JOIN sensors s ON s.id = w.sensor
          WHERE w.device = (SELECT id FROM devices WHERE name = ?) ORDER BY w.start_ms, w.sensor, w.revision
          """, arguments: [device.name])
      var found: [WindowRevision] = []
      while let row = try rows.next() {
        guard let sensor = SensorID(row[0] as String) else { throw Self.damaged("sensor", row[0]) }
        found.append(
          WindowRevision(
            sensor: sensor, start: Timestamp(milliseconds: row[1]), revision: row[2],
            visibleFrom: Timestamp(milliseconds: row[3]), isWithdrawn: row[4]))
      }
      return found
    }
  }
}
