import Files
import Foundation
import OneClassSVM
import Telemetry

/// Scores a CSV file whose rows are aggregated already, with a model a (device, sensor) of one feature.
public struct PlainFileScoring: Sendable {
  /// Which columns of the file are what.
  public struct Columns: Hashable, Sendable {
    public var time = "time"
    public var device = "device"
    public var sensor = "sensor"
    public var value = "value"

    public init() {}

    /// Reads `time=TS,device=Device,sensor=Sensor,value=Value`; what is not named keeps its own name. Throws
    /// ``ScoringError``.
    public init(_ text: String) throws(ScoringError) {
      for pair in text.split(separator: ",", omittingEmptySubsequences: false) {
        let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].isEmpty else {
          throw ScoringError("columns “\(text)”: “\(pair)” is not of the form time=NAME")
        }
        switch parts[0] {
        case "time": time = String(parts[1])
        case "device": device = String(parts[1])
        case "sensor": sensor = String(parts[1])
        case "value": value = String(parts[1])
        default:
          throw ScoringError("columns “\(text)”: “\(parts[0])” is none of time, device, sensor, value")
        }
      }
    }
  }

  public struct Result: Hashable, Sendable {
    public var predictions: Int
    public var anomalies: Int
    public var failed: Int
    /// The reason of the first failed row.
    public var firstReason: String?
  }

  public let input: String
  public let columns: Columns
  public let models: String
  public let output: String

  public init(input: String, columns: Columns, models: String, output: String) {
    self.input = input
    self.columns = columns
    self.models = models
    self.output = output
  }

  private struct Row {
    var line: Int
    var time: String
    var instant: Timestamp?
    var value: Double?
    var text: String
  }

  private struct Group: Hashable {
    var device: String
    var sensor: String
  }

  /// Writes `predictions.csv` and `_SUCCESS` into the output folder, and `failed.csv` where a row has failed. A row's
  /// time is both the start and the end of its window, since the file does not say how long the window was.
  ///
  /// Throws ``ScoringError`` where an output exists, `CSVError` where the file is broken, `FileError`.
  public func run() throws -> Result {
    let files = JobFolder(path: output)
    for path in [files.predictions, files.failed, files.success]
    where FileManager.default.fileExists(atPath: path) {
      throw ScoringError("\(path) exists already; give another output folder")
    }
    guard FileManager.default.fileExists(atPath: models) else {
      throw ScoringError("there is no folder of models at \(models)")
    }
    let groups = try readGroups()
    try JobFolder.makeFolder(output)

    var result = Result(predictions: 0, anomalies: 0, failed: 0, firstReason: nil)
    var text = Array(PredictionFile.header.utf8)
    var times = TimeTexts()
    var failures = PredictionFile.failedHeader
    for (group, rows) in groups.sorted(by: { Self.precedes($0.key, $1.key) }) {
      score(group, rows, &times, &text, &failures, &result)
    }
    if result.failed > 0 { try AtomicFile.write(failures, to: files.failed) }
    try AtomicFile.write(text, to: files.predictions)
    try AtomicFile.write(
      "{\"rows\":\(result.predictions),\"sha256\":\"\(Digest.sha256(text))\"}\n", to: files.success)
    return result
  }

  private static func precedes(_ a: Group, _ b: Group) -> Bool {
    a.device != b.device
      ? a.device.utf8.lexicographicallyPrecedes(b.device.utf8)
      : a.sensor.utf8.lexicographicallyPrecedes(b.sensor.utf8)
  }

  private func readGroups() throws -> [Group: [Row]] {
    var reader = try CSVReader(path: input)
    let time = try reader.column(columns.time)
    let device = try reader.column(columns.device)
    let sensor = try reader.column(columns.sensor)
    let value = try reader.column(columns.value)
    var groups: [Group: [Row]] = [:]
    while let row = try reader.nextRow() {
      groups[Group(device: row.fields[device], sensor: row.fields[sensor]), default: []].append(
        Row(
          line: row.line, time: row.fields[time], instant: Timestamp(iso8601: row.fields[time]),
          value: Double(row.fields[value]), text: row.fields[value]))
    }
    return groups
  }

  private func score(
    _ group: Group, _ rows: [Row], _ times: inout TimeTexts, _ text: inout [UInt8],
    _ failures: inout String, _ result: inout Result
  ) {
    func fail(_ row: Row, _ reason: String) {
      let time = row.instant.map(\.description) ?? row.time
      failures += CSVWriter.line([group.device, group.sensor, time, time, "1", "line \(row.line): \(reason)"])
      result.failed += 1
      result.firstReason = result.firstReason ?? "\(input):\(row.line): \(reason)"
    }
    guard let device = DeviceID(group.device), let sensor = SensorID(group.sensor) else {
      for row in rows {
        fail(row, "“\(group.device)”, “\(group.sensor)” are not the ids of a device and a sensor")
      }
      return
    }
    let key = ModelKey(device: device, sensor: sensor)
    let model: OneClassModel
    do {
      guard ModelCatalog.exists(key.stem, in: models) else {
        throw ScoringError("there is no model \(key.stem).model in \(models)")
      }
      model = try ModelFile.read(folder: models, stem: key.stem)
      guard model.featureCount == 1 else {
        throw ScoringError(
          "the model \(key.stem) has \(model.featureCount) features, but a row has one value")
      }
    } catch {
      for row in rows { fail(row, "\(error)") }
      return
    }
    let sorted = rows.sorted {
      ($0.instant?.milliseconds ?? 0, $0.line) < ($1.instant?.milliseconds ?? 0, $1.line)
    }
    var features = FeatureMatrix(columns: 1, reservingRows: rows.count)
    for row in sorted { features.append([row.value ?? .nan]) }
    var decisions: [Double] = []
    do {
      try model.decide(features, into: &decisions)
    } catch {
      for row in rows { fail(row, "\(error)") }
      return
    }
    for (row, decision) in zip(sorted, decisions) {
      guard let instant = row.instant else {
        fail(row, "“\(row.time)” is not an ISO 8601 time")
        continue
      }
      guard row.value != nil, !decision.isNaN else {
        fail(row, row.value.flatMap { model.fault(of: [$0])?.reason } ?? "“\(row.text)” is not a number")
        continue
      }
      PredictionFile.append(
        key, FeatureTable.Row(start: instant, end: instant, revision: 1), score: decision,
        modelVersion: model.version, times: &times, to: &text)
      result.predictions += 1
      if OneClassModel.isAnomaly(decision) { result.anomalies += 1 }
    }
  }
}
