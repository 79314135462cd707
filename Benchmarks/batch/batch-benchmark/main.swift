import BatchScoring
import Files
import Foundation
import Modelling
import OneClassSVM
import Telemetry
import WindowStore

// Makes the run's folder that the batch benchmark scores: a store of windows, and a model a device.
//
//     batch-benchmark FOLDER DEVICES WINDOWS
//
// Each device has its own model files of 100 support vectors and 12 features. All are trained on the same rows, which
// costs a job what different ones would: every one is read, and no result depends on another device.
// FOLDER/training.csv has those rows, for peers to train the same.

let sensors = ["pressure", "temperature", "vibration"].compactMap { SensorID($0) }
let windowLength = Duration.seconds(300)
let start = Timestamp(milliseconds: 1_767_225_600_000)  // 2026-01-01T00:00:00Z
let layout = ModelLayout(per: .device, features: [.mean, .stddev, .min, .max])
let vectors = 100
/// Windows that are committed at a time.
let commitSize = 60_000

guard CommandLine.arguments.count == 4, let devices = Int(CommandLine.arguments[2]),
  let windows = Int(CommandLine.arguments[3])
else {
  FileHandle.standardError.write(Data("usage: batch-benchmark FOLDER DEVICES WINDOWS\n".utf8))
  exit(64)
}
let folder = RunFolder(CommandLine.arguments[1])
try FileManager.default.createDirectory(atPath: folder.models, withIntermediateDirectories: true)
var generator = SeededGenerator(seed: 42, stream: "batch-benchmark")

func aggregates(_ generator: inout SeededGenerator) -> Aggregates {
  let mean = generator.uniform(in: 50...70)
  let stddev = generator.uniform(in: 0.4...0.6)
  return Aggregates(
    count: 30, mean: mean, stddev: stddev, min: mean - stddev * generator.uniform(in: 1.5...2.5),
    max: mean + stddev * generator.uniform(in: 1.5...2.5))
}

// A model that is trained on n rows with nu = (n - 1/2) / n keeps all of them.
var rows = FeatureMatrix(columns: sensors.count * layout.features.count)
for _ in 0..<vectors {
  let row = sensors.map { _ in aggregates(&generator) }
  rows.append(row.flatMap { [$0.mean, $0.stddev, $0.min, $0.max] })
}
var csv = ""
for row in 0..<rows.rowCount { csv += rows[row: row].map { "\($0)" }.joined(separator: ",") + "\n" }
try AtomicFile.write(csv, to: "\(folder.path)/training.csv", existing: .replace)

let settings = ModelSettings(nu: (Double(vectors) - 0.5) / Double(vectors))
let writer = try WindowStoreWriter(
  path: folder.store,
  settings: WindowSettings(window: windowLength, outOfOrderness: .seconds(30), allowedLateness: .zero))
var record = TrainingRecord(
  setup: TrainingSetup(range: TrainingRange(from: start, to: start), layout: layout, settings: settings))
var batch = StoreBatch()
batch.progress.fleetWatermark = start + windowLength * windows
let names = try (1...devices).map { number in
  let text = "pump-\(String(number + 1_000_000).dropFirst())"
  guard let device = DeviceID(text) else { throw ScoringError("\(text) is no device") }
  return device
}
let pack = try ModelPackWriter(models: folder.models)
for device in names {
  let trained = try OneClassModel.train(
    rows: rows, featureNames: layout.featureNames(sensors: sensors), options: settings.options(),
    provenance: ModelMetadata(device: device.name))
  guard trained.model.coefficients.count == vectors else {
    throw ScoringError("the model has \(trained.model.coefficients.count) support vectors and not \(vectors)")
  }
  let stem = ModelFile.stem(device: device.name)
  try ModelFile.write(trained.model, folder: folder.models, stem: stem)
  try pack.add(trained.model, stem: stem)
  record.models.append(
    TrainingRecord.Model(
      device: device, sensor: nil, version: trained.model.version, rows: vectors,
      supportVectors: trained.model.coefficients.count))
}
try pack.finish()
// As ingestion writes them: window by window, all devices.
for window in 0..<windows {
  let begin = start + windowLength * window
  for device in names {
    for sensor in sensors {
      batch.windows.append(
        WindowRow(
          device: device, sensor: sensor, start: begin, end: begin + windowLength,
          aggregates: aggregates(&generator),
          revision: 1, visibleFrom: begin + windowLength))
    }
    if batch.windows.count >= commitSize {
      try writer.commit(batch)
      batch.windows.removeAll(keepingCapacity: true)
    }
  }
}
try writer.commit(batch)
try writer.close()
try record.write(to: folder)
print(
  "\(devices) devices, \(windows) windows, \(vectors) support vectors: \(folder.path)"
)
