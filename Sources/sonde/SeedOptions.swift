import ArgumentParser
import Scenario

/// The option that runs a scenario with several seeds.
struct SeedOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A run with each of these seeds, and a report over all, in place of the scenario's seed or seeds: 1..10, 1,5,9 or 1..3,7.",
      valueName: "seeds"),
    transform: Self.list)
  var seeds: SeedList?

  /// Refuses several seeds beside one.
  func check(beside changes: ScenarioChanges) throws {
    guard seeds == nil || changes.seed == nil else {
      throw ValidationError("--seed is one run and --seeds are several; give one of both")
    }
  }

  private static func list(_ text: String) throws -> SeedList {
    do throws(SeedListError) {
      return try SeedList(text)
    } catch {
      throw ValidationError("\(error)")
    }
  }
}
