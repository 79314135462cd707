import Wording

/// Why a load on a service cannot begin, in a sentence.
package struct HTTPLoadError: ExitingError, Hashable {
  package let description: String
  /// ``ExitStatus/usage`` where something is asked for that cannot be; ``ExitStatus/unavailable`` where nobody answers.
  package let exitStatus: ExitStatus

  package init(_ description: String, _ exitStatus: ExitStatus = .usage) {
    self.description = description
    self.exitStatus = exitStatus
  }
}
