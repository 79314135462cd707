import Wording

/// Something in training or scoring that cannot go on: what, where, and what to do.
package struct ScoringError: Hashable, ExitingError {
  package let description: String

  package var exitStatus: ExitStatus { .usage }

  package init(_ description: String) { self.description = description }
}
