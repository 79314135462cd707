import ArgumentParser
import Files
import Scenario

/// The options that change a scenario without changing its file.
struct ScenarioChanges: ParsableArguments {
  @Option(
    help: "The seed, in place of the scenario's seed or seeds: a whole number of at least 0.",
    transform: Self.seed)
  var seed: UInt64?
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Put a value in place of the file's, such as fleet[0].count=5.", valueName: "path=value"))
  var overrides: [String] = []

  /// - Parameters:
  ///   - further: Changes after those of `--set`.
  ///   - seeds: The seeds of `--seeds`.
  func load(_ file: String, further: [String] = [], seeds: SeedList? = nil) throws -> ScenarioDocument {
    try ScenarioDocument.parse(text(file, further: further, seeds: seeds))
  }

  /// The scenario in `file` with these changes, not read yet.
  func text(_ file: String, further: [String] = [], seeds: SeedList? = nil) throws -> ScenarioText {
    let path = InstalledExamples.path(of: file)
    return ScenarioText(
      path: path, text: try TextFile.text(of: path), overrides: overrides + further, seed: seed,
      seeds: seeds)
  }

  private static func seed(_ text: String) throws -> UInt64 {
    guard let seed = UInt64(text) else {
      throw ValidationError("a seed is a whole number from 0 to \(UInt64.max)")
    }
    return seed
  }
}
