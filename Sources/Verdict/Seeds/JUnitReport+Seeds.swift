import Telemetry

extension JUnitReport {
  /// What `summary` says: a test case an expectation, over all runs, and one for each run that came to no verdict or failed for more
  /// than an expectation. Where a run is missing, expectations over seeds are skipped.
  ///
  /// - Parameter version: Of this program.
  package init(_ summary: SeedSummary, startedAt: Timestamp, version: String) {
    let judged = Dictionary(summary.expectations.map { ($0.expression, $0) }) { first, _ in first }
    var cases = summary.subject.expectations.map { expectation -> Case in
      let name = expectation.expression
      guard let result = judged[name] else {
        return Case(name, .skipped("a run is missing, and it is demanded of all"))
      }
      return Case(
        name, result.passed ? .passed : .failed("\(name): \(result.explanation ?? "it does not hold")"))
    }
    for run in summary.runs {
      let reason = run.reason ?? run.verdict.rawValue
      switch run.verdict {
      case .error, .invalid: cases.append(Case("seed \(run.seed) comes to a verdict", .broken(reason)))
      case .failed where run.reason != nil:
        cases.append(Case("what the run with seed \(run.seed) finds of itself", .failed(reason)))
      case .passed, .failed: break
      }
    }
    let left = summary.subject.seeds.dropFirst(summary.runs.count)
    if let first = left.first {
      let count = left.count
      cases.append(
        Case(
          "every seed is run",
          .broken("\(count) of \(summary.subject.seeds.count) are not, from seed \(first) on")))
    }
    if !summary.subject.isJudged { cases.append(Case("expectations", .skipped(RunReport.nothingJudged))) }
    self.init(
      suite: summary.subject.scenario, startedAt: startedAt, seconds: summary.totalSeconds,
      properties: [
        Property("verdict", summary.verdict.rawValue),
        Property("seeds", summary.subject.seeds.map(String.init).joined(separator: ",")),
        Property("sonde", version),
      ], cases: cases)
  }
}
