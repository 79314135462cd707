import OneClassSVM
import Telemetry
import WindowStore

/// Scores windows with the one-class SVMs of a folder: a model a device, or one a device and sensor. A fault of a model or a window fails
/// its rows.
package final class OneClassDetector: Detector {
  private let folder: String
  private let builder: FeatureVectorBuilder
  private let models: ModelCache
  private let featureNames = FeatureNames()

  /// - Parameters:
  ///   - folder: Of the models.
  ///   - models: Keeps models between tasks and jobs.
  package init(folder: String, layout: ModelLayout, models: ModelCache = ModelCache(limit: 0)) {
    self.folder = folder
    self.models = models
    models.begin(folder: folder)
    builder = FeatureVectorBuilder(layout: layout)
  }

  package var columns: [AggregateColumn] { builder.columns }

  package func take(_ input: DetectorInput, _ handOver: (ScoredTable) throws -> Void) throws {
    switch builder.layout.per {
    case .device:
      let model = model(of: ModelKey(device: input.windows.device, sensor: nil))
      let sensors = (try? model.get()).flatMap { featureNames.sensors(of: $0.featureNames) }
      var tables = builder.tables(of: input.windows, sensors: sensors)
      if let sensors, tables.contains(where: { !$0.failures.isEmpty }) {
        tables = builder.tables(of: try input.completed(), sensors: sensors)
      }
      for table in tables { try handOver(scored(input.wanted(table), with: model)) }
    case .sensor:
      for table in builder.tables(of: input.windows) {
        try handOver(scored(input.wanted(table), with: model(of: table.key)))
      }
    }
  }

  package func finish(_ handOver: (ScoredTable) throws -> Void) throws {}

  package func forget() {}

  package func rows(of windows: DeviceWindows) -> [(key: ModelKey, rows: [FeatureTable.Row])] {
    builder.tables(of: windows).map { table in
      let failed = table.failures.map {
        FeatureTable.Row(start: $0.start, end: $0.end, revision: $0.revision)
      }
      return (table.key, (table.rows + failed).sorted { $0.start < $1.start })
    }
  }

  private func model(of key: ModelKey) -> Result<DecisionFunction, ScoringError> {
    do {
      return .success(try models.decisionFunction(folder: folder, stem: key.stem))
    } catch {
      guard ModelCatalog.exists(key.stem, in: folder) else {
        return .failure(
          ScoringError("there is no model \(key.stem).model in \(folder); was it in the training data?"))
      }
      return .failure(ScoringError("\(error)"))
    }
  }

  private func scored(_ table: FeatureTable, with model: Result<DecisionFunction, ScoringError>)
    -> ScoredTable
  {
    do {
      let model = try model.get()
      if model.featureNames != table.featureNames && !table.rows.isEmpty {
        throw ScoringError(
          "the model \(table.key.stem) was trained on \(model.featureNames.joined(separator: " ")), but the "
            + "deployment's features are \(table.featureNames.joined(separator: " ")); train it again")
      }
      var decisions: [Double] = []
      if !table.rows.isEmpty { try model.decide(table.features, into: &decisions) }
      var failures = table.failures
      for (index, row) in table.rows.enumerated() where decisions[index].isNaN {
        let fault = model.fault(of: table.features[row: index])
        failures.append(
          FailedRow(of: table.key, row, reason: fault?.reason ?? "the decision value is not a number"))
      }
      return ScoredTable(
        key: table.key, modelVersion: model.version, rows: table.rows, scores: decisions, failures: failures)
    } catch {
      return ScoredTable(
        key: table.key, modelVersion: "", rows: [], scores: [],
        failures: table.rows.map { FailedRow(of: table.key, $0, reason: "\(error)") } + table.failures)
    }
  }
}

/// Knows which sensors the features of a model are of. The models of a fleet mostly have the same, so those of the last
/// one are kept.
private final class FeatureNames {
  private var last: (names: [String], sensors: [SensorID])?

  /// The sensors in `temperature.mean`, `temperature.max`, `vibration.mean`, …; nil where there is none.
  func sensors(of names: [String]) -> [SensorID]? {
    if let last, last.names == names { return last.sensors }
    guard let sensors = ModelLayout.sensors(ofFeatures: names) else { return nil }
    last = (names, sensors)
    return sensors
  }
}
