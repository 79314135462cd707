import Modelling

/// When a scheduler whose training came to nothing trains again: before each job, for its windows cannot be scored without models.
/// Pure.
package struct Retraining: Hashable, Sendable {
  private var missing: TrainingRange?
  /// Whether nothing has happened since the last try, which would end in the same way.
  private var isFresh = false

  package init() {}

  /// What to train on before the job that comes now; nil where nothing is to be trained.
  package var due: TrainingRange? { isFresh ? nil : missing }

  /// Models of `range` were to be trained.
  ///
  /// - Parameter isDone: Whether there are any now.
  package mutating func didTrain(_ range: TrainingRange, isDone: Bool) {
    missing = isDone ? nil : range
    isFresh = true
  }

  /// Something may have changed: a job has run, or there was nothing to do.
  package mutating func timePasses() { isFresh = false }
}
