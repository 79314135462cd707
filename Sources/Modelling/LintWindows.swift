import Files
import OneClassSVM
import Telemetry
import WindowStore

/// The windows that a lint tries models on.
package enum LintWindows {
  /// Rows of a CSV file.
  case file(WindowTable)
  /// The windows that the models of a run were trained on.
  case run(RunFolder, TrainingSetup)

  /// The training windows of the run in `folder`. Throws ``ScoringError`` where it has none, or models of two trainings.
  package init(run folder: RunFolder) throws {
    try folder.refuseUnfinishedTraining()
    guard let setup = try TrainingSetup.read(folder) else {
      throw ScoringError(
        "\(folder.trainingSetup) is missing; a run's windows are chosen by what it was trained on")
    }
    self = .run(folder, setup)
  }

  /// The raw rows for `model`; nil where there are none. Throws `StoreError`, `ModelError`, `CSVError`.
  package func rows(for model: OneClassModel) throws -> FeatureMatrix? {
    switch self {
    case .file(let table): return try table.rows(for: model)
    case .run(let folder, let setup):
      guard let device = model.metadata.device.flatMap({ DeviceID($0) }) else { return nil }
      let builder = FeatureVectorBuilder(layout: setup.layout)
      let windows = try WindowStoreReader(path: folder.store)
        .windows(
          visibleAfter: nil, through: setup.range.to, devices: [device], columns: builder.columns,
          from: setup.range.from)
      return windows.first.map { builder.tables(of: $0.inside(setup.range)) }?
        .first { $0.key.sensor?.name == model.metadata.sensor }?.features
    }
  }
}

extension RunFolder {
  /// The folder of models that `path` means: itself, or the models inside it where it is the folder of a run, which may have none
  /// yet.
  package static func models(at path: String) -> String {
    let run = RunFolder(path)
    return Folder.exists(run.models) || FileStamp(run.store) != nil ? run.models : path
  }
}
