import Foundation
import TestSupport
import Testing
import Yams

/// What `sonde serve --kubernetes` and `sonde schedule --kubernetes` print, as Kubernetes reads it.
struct KubernetesManifests {
  let objects: [[String: Any]]

  /// Has `sonde` print manifests for an image that nobody needs.
  init(_ arguments: [String]) async throws {
    let outcome = try await SondeProgram.run(
      arguments + ["--kubernetes", "--image", "registry.example.com/sonde:1"])
    try #require(outcome.status == 0, "\(arguments): \(outcome.errors)")
    #expect(outcome.errors.isEmpty, "\(outcome.errors)")
    objects = try outcome.output.components(separatedBy: "---\n").map {
      try #require(try Yams.load(yaml: $0) as? [String: Any], "\($0)")
    }
  }

  func object(_ kind: String) throws -> [String: Any] {
    try #require(objects.first { $0["kind"] as? String == kind }, "there is no \(kind)")
  }

  /// The value behind keys and indices.
  static func value(_ root: Any?, _ path: Any...) -> Any? {
    path.reduce(root) { value, step in
      if let key = step as? String { return (value as? [String: Any])?[key] }
      guard let index = step as? Int, let list = value as? [Any], list.indices.contains(index) else {
        return nil
      }
      return list[index]
    }
  }

  /// The words behind the program's name of the first container in the pod of `template`, which has the key “template”; variables are put
  /// in as Kubernetes does.
  static func command(_ template: Any?, _ variables: [String: String] = [:]) throws -> [String] {
    let container = value(template, "template", "spec", "containers", 0)
    #expect(value(container, "command") as? [String] == ["sonde"])
    let words = try #require(value(container, "args") as? [String])
    return words.map { word in
      // “$$” is a dollar sign, “$(NAME)” the variable.
      word.replacing(/\$\$|\$\((\w+)\)/) { match in
        match.1.map { variables[String($0)] ?? "nothing" } ?? "$"
      }
    }
  }
}
