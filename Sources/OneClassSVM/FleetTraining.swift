import Foundation

/// What one model is trained on.
package struct TrainingJob: Sendable {
  /// Raw rows, a column a feature.
  package var rows: FeatureMatrix
  package var featureNames: [String]?
  package var options: TrainingOptions
  /// Who and when, for the model's metadata.
  package var provenance: ModelMetadata

  package init(
    rows: FeatureMatrix, featureNames: [String]? = nil, options: TrainingOptions = TrainingOptions(),
    provenance: ModelMetadata = ModelMetadata()
  ) {
    self.rows = rows
    self.featureNames = featureNames
    self.options = options
    self.provenance = provenance
  }
}

/// Trains the models of many devices, several at a time.
package enum FleetTraining {
  /// Trains `count` models, at most `workers` at a time, and gives the outcomes in the order of the jobs. A job that
  /// fails does not keep the others from being trained.
  ///
  /// `job` is called for each index of `0..<count` when its turn comes, so that only the rows of `workers` jobs are
  /// in memory. `finished` hears of each outcome as it comes, in any order, one at a time; progress displays need
  /// it. Cancelling the task leaves the jobs that have not begun with a `CancellationError`.
  package static func train(
    count: Int, workers: Int = ProcessInfo.processInfo.activeProcessorCount,
    job: @escaping @Sendable (Int) async throws -> TrainingJob,
    finished: (Int, Result<TrainedModel, any Error>) -> Void = { _, _ in }
  ) async -> [Result<TrainedModel, any Error>] {
    precondition(workers >= 1, "at least one worker is needed")
    var outcomes = [Result<TrainedModel, any Error>](repeating: .failure(CancellationError()), count: count)
    await withTaskGroup(of: (Int, Result<TrainedModel, any Error>).self) { group in
      func add(_ index: Int) {
        group.addTask {
          do {
            try Task.checkCancellation()
            let job = try await job(index)
            return (
              index,
              .success(
                try OneClassModel.train(
                  rows: job.rows, featureNames: job.featureNames, options: job.options,
                  provenance: job.provenance))
            )
          } catch {
            return (index, .failure(error))
          }
        }
      }
      var next = 0
      while next < min(workers, count) {
        add(next)
        next += 1
      }
      for await (index, outcome) in group {
        outcomes[index] = outcome
        finished(index, outcome)
        if next < count {
          add(next)
          next += 1
        }
      }
    }
    return outcomes
  }
}
