import Wording

/// What cannot be said in a manifest, in a sentence.
package struct ManifestError: Hashable, ExitingError {
  package let description: String

  package var exitStatus: ExitStatus { .usage }

  package init(_ description: String) { self.description = description }
}
