import Foundation
import GRDB
import Telemetry
import TestSupport
import Testing
import WindowStore

private let settings = WindowSettings(window: .seconds(60), outOfOrderness: .zero, allowedLateness: .zero)

private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

/// A store of one window of device “a”, sensor “s”, for scores of any other.
private func withStore<Value>(
  watermark: Int64 = 200_000, _ body: (_ path: String, StreamScoreStore) throws -> Value
) async throws -> Value {
  try await withTemporaryFolder { folder in
    let path = "\(folder)/sonde.sqlite"
    let writer = try WindowStoreWriter(path: path, settings: settings)
    var batch = StoreBatch()
    batch.windows = [
      WindowRow(
        device: DeviceID("a")!, sensor: SensorID("s")!, start: at(0), end: at(60_000),
        aggregates: .init(count: 1, mean: 1, stddev: 0, min: 1, max: 1), revision: 1,
        visibleFrom: at(60_000))
    ]
    batch.progress.fleetWatermark = at(watermark)
    try writer.commit(batch)
    let value = try body(path, try StreamScoreStore(path: path))
    try writer.close()
    return value
  }
}

private func outcome(
  sensor: Int64 = 1, start: Int64, visibleFrom: Int64? = nil, revision: Int = 1, score: Double? = 0.5
) -> StreamScoreStore.Outcome {
  .init(
    key: .init(device: 1, sensor: sensor, start: at(start), revision: revision), batch: 1,
    end: at(start + 60_000), visibleFrom: at(visibleFrom ?? start + 60_000),
    result: score.map { .scored(score: $0, isAnomaly: $0 < 0, modelVersion: "v-1") }
      ?? .failed(reason: "there is no model device_a"))
}

@Suite struct StreamFiguresTests {
  /// Delays of event time, the window being 60 s long: the 5th of ten is the median, the last the 99th percentile, and three are late.
  @Test func figuresAreThoseComputedByHand() async throws {
    let delays: [Int64] = [90_000, 0, 60_001, 10_000, 60_000, 120_000, 20_000, 30_000, 50_000, -5000]
    try await withStore { path, store in
      // Nothing was scored yet.
      let nothing = try #require(try WindowStoreReader(path: path).streamFigures())
      #expect(nothing.delayMs == nil && nothing.scored == 0 && nothing.late == 0)
      var progress = StreamProgress()
      progress.functionRequests = 12
      progress.functionEvents = 34
      progress.failedFunctionRequests = 3
      progress.retries = 2
      progress.mostBacklogged = 56
      for (number, delay) in delays.enumerated() {
        let row = outcome(start: Int64(number), visibleFrom: 200_000 - delay)
        // The last two are stored together, and before them nothing as late.
        let time = number < 8 ? Int64(1000 + number) : 5000
        try store.commit([row], progress, at: at(time))
      }
      // Without a score there is no delay, however long ago the window was.
      for start in Int64(100)...101 {
        try store.commit([outcome(start: start, visibleFrom: 1, score: nil)], progress, at: at(9000))
      }
      let figures = try #require(try WindowStoreReader(path: path).streamFigures())
      #expect(figures.functionRequests == 12 && figures.functionEvents == 34)
      #expect(figures.failedFunctionRequests == 3 && figures.retries == 2 && figures.mostBacklogged == 56)
      #expect(figures.failure == nil)
      #expect(figures.scored == 10 && figures.unscored == 2)
      // In order: 0 (a window that is ahead of the watermark), 0, 10, 20, 30, 50, 60, 60.001, 90 and 120 s.
      let found = try #require(figures.delayMs)
      #expect([found.p50, found.p99, found.max, found.last] == [30_000, 120_000, 120_000, 50_000])
      #expect(figures.late == 3)
      progress.failure = "the service answered 400"
      try store.commit([], progress, at: at(9001))
      #expect(try WindowStoreReader(path: path).streamFigures()?.failure == "the service answered 400")
    }
  }

  @Test func whereNothingWasScoredInTheStreamThereAreNone() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      let writer = try WindowStoreWriter(path: path, settings: settings)
      #expect(try WindowStoreReader(path: path).streamFigures() == nil)
      try writer.close()
    }
  }

  /// Names and order of the columns are a public interface.
  @Test func theViewsHaveTheirColumns() async throws {
    try await withStore { path, store in
      try store.commit(
        [
          outcome(start: 0, score: -0.25), outcome(sensor: 0, start: 0, revision: 3, score: 1e-300),
          outcome(start: 60_000, score: nil), outcome(sensor: 0, start: 60_000, score: nil),
        ], StreamProgress(), at: at(77))
      func columns(_ view: String) throws -> [String] {
        try DatabaseQueue(path: path).read { try $0.columns(in: view).map(\.name) }
      }
      #expect(
        try columns("stream_predictions") == [
          "device", "sensor", "window_start_ms", "window_end_ms", "score", "prediction", "model_version",
          "revision", "scored_ms",
        ])
      #expect(
        try columns("stream_failures") == [
          "device", "sensor", "window_start_ms", "window_end_ms", "revision", "reason", "scored_ms",
        ])
      func rows(_ view: String) throws -> [[DatabaseValue]] {
        try DatabaseQueue(path: path).read { db in
          try Row.fetchAll(db, sql: "SELECT * FROM \(view) ORDER BY sensor").map { Array($0.databaseValues) }
        }
      }
      func row(_ values: any DatabaseValueConvertible...) -> [DatabaseValue] { values.map(\.databaseValue) }
      #expect(
        try rows("stream_predictions") == [
          row("a", "*", 0, 60_000, 1e-300, 0, "v-1", 3, 77), row("a", "s", 0, 60_000, -0.25, 1, "v-1", 1, 77),
        ])
      let reason = "there is no model device_a"
      #expect(
        try rows("stream_failures") == [
          row("a", "*", 60_000, 120_000, 1, reason, 77), row("a", "s", 60_000, 120_000, 1, reason, 77),
        ])
      // And to the program.
      let reader = try WindowStoreReader(path: path)
      let device = try #require(DeviceID("a"))
      let predictions = try reader.streamPredictions(of: device)
      #expect(predictions.map(\.sensor?.name) == [nil, "s"])
      #expect(predictions.map(\.score.bitPattern) == [(1e-300).bitPattern, (-0.25).bitPattern])
      #expect(predictions.map(\.isAnomaly) == [false, true] && predictions.map(\.revision) == [3, 1])
      #expect(
        try reader.streamFailures(of: device) == [
          .init(sensor: nil, start: at(60_000), revision: 1),
          .init(sensor: SensorID("s"), start: at(60_000), revision: 1),
        ])
    }
  }
}

/// Ingestion's writer and the stream's beside each other, each in a thread with connections of its own.
@Suite(.timeLimit(.minutes(30))) struct StreamBesideIngestionTests {
  private static let commits = 150
  private static let devices = 8

  /// Runs `body` in a thread of its own: what waits in it keeps no other test from going on.
  private func inThread(_ body: @escaping @Sendable () throws -> Void) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
  }

  @Sendable private static func ingest(_ path: String) throws {
    let writer = try WindowStoreWriter(path: path, settings: settings)
    for number in 0..<commits {
      var batch = StoreBatch()
      let start = Int64(60_000 * number)
      batch.windows = (0..<devices).map { device in
        WindowRow(
          device: DeviceID("d\(device)")!, sensor: SensorID("s")!, start: at(start), end: at(start + 60_000),
          aggregates: .init(count: 1, mean: Double(number), stddev: 0, min: 0, max: 1), revision: 1,
          visibleFrom: at(start + 60_000))
      }
      batch.progress.fleetWatermark = at(start + 60_000)
      batch.progress.windowsClosed = devices * (number + 1)
      try writer.commit(batch)
    }
    try writer.close()
  }

  /// Scores what has closed, a transaction a batch, until it has seen all.
  @Sendable private static func score(_ path: String) throws {
    let store = try StreamScoreStore(path: path)
    var progress = StreamProgress()
    let deadline = ContinuousClock.now + .seconds(900)
    while progress.batch < Int64(commits), ContinuousClock.now < deadline {
      let batches = try store.batches(after: progress.batch, limit: 3)
      if batches.isEmpty { Thread.sleep(forTimeInterval: 0.001) }
      for batch in batches {
        let outcomes = try batch.devices.compactMap { try store.windows(of: $0, in: batch, columns: [.mean]) }
          .flatMap { windows in
            windows.rows.map { row in
              StreamScoreStore.Outcome(
                key: .init(
                  device: windows.number, sensor: row.sensorNumber, start: row.start, revision: row.revision),
                batch: batch.id, end: row.end, visibleFrom: row.visibleFrom,
                result: .scored(score: row.values[0], isAnomaly: false, modelVersion: "m"))
            }
          }
        progress.batch = batch.id
        progress.functionEvents += outcomes.count
        try store.commit(outcomes, progress, at: at(1))
      }
    }
    try store.close()
  }

  @Test func neitherLosesAnything() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      // The table is there before anybody scores.
      try WindowStoreWriter(path: path, settings: settings).close()
      async let ingestion: Void = inThread { try Self.ingest(path) }
      async let stream: Void = inThread { try Self.score(path) }
      _ = try await (ingestion, stream)
      let total = Self.commits * Self.devices
      func number(_ sql: String) throws -> Int? {
        try DatabaseQueue(path: path).read { try Int.fetchOne($0, sql: sql) }
      }
      #expect(try number("SELECT count(*) FROM windows") == total)
      #expect(
        try number(
          """
          SELECT count(*) FROM stream_scores s
          JOIN windows w USING (device, start_ms, sensor, revision, end_ms, visible_from_ms) WHERE s.score = w.mean
          """) == total)
      #expect(try number("SELECT count(*) FROM stream_scores") == total)
      #expect(try number("SELECT windows_closed FROM progress") == total)
      #expect(try number("SELECT function_events FROM stream_progress") == total)
      // Nothing but the one row that says so.
      #expect(try number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'") == 1)
    }
  }
}
