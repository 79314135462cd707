import Files

/// What a training leaves in a run's folder.
extension RunFolder {
  /// What the models in ``models`` were trained on.
  package var trainingSetup: String { "\(models)/training.json" }
  /// What came of it.
  package var trainedModels: String { "\(models)/trained.csv" }
  /// There from the first model of a training to its last: the models are then of two trainings.
  var unfinishedTraining: String { "\(models)/training.unfinished" }
  var hasUnfinishedTraining: Bool { FileStamp(unfinishedTraining) != nil }

  /// Throws ``ScoringError`` where the models are of two trainings.
  package func refuseUnfinishedTraining() throws(ScoringError) {
    guard hasUnfinishedTraining else { return }
    throw ScoringError(
      "\(models) holds models of two trainings, because the last one was interrupted: train again, or remove "
        + "\(unfinishedTraining) where all of them have been replaced since")
  }
}
