import Documents
import Verdict

/// A scenario that is run with several seeds: a document that stands for all of them, and one for each.
extension ScenarioDocument {
  /// Whether it is one of the runs with several seeds.
  private var isOneOfSeveral: Bool { text.seed != nil && text.seeds != nil }

  /// The expectations that are demanded of this run. Those over several seeds are demanded of all of its runs together, and of this one
  /// only where it is the only one.
  package var expectationsOfRun: [Expectation] {
    isOneOfSeveral ? expectations.filter { !$0.isOverSeeds } : expectations
  }

  /// The run with one of the seeds. Throws ``Diagnostics`` where the scenario is impossible with it.
  package func run(with seed: UInt64) throws -> ScenarioDocument {
    try Self.parse(text.with(seed: seed, among: seeds))
  }

  /// Throws the ``Diagnostics`` that `check` throws of the scenario with the first seed that has some.
  package func checkEachSeed(_ check: (ScenarioDocument) throws -> Void) throws {
    guard let seeds else { return try check(self) }
    for seed in seeds.seeds {
      do {
        try check(try run(with: seed))
      } catch let diagnostics as Diagnostics {
        throw Diagnostics(
          diagnostics.all.map {
            Diagnostic(
              location: $0.location, reason: "\($0.reason) (with seed \(seed))", suggestion: $0.suggestion)
          })
      }
    }
  }

  /// What the runs with all seeds are put together as.
  package var seedSubject: SeedSummary.Subject {
    SeedSummary.Subject(
      scenario: name, seeds: seeds?.seeds ?? [seed], expectations: expectations, isJudged: isJudged)
  }
}
