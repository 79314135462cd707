/// Makes what a deployment scores with from the windows of a run.
package protocol DetectorTrainer: Sendable {
  /// Whether that has been done for `range` already. Throws where it cannot be known.
  func hasTrained(_ range: TrainingRange) async throws -> Bool

  /// Does it. What cannot be trained is in the outcome; throws `StoreError` and `FileError`, and ``ScoringError`` where the settings are
  /// unsound.
  func makeModels(_ range: TrainingRange) async throws -> TrainingOutcome
}

extension Trainer: DetectorTrainer {
  package func hasTrained(_ range: TrainingRange) async throws -> Bool { try isDone(range) }

  package func makeModels(_ range: TrainingRange) async throws -> TrainingOutcome {
    let record = try await train(range)
    var outcome = TrainingOutcome(
      models: record.models.count, failed: record.failures.count,
      firstFailure: record.failures.first.map { "\($0.key.stem): \($0.reason)" })
    guard !record.models.isEmpty else {
      outcome.nothingTrained = record.nothingTrained
      outcome.hasOldModels = try TrainingRecord.hasModels(in: folder)
      return outcome
    }
    if !record.removed.isEmpty {
      outcome.notices.append(
        "models of the training before that this one has not made are removed: "
          + record.removed.prefix(10).joined(separator: ", ")
          + (record.removed.count > 10 ? " and \(record.removed.count - 10) more" : ""))
    }
    if let reason = record.packFailure { outcome.notices.append(reason) }
    return outcome
  }
}
