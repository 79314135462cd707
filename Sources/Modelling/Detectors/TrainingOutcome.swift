import Wording

/// What came of a training, whatever was trained.
package struct TrainingOutcome: Sendable {
  /// How many models there are now.
  package var models: Int
  /// How many could not be made.
  package var failed: Int
  /// Why one could not be made, with its name; nil where all were.
  package var firstFailure: String?
  /// What a person should know, a sentence each.
  package var notices: [String]
  /// Why there is no model at all; nil where there is one.
  package var nothingTrained: ScoringError?
  /// Whether there are models of another training, where this one has made none.
  package var hasOldModels = false

  package init(
    models: Int, failed: Int = 0, firstFailure: String? = nil, notices: [String] = [],
    nothingTrained: ScoringError? = nil
  ) {
    self.models = models
    self.failed = failed
    self.firstFailure = firstFailure
    self.notices = notices
    self.nothingTrained = nothingTrained
  }
}
