import Documents
import Foundation
import Modelling

/// What a deployment says of a scoring script.
extension MappingReader {
  /// The script of this deployment; nil where it has one-class SVMs.
  ///
  /// - Parameter folder: What relative paths begin at.
  func script(in folder: String) -> ScoringScript? {
    let code = mapping("code_configuration")
    let model = text("model")
    guard code != nil || model != nil else {
      for key in ["environment", "input", "resources"] where node(key) != nil {
        diagnostics.add(
          location(of: key), "\(key): only a deployment with code_configuration or model has one")
      }
      return nil
    }
    for key in ["nu", "gamma", "kernel", "threshold"] where node(key) != nil {
      diagnostics.add(
        location(of: key),
        "\(key): is for one-class SVMs, and this deployment has a script or a model of its own")
    }
    var script = ScoringScript()
    script.code = code?.text("code").map { Self.absolute($0, folder) }
    script.file = code?.text("scoring_script")
    script.model = model.map { Self.absolute($0, folder) }
    if let environment = mapping("environment") {
      // A name without a slash is looked for on PATH.
      script.python = environment.text("python").map { $0.contains("/") ? Self.absolute($0, folder) : $0 }
      script.requirements = environment.text("requirements").map { Self.absolute($0, folder) }
    }
    if let input = choice("input", ScoringScript.Input.self) { script.input = input }
    if let resources = mapping("resources") {
      script.memoryBytes = resources.read("memory", EndpointSchema.memory.wanted) { node in
        (node.wholeNumber.map(Int.init(exactly:)) ?? node.text.flatMap(QuantityText.bytes))
          .flatMap { $0.flatMap(ScoringScript.leastMemory.accepted) }
      }
    }
    return script
  }

  /// `path` as it is from `folder`.
  static func absolute(_ path: String, _ folder: String) -> String {
    URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: folder, isDirectory: true))
      .standardizedFileURL.path
  }
}
