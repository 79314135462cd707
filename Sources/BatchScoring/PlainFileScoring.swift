import Files
import Foundation
import Modelling
import OneClassSVM
import Telemetry
import Wording

/// Scores a CSV file whose rows are aggregated already, with the models of a folder.
package struct PlainFileScoring: Sendable {
  package struct Result: Hashable, Sendable {
    package var predictions = 0
    package var anomalies = 0
    package var failed = 0
    /// The reason of the first failed row.
    package var firstReason: String?
    /// How times were read, where that must be said.
    package var notice: String?
    /// Whether there were rows and none could be scored: then there are no predictions.
    package var isFailed: Bool { predictions == 0 && failed > 0 }
  }

  package let input: String
  package let columns: WindowTable.Columns
  package let models: String
  package let output: String
  /// What separates the fields of a row.
  package let delimiter: Character
  /// What times that are numbers count; nil to tell it from the numbers.
  package let timeUnit: EpochUnit?

  package init(
    input: String, columns: WindowTable.Columns, models: String, output: String, delimiter: Character = ",",
    timeUnit: EpochUnit? = nil
  ) {
    self.delimiter = delimiter
    self.timeUnit = timeUnit
    self.input = input
    self.columns = columns
    self.models = models
    self.output = output
  }

  /// What is written, while it grows.
  private struct Output {
    var lines = PredictionLines()
    var failures = PredictionFile.failedHeader
    var result = Result()
  }

  /// Writes `predictions.csv` and `_SUCCESS` into the output folder, and `failed.csv` where a row has failed; where all
  /// have, that alone. Each row
  /// is scored by the model of its (device, sensor), or, where the folder has a model of the whole device, together with
  /// the rows of the same time by that. A row's time is both the start and the end of its window, since the file does
  /// not say how long the window was.
  ///
  /// Throws ``ScoringError`` where an output exists, `ModelError` or `CSVError` where the file lacks a column or is
  /// broken, `FileError`.
  package func run() throws -> Result {
    let files = JobFolder(path: output)
    for path in [files.predictions, files.failed, files.success]
    where FileManager.default.fileExists(atPath: path) {
      throw ScoringError("\(path) exists already; give another output folder")
    }
    guard FileManager.default.fileExists(atPath: models) else {
      throw ScoringError("there is no folder of models at \(models)")
    }
    let table = try WindowTable(path: input, columns: columns, delimiter: delimiter)
    try table.requireTime()
    let times = try WindowTimes(table, unit: timeUnit)
    try Folder.make(output)

    var output = Output()
    output.result.notice = times.notice
    for device in table.devices {
      if ModelCatalog.exists(ModelFile.stem(device: device), in: models) {
        score(table, times, device, nil, &output)
      }
      for sensor in sensors(of: device, in: table) { score(table, times, device, sensor, &output) }
    }
    if output.result.failed > 0 { try AtomicFile.write(output.failures, to: files.failed) }
    guard !output.result.isFailed else { return output.result }
    let text = Array(PredictionFile.header.utf8) + output.lines.bytes
    try AtomicFile.write(text, to: files.predictions)
    try AtomicFile.write(
      "{\"rows\":\(output.result.predictions),\"sha256\":\"\(Digest.sha256(text))\"}\n",
      to: files.success)
    return output.result
  }

  /// The sensors that are scored by themselves: all of them, or those with a model of their own where there is one of
  /// the whole device.
  private func sensors(of device: String, in table: WindowTable) -> [String] {
    let sensors = table.sensors(of: device)
    guard ModelCatalog.exists(ModelFile.stem(device: device), in: models) else { return sensors }
    return sensors.filter { ModelCatalog.exists(ModelFile.stem(device: device, sensor: $0), in: models) }
  }

  private func score(
    _ table: WindowTable, _ times: WindowTimes, _ device: String, _ sensor: String?, _ output: inout Output
  ) {
    func fail(_ origin: WindowTable.Rows.Origin, _ reason: String) {
      let time = times.instant(origin.time)?.description ?? String(origin.time.prefix(40))
      output.failures += CSVWriter.line([
        device, sensor ?? ModelKey.wholeDevice, time, time, "1", "line \(origin.line): \(reason)",
      ])
      output.result.failed += 1
      output.result.firstReason = output.result.firstReason ?? "\(input):\(origin.line): \(reason)"
    }
    func failAll(_ reason: String) {
      for origin in table.origins(device: device, sensor: sensor) { fail(origin, reason) }
    }
    guard let id = DeviceID(device), sensor == nil || sensor.flatMap(SensorID.init) != nil else {
      return failAll("\(device.quoted), \((sensor ?? "").quoted) are not the ids of a device and a sensor")
    }
    let key = ModelKey(device: id, sensor: sensor.flatMap(SensorID.init))
    let rows: WindowTable.Rows
    let model: OneClassModel
    var decisions: [Double] = []
    do {
      guard ModelCatalog.exists(key.stem, in: models) else {
        throw ScoringError("there is no model \(key.stem).model in \(models)")
      }
      model = try ModelFile.read(folder: models, stem: key.stem)
      guard let found = try table.rows(device: device, sensor: sensor, featureNames: model.featureNames)
      else {
        throw ScoringError("the file has none of the sensors of the model \(key.stem)")
      }
      rows = found
      try model.decide(rows.features, into: &decisions)
    } catch {
      return failAll("\(error)")
    }
    let instants = rows.origins.map { times.instant($0.time) }
    func sortable(_ row: Int) -> Double {
      instants[row] == nil || decisions[row].isNaN ? .infinity : decisions[row]
    }
    // Rows of one time in the order of their scores: predictions do not depend on the order of the file.
    let order = rows.origins.indices.sorted {
      let (left, right) = (instants[$0]?.milliseconds ?? 0, instants[$1]?.milliseconds ?? 0)
      if left != right { return left < right }
      let (first, second) = (sortable($0), sortable($1))
      return first != second ? first < second : rows.origins[$0].line < rows.origins[$1].line
    }
    output.lines.begin(key, modelVersion: model.version)
    for row in order {
      let origin = rows.origins[row]
      guard let instant = instants[row] else {
        fail(origin, times.fault(of: origin.time))
        continue
      }
      guard origin.fault == nil, !decisions[row].isNaN else {
        fail(origin, origin.fault ?? model.fault(of: rows.features[row: row])?.reason ?? "no number came out")
        continue
      }
      let isAnomaly = OneClassModel.isAnomaly(decisions[row])
      output.lines.add(
        FeatureTable.Row(start: instant, end: instant, revision: 1), score: decisions[row],
        isAnomaly: isAnomaly)
      output.result.predictions += 1
      if isAnomaly { output.result.anomalies += 1 }
    }
  }
}
