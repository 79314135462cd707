/// The words of a command in a pod.
package enum PodArguments {
  /// What people write for the index of a pod.
  package static let indexPlaceholder = "{index}"

  /// `words` as Kubernetes wants them. It puts variables in where `$(NAME)` stands, and takes `$$` for a dollar sign.
  ///
  /// - Parameter index: Whether ``indexPlaceholder`` stands for the index of the pod in its job.
  package static func escaped(_ words: [String], index: Bool = false) -> [String] {
    words.map { word in
      let escaped = word.replacing("$", with: "$$")
      return index ? escaped.replacing(indexPlaceholder, with: "$(JOB_COMPLETION_INDEX)") : escaped
    }
  }
}
