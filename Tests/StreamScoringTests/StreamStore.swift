import Files
import Foundation
import OneClassSVM
import StreamScoring
import Telemetry
import TestSupport
import WindowStore

func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

/// A window of a minute whose readings are all `mean`.
func window(
  _ device: String, _ sensor: String, start: Int64 = 0, revision: Int = 1, visibleFrom: Int64? = nil,
  mean: Double = 1, isWithdrawn: Bool = false, min: Double? = nil, max: Double? = nil
) -> WindowRow {
  WindowRow(
    device: DeviceID(device)!, sensor: SensorID(sensor)!, start: at(start), end: at(start + 60_000),
    aggregates: isWithdrawn
      ? .none : .init(count: 2, mean: mean, stddev: 0.5, min: min ?? mean, max: max ?? mean),
    revision: revision, visibleFrom: at(visibleFrom ?? start + 60_000))
}

/// A run's folder with a store that ingestion writes, and models.
struct StreamStore {
  let folder: String
  private let writer: WindowStoreWriter

  var path: String { "\(folder)/sonde.sqlite" }
  var models: String { "\(folder)/models" }

  /// Runs `body` with a new one.
  static func with<Value>(_ body: (StreamStore) async throws -> Value) async throws -> Value {
    try await withTemporaryFolder { folder in
      let settings = WindowSettings(
        window: .seconds(60), outOfOrderness: .zero, allowedLateness: .seconds(600))
      let writer = try WindowStoreWriter(path: "\(folder)/sonde.sqlite", settings: settings)
      let value = try await body(StreamStore(folder: folder, writer: writer))
      try writer.close()
      return value
    }
  }

  /// What one commit of ingestion makes visible.
  func commit(_ windows: [WindowRow]) throws {
    var batch = StoreBatch()
    batch.windows = windows
    batch.progress.fleetWatermark = windows.map(\.visibleFrom).max()
    try writer.commit(batch)
  }

  func commit(_ windows: WindowRow...) throws { try commit(windows) }

  /// Writes a model with these features.
  func writeModel(_ device: String, sensor: String? = nil, features: [String]) throws {
    try Folder.make(models)
    var random = SeededGenerator(seed: 3, stream: "models")
    let rows = (0..<30).map { _ in features.map { _ in random.uniform() } }
    let model = try OneClassModel.train(
      rows: FeatureMatrix(rows: rows), featureNames: features,
      provenance: ModelMetadata(device: device, sensor: sensor)
    ).model
    try ModelFile.write(model, folder: models, stem: ModelFile.stem(device: device, sensor: sensor))
  }

  /// What each batch of the store becomes, in their order.
  func rows(_ scorer: StreamRowBuilder.Scorer) throws -> [StreamRowBuilder.Rows] {
    var builder = StreamRowBuilder(scorer)
    let store = try StreamScoreStore(path: path)
    return try store.batches(after: 0, limit: 1000).map { batch in
      var all = StreamRowBuilder.Rows()
      for device in batch.devices {
        guard let windows = try store.windows(of: device, in: batch, columns: builder.columns) else {
          continue
        }
        let rows = builder.rows(of: windows, in: batch)
        all.groups += rows.groups
        all.failures += rows.failures
      }
      return all
    }
  }
}

extension StreamRowBuilder.Rows {
  /// A line a row, such as `pump * @0 r1 from 60000: [1.0, 2.0]`.
  var lines: [String] {
    groups.flatMap(\.rows).map { row in
      "\(row.device) \(row.sensor ?? "*") @\(row.key.start.milliseconds) r\(row.key.revision) "
        + "from \(row.visibleFrom.milliseconds): \(row.values)"
    }
  }

  /// A line a failure, such as `0 @0 r1 from 60000: the window …`, with the store's number of the sensor first.
  var failureLines: [String] {
    failures.map { row in
      let reason = if case .failed(let reason) = row.result { reason } else { "none" }
      return "\(row.key.sensor) @\(row.key.start.milliseconds) r\(row.key.revision) "
        + "from \(row.visibleFrom.milliseconds): \(reason)"
    }
  }
}
