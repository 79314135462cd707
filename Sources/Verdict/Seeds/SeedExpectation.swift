import Files
import Wording

/// How an expectation came out in runs of several seeds.
package struct SeedExpectation: Hashable, Sendable {
  package let expression: String
  /// Nil where it is demanded of each run.
  package let function: SeedFunction?
  /// The value over all seeds; of what is demanded of each run, the value of each, in the order of the runs.
  package let actual: JSONValue
  /// The runs that it was held against.
  package let runs: Int
  /// The seeds of those in which it did not hold; none where it is demanded of all of them together.
  package let failedSeeds: [UInt64]
  package let passed: Bool
  /// Why it failed, for people; nil where it passed.
  package let explanation: String?

  /// Holds `expectation` against `runs`, each of which came to a report.
  package init(_ expectation: Expectation, _ runs: [SeedRun]) {
    expression = expectation.expression
    function = expectation.function
    self.runs = runs.count
    guard function == nil else {
      let result = expectation.evaluate(over: runs)
      (actual, passed, explanation) = (result.actual, result.passed, result.explanation)
      failedSeeds = []
      return
    }
    let results = runs.map { ($0.seed, expectation.evaluate($0.report)) }
    let failed = results.filter { !$0.1.passed }
    actual = .array(results.map(\.1.actual))
    failedSeeds = failed.map(\.0)
    passed = failed.isEmpty
    explanation = failed.first.map { seed, result in
      "not with \(Self.seeds(failed.map(\.0)))"
        + (result.explanation.map { failed.count == 1 ? ": \($0)" : "; with seed \(seed) \($0)" } ?? "")
    }
  }

  /// In how many runs it held; nil where it is demanded of all of them together.
  package var held: Int? { function == nil ? runs - failedSeeds.count : nil }

  /// `seed 7` or `seeds 3, 7`.
  static func seeds(_ seeds: [UInt64]) -> String {
    (seeds.count == 1 ? "seed " : "seeds ") + seeds.map(String.init).listed
  }

  var json: JSONValue {
    .object([
      "expression": .text(expression), "demanded_of": .text(function == nil ? "each" : "all"),
      "actual": actual,
      "runs": .number(Double(runs)), "held": held.map { .number(Double($0)) } ?? .null,
      "failed_seeds": .array(failedSeeds.map { JSONValue(seed: $0) }), "passed": .bool(passed),
      "explanation": explanation.map(JSONValue.text) ?? .null,
    ])
  }
}

extension Expectation {
  /// Holds what is demanded over seeds against `runs`. It fails where any of them has no value: what is left out would mostly be the
  /// worst, as the precision of a run in which nothing was flagged.
  package func evaluate(over runs: [SeedRun]) -> ExpectationResult {
    var values: [SeedFigure.Value] = []
    var missing: [(seed: UInt64, reason: String)] = []
    for run in runs {
      switch value(in: run.report) {
      case .success(.number(let number)): values.append(SeedFigure.Value(seed: run.seed, number: number))
      case .success(let other): missing.append((run.seed, "it is \(other), which is no number"))
      case .failure(let failure): missing.append((run.seed, failure.text))
      }
    }
    guard missing.isEmpty, let function, let figure = SeedFigure(values) else {
      let reason = missing.first.map { first in
        "\(values.count) of \(runs.count) runs have a value, not with "
          + "\(SeedExpectation.seeds(missing.map(\.seed))); with seed \(first.seed): \(first.reason)"
      }
      return ExpectationResult(
        expression: expression, actual: .null, passed: false, explanation: reason ?? "no run has a value")
    }
    var result = judged(.number(function.value(of: figure)))
    if let explanation = result.explanation {
      result.explanation = "\(explanation), \(function.origin(of: figure))"
    }
    return result
  }
}
