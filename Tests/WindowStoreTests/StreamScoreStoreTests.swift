import Foundation
import GRDB
import Telemetry
import TestSupport
import Testing
import WindowStore

private let settings = WindowSettings(window: .seconds(60), outOfOrderness: .zero, allowedLateness: .zero)

private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

private func window(
  _ device: String = "a", _ sensor: String = "s", start: Int64 = 0, revision: Int = 1, visibleFrom: Int64,
  isWithdrawn: Bool = false, mean: Double = 0.1
) -> WindowRow {
  WindowRow(
    device: DeviceID(device)!, sensor: SensorID(sensor)!, start: at(start), end: at(start + 60),
    aggregates: isWithdrawn ? .none : .init(count: 1, mean: mean, stddev: 0, min: 0, max: 1, slope: nil),
    revision: revision, visibleFrom: at(visibleFrom))
}

/// A store with ingestion's writer.
private final class Ingested {
  let path: String
  let writer: WindowStoreWriter

  init(_ folder: String) throws {
    path = "\(folder)/sonde.sqlite"
    writer = try WindowStoreWriter(path: path, settings: settings)
  }

  func commit(_ windows: WindowRow..., watermark: Int64? = nil, retainFrom: Int64? = nil) throws {
    var batch = StoreBatch()
    batch.windows = windows
    batch.progress.fleetWatermark = watermark.map(at)
    if let retainFrom {
      batch.checkpoint = [1]
      batch.retention = Retention(from: at(retainFrom))
    }
    try writer.commit(batch)
  }

  func rows(_ sql: String) throws -> [Row] {
    try DatabaseQueue(path: path).read { try Row.fetchAll($0, sql: sql) }
  }
}

private typealias Outcome = StreamScoreStore.Outcome

/// A row of device 1, sensor 1, as nobody has computed it.
private func outcome(
  batch: Int64 = 1, sensor: Int64 = 1, start: Int64 = 0, revision: Int = 1, visibleFrom: Int64 = 60,
  _ result: Outcome.Result = .scored(score: 0.5, isAnomaly: false, modelVersion: "m")
) -> Outcome {
  Outcome(
    key: .init(device: 1, sensor: sensor, start: at(start), revision: revision), batch: batch,
    end: at(start + 60), visibleFrom: at(visibleFrom), result: result)
}

private func scored(_ score: Double, version: String = "m") -> Outcome.Result {
  .scored(score: score, isAnomaly: score < 0, modelVersion: version)
}

@Suite struct StreamScoreReadingTests {
  @Test func batchesComeInTheOrderOfTheirCommits() async throws {
    try await withTemporaryFolder { folder in
      let ingested = try Ingested(folder)
      let store = try StreamScoreStore(path: ingested.path)
      #expect(try store.newestBatch() == 0)
      #expect(try store.batches(after: 0, limit: 9).isEmpty)
      #expect(try store.closed(after: 0).oldest == nil)
      // A device that slept tells late what became visible early.
      try ingested.commit(window(visibleFrom: 300))
      try ingested.commit(window("b", visibleFrom: 100), window("c", visibleFrom: 100))
      try ingested.commit(window("d", visibleFrom: 500), window("e", visibleFrom: 400))
      let batches = try store.batches(after: 0, limit: 9)
      #expect(batches.map(\.visibleFrom.milliseconds) == [300, 100, 500, 400])
      #expect(batches.map { $0.devices.count } == [1, 2, 1, 1])
      #expect(zip(batches, batches.dropFirst()).allSatisfy { $0.id < $1.id })
      #expect(try store.newestBatch() == batches[3].id)
      #expect(try store.batches(after: batches[0].id, limit: 2).map(\.id) == [batches[1].id, batches[2].id])
      let open = try store.closed(after: batches[0].id)
      #expect(open.windows == 4 && open.devices == 4 && open.oldest == at(100))
      #expect(try store.fleetWatermark() == nil)
      try ingested.commit(watermark: 77)
      #expect(try store.fleetWatermark() == at(77))
    }
  }

  /// The rows of one device need not follow each other.
  @Test func aDeviceIsReadOnceABatch() async throws {
    try await withTemporaryFolder { folder in
      let ingested = try Ingested(folder)
      try ingested.commit(
        window("a", start: 60, visibleFrom: 300), window("b", start: 0, visibleFrom: 300),
        window("a", start: 0, visibleFrom: 300))
      let batch = try #require(try StreamScoreStore(path: ingested.path).batches(after: 0, limit: 1).first)
      #expect(batch.devices.map(\.windows) == [2, 1])
      #expect(batch.devices.map(\.firstStart.milliseconds) == [0, 0])
    }
  }

  @Test func aBatchSeesWhatWasVisibleThen() async throws {
    try await withTemporaryFolder { folder in
      let ingested = try Ingested(folder)
      try ingested.commit(
        window("a", "t", start: 0, visibleFrom: 60, mean: -1e308),
        window("a", "s", start: 0, visibleFrom: 60, mean: 5e-324))
      try ingested.commit(window("a", "s", start: 0, revision: 2, visibleFrom: 100, isWithdrawn: true))
      try ingested.commit(window("a", "s", start: 60, visibleFrom: 120))
      let store = try StreamScoreStore(path: ingested.path)
      let batches = try store.batches(after: 0, limit: 9)
      func seen(_ batch: Int) throws -> [String] {
        let batch = batches[batch]
        let windows = try #require(
          try store.windows(of: batch.devices[0], in: batch, columns: [.mean, .slope]))
        #expect(windows.device.name == "a" && windows.number == batch.devices[0].number)
        // Where the store has no slope, there is no number.
        #expect(windows.rows.allSatisfy { $0.values.count == 2 && $0.values[1].isNaN != $0.isWithdrawn })
        return windows.rows.map {
          "\($0.sensor)@\($0.start.milliseconds)r\($0.revision)" + ($0.isWithdrawn ? "-" : "")
        }
      }
      // Newer revisions are there already, and are not seen.
      #expect(try seen(0) == ["t@0r1", "s@0r1"])
      #expect(try seen(1) == ["t@0r1", "s@0r1", "s@0r2-"])
      // Nothing older than what the batch has changed.
      #expect(try seen(2) == ["s@60r1"])
      let bits = try #require(try store.windows(of: batches[0].devices[0], in: batches[0], columns: [.mean]))
      #expect(bits.rows.map(\.values[0].bitPattern) == [(-1e308).bitPattern, 1])
      var stranger = batches[0].devices[0]
      stranger.number = 999
      #expect(try store.windows(of: stranger, in: batches[0], columns: [.mean]) == nil)
    }
  }

  /// Whoever has come to a number would otherwise never see what came under it again.
  @Test func aNumberIsGivenOnceThoughRetentionDeletesTheNewest() async throws {
    try await withTemporaryFolder { folder in
      let ingested = try Ingested(folder)
      for number in Int64(0)..<5 {
        try ingested.commit(window(start: 60 * number, visibleFrom: 60 * number + 60))
      }
      let store = try StreamScoreStore(path: ingested.path)
      let newest = try store.newestBatch()
      try ingested.commit(retainFrom: 10_000)
      #expect(try store.newestBatch() == 0)
      try ingested.commit(window(start: 20_000, visibleFrom: 20_060))
      let batches = try store.batches(after: newest, limit: 9)
      #expect(batches.map(\.visibleFrom.milliseconds) == [20_060])
    }
  }

  @Test func aStoreOfBeforeIsRefusedWithASentence() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      let none = #expect(throws: StoreError.self) { try StreamScoreStore(path: path) }
      #expect(try #require(none).isMistake && "\(none!)".contains("there is no such file"))
      var ingested: Ingested? = try Ingested(folder)
      try ingested?.commit(window(visibleFrom: 60), window("b", visibleFrom: 90))
      try ingested?.writer.close()
      ingested = nil
      let views = ["stream_predictions", "stream_failures"].map { "DROP VIEW \($0);" }
      let tables = ["stream_scores", "stream_progress", "stream_model_versions"].map { "DROP TABLE \($0);" }
      try await DatabaseQueue(path: path).write {
        try $0.execute(
          sql: (views + tables).joined() + "DELETE FROM grdb_migrations WHERE identifier LIKE '9:%'")
      }
      let old = #expect(throws: StoreError.self) { try StreamScoreStore(path: path) }
      #expect(try #require(old).isMistake)
      #expect("\(old!)".contains("an older version has made it; “sonde ingest” brings it up to date"))
      // Who only reads sees that there was no such scoring.
      let reader = try WindowStoreReader(path: path)
      #expect(try reader.streamFigures() == nil)
      #expect(try reader.streamPredictions(of: DeviceID("a")!).isEmpty)
      #expect(try reader.streamFailures(of: DeviceID("a")!).isEmpty)
      ingested = try Ingested(folder)
      let batches = try StreamScoreStore(path: path).batches(after: 0, limit: 9)
      #expect(batches.map(\.visibleFrom.milliseconds) == [60, 90])
      try ingested?.writer.close()
    }
  }
}

@Suite struct StreamScoreWritingTests {
  /// Runs `body` with a store of three batches, and what is in it of device 1: score or reason, and when it was stored.
  private func withBatches(
    _ body: (StreamScoreStore, _ rows: () throws -> [String]) throws -> Void
  ) async throws {
    try await withTemporaryFolder { folder in
      let ingested = try Ingested(folder)
      try ingested.commit(window("a", "s", visibleFrom: 60), window("a", "t", visibleFrom: 60))
      try ingested.commit(window("a", "s", revision: 2, visibleFrom: 60))
      try ingested.commit(window("a", "t", revision: 2, visibleFrom: 90))
      let store = try StreamScoreStore(path: ingested.path)
      #expect(try store.newestBatch() == 3)
      try body(store) {
        try ingested.rows(
          "SELECT start_ms, revision, coalesce(score, reason), scored_ms FROM stream_scores ORDER BY 1, sensor, 2"
        ).map { "\($0[0] as Int64)r\($0[1] as Int64) \($0[2] as DatabaseValue) @\($0[3] as Int64)" }
      }
    }
  }

  @Test func aRevisionIsStoredOnce() async throws {
    try await withBatches { store, rows in
      try store.commit([outcome(scored(0.5))], StreamProgress(), at: at(1))
      // A request that was answered, and sent again by the next life.
      try store.commit([outcome(scored(0.5)), outcome(scored(7))], StreamProgress(), at: at(2))
      try store.commit([outcome(.failed(reason: "no"))], StreamProgress(), at: at(3))
      #expect(try rows() == ["0r1 0.5 @1"])
      try store.commit([outcome(revision: 2, scored(2))], StreamProgress(), at: at(4))
      #expect(try rows() == ["0r1 0.5 @1", "0r2 2.0 @4"])
    }
  }

  /// The row of a whole device has the highest number among its sensors, which another sensor may reach later.
  @Test func theSameNumberOfALaterTimeReplacesIt() async throws {
    try await withBatches { store, rows in
      try store.commit([outcome(batch: 2, sensor: 0, revision: 2, scored(1))], StreamProgress(), at: at(1))
      let later = outcome(batch: 3, sensor: 0, revision: 2, visibleFrom: 90, scored(1))
      try store.commit([later], StreamProgress(), at: at(2))
      #expect(try rows() == ["0r2 1.0 @2"])
      // The earlier one's answer comes last.
      try store.commit([outcome(batch: 2, sensor: 0, revision: 2, scored(3))], StreamProgress(), at: at(3))
      #expect(try rows() == ["0r2 1.0 @2"])
    }
  }

  /// Two commits may become visible at one time. What is read in between must not stay.
  @Test func theSameNumberOfALaterBatchReplacesItAtTheSameTime() async throws {
    try await withBatches { store, rows in
      let reason = "the window has no reading of t"
      try store.commit([outcome(sensor: 0, .failed(reason: reason))], StreamProgress(), at: at(1))
      #expect(try rows() == ["0r1 \"\(reason)\" @1"])
      try store.commit([outcome(batch: 2, sensor: 0, scored(4))], StreamProgress(), at: at(2))
      #expect(try rows() == ["0r1 4.0 @2"])
      // The later batch has the unchanged rows of the earlier one too: those keep their times.
      try store.commit([outcome(batch: 3, sensor: 0, scored(4))], StreamProgress(), at: at(3))
      try store.commit([outcome(batch: 1, sensor: 0, scored(5))], StreamProgress(), at: at(4))
      #expect(try rows() == ["0r1 4.0 @2"])
    }
  }

  @Test func theNextLifeKnowsWhatIsStored() async throws {
    try await withBatches { store, _ in
      let (first, second) = (outcome(scored(1)), outcome(start: 60, scored(1)))
      try store.commit([first, outcome(sensor: 0, .failed(reason: "no"))], StreamProgress(), at: at(1))
      #expect(try store.stored([(first.key, batch: 1), (second.key, batch: 1)]) == [first.key])
      #expect(try store.stored([(outcome(sensor: 0).key, batch: 1)]).count == 1)
      // What a later batch says of it is not stored.
      #expect(try store.stored([(first.key, batch: 2)]).isEmpty)
      #expect(try store.stored([]).isEmpty)
    }
  }

  @Test func progressIsOneRowThatTheNextLifeFinds() async throws {
    try await withTemporaryFolder { folder in
      let ingested = try Ingested(folder)
      try ingested.commit(window(visibleFrom: 60))
      let store = try StreamScoreStore(path: ingested.path)
      #expect(try store.progress() == StreamProgress())
      var progress = StreamProgress()
      progress.batch = 1
      progress.functionRequests = 2
      progress.functionEvents = 3
      progress.failedFunctionRequests = 4
      progress.retries = 5
      progress.mostBacklogged = 6
      progress.failure = "the service answered 400"
      try store.commit([], StreamProgress(), at: at(1))
      try store.commit([outcome()], progress, at: at(2))
      try store.close()
      let next = try StreamScoreStore(path: ingested.path)
      #expect(try next.progress() == progress)
      #expect(try ingested.rows("SELECT * FROM stream_progress").count == 1)
      // A version of a model that is known has its number still.
      try next.commit(
        [outcome(start: 60), outcome(start: 120, scored(1, version: "n"))], progress, at: at(3))
      #expect(
        try ingested.rows("SELECT version FROM stream_model_versions ORDER BY id").map { $0[0] as String }
          == ["m", "n"])
      progress.failure = nil
      try next.commit([], progress, at: at(4))
      #expect(try next.progress().failure == nil)
    }
  }

  @Test func scoresGoWithTheirWindows() async throws {
    try await withTemporaryFolder { folder in
      let ingested = try Ingested(folder)
      for number in Int64(0)..<4 {
        try ingested.commit(window(start: 60 * number, visibleFrom: 60 * number + 60))
      }
      let store = try StreamScoreStore(path: ingested.path)
      func scores(_ numbers: ClosedRange<Int64>) -> [Outcome] {
        numbers.map { outcome(batch: $0 + 1, start: 60 * $0, visibleFrom: 60 * $0 + 60) }
      }
      try store.commit(scores(0...2), StreamProgress(), at: at(1))
      try ingested.commit(retainFrom: 150)
      func starts(_ table: String) throws -> [Int64] {
        try ingested.rows("SELECT start_ms FROM \(table) ORDER BY 1").map { $0[0] }
      }
      #expect(try starts("windows") == [120, 180])
      #expect(try starts("stream_scores") == [120])
      // An answer that comes after its window has gone would stay for ever.
      try store.commit(scores(0...3), StreamProgress(), at: at(2))
      #expect(try starts("stream_scores") == [120, 180])
      try ingested.commit(retainFrom: 10_000)
      #expect(try starts("stream_scores").isEmpty)
    }
  }
}
