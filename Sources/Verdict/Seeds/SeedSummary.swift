import Files

/// What the runs of one scenario with several seeds say together: the `report.json` above theirs.
package struct SeedSummary: Sendable {
  /// What was asked for.
  package struct Subject: Sendable {
    package let scenario: String
    /// In the order in which they are run.
    package let seeds: [UInt64]
    package let expectations: [Expectation]
    /// Whether expectations are judged; false where the point is to look.
    package let isJudged: Bool

    package init(scenario: String, seeds: [UInt64], expectations: [Expectation], isJudged: Bool = true) {
      self.scenario = scenario
      self.seeds = seeds
      self.expectations = expectations
      self.isJudged = isJudged
    }
  }

  package let subject: Subject
  /// Those that were begun, in order.
  package let runs: [SeedRun]
  package let verdict: Verdict
  /// Why the verdict is `invalid` or `error`, or `failed` for more than an expectation; nil otherwise.
  package let reason: String?
  /// Expectations over seeds are left out where a run is missing: they are demanded of all.
  package let expectations: [SeedExpectation]

  package init(_ subject: Subject, _ runs: [SeedRun]) {
    self.subject = subject
    self.runs = runs
    let whole = runs.filter { $0.verdict != .error }
    let isComplete = whole.count == subject.seeds.count
    expectations =
      whole.isEmpty
      ? []
      : subject.expectations.filter { isComplete || !$0.isOverSeeds }.map { SeedExpectation($0, whole) }
    if !isComplete {
      verdict = .error
    } else if runs.contains(where: { $0.verdict == .failed }) {
      verdict = .failed
    } else if runs.contains(where: { $0.verdict == .invalid }) {
      // Nor may anything be concluded from a median over such a run.
      verdict = .invalid
    } else {
      verdict = expectations.allSatisfy(\.passed) ? .passed : .failed
    }
    reason = Self.reason(subject, runs, verdict)
  }

  private static func reason(_ subject: Subject, _ runs: [SeedRun], _ verdict: Verdict) -> String? {
    var reasons = subject.isJudged ? [] : [RunReport.nothingJudged]
    var seeds: [String: [UInt64]] = [:]
    var order: [String] = []
    for run in runs where run.verdict == verdict && verdict != .passed {
      guard let reason = run.reason else { continue }
      if seeds[reason] == nil { order.append(reason) }
      seeds[reason, default: []].append(run.seed)
    }
    reasons += order.prefix(ReportDefaults.namedReasons).map { reason in
      "with \(SeedExpectation.seeds(seeds[reason] ?? [])): \(reason)"
    }
    let more = order.count - ReportDefaults.namedReasons
    if more > 0 { reasons.append("and \(more) more reasons, in the reports of the runs") }
    let left = subject.seeds.dropFirst(runs.count)
    if !left.isEmpty { reasons.append("not run: \(SeedExpectation.seeds(Array(left)))") }
    return reasons.isEmpty ? nil : reasons.joined(separator: "; ")
  }

  /// Wall-clock time of all runs, in milliseconds' steps.
  package var totalSeconds: Double { (runs.compactMap(\.seconds).reduce(0, +) * 1000).rounded() / 1000 }

  /// As `report.json` has it: the figures under the names that they have in the report of a run.
  package func json() -> JSONValue {
    let entries = RunReport.entries.filter { $0.name != "seed" }
    let members = SeedFigures.members(entries, of: runs)
    return .object(
      members.merging([
        "scenario": .text(subject.scenario), "verdict": .text(verdict.rawValue),
        "reason": reason.map(JSONValue.text) ?? .null,
        "seeds": .array(subject.seeds.map { JSONValue(seed: $0) }), "runs": .array(runs.map(\.json)),
        "expectations": .array(expectations.map(\.json)), "total_seconds": .number(totalSeconds),
      ]) { $1 })
  }

  /// The figure that `path` leads to, by the names of the report; nil where no run has it.
  package func figure(at path: [String]) -> SeedFigure? {
    SeedFigure(
      runs.compactMap { run in
        let found = path.reduce(run.report) { value, name in
          if case .object(let members) = value { members[name] ?? .null } else { .null }
        }
        guard case .number(let number) = found else { return nil }
        return SeedFigure.Value(seed: run.seed, number: number)
      })
  }
}
