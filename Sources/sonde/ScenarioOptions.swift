import ArgumentParser
import Scenario

/// A scenario file, and what the command line changes of it.
struct ScenarioOptions: ParsableArguments {
  @Argument(help: "The scenario file.", completion: .file(extensions: ["yaml", "yml"]))
  var file: String
  @OptionGroup var changes: ScenarioChanges

  func load() throws -> ScenarioDocument { try changes.load(file) }
}

/// The options that change a scenario without changing its file.
struct ScenarioChanges: ParsableArguments {
  @Option(help: "The seed, in place of the scenario's: a whole number of at least 0.", transform: Self.seed)
  var seed: UInt64?
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Put a value in place of the file's, such as fleet[0].count=5.", valueName: "path=value"))
  var overrides: [String] = []

  func load(_ file: String) throws -> ScenarioDocument {
    try ScenarioDocument.load(file, overrides: overrides, seed: seed)
  }

  private static func seed(_ text: String) throws -> UInt64 {
    guard let seed = UInt64(text) else {
      throw ValidationError("a seed is a whole number from 0 to \(UInt64.max)")
    }
    return seed
  }
}
