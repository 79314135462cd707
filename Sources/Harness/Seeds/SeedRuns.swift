import Files
import Foundation
import HTMLReport
import Scenario
import Supervision
import Telemetry
import Verdict

/// Carries out a scenario with several seeds, one after the other, each as a run of its own, and puts together what they say.
package struct SeedRuns: Sendable {
  /// What the runs tell while they go on.
  package enum Event: Sendable {
    /// The run with `seed` begins, `number` of `count`.
    case began(seed: UInt64, number: Int, count: Int)
    case run(RunEvent)
    /// A run has ended, and why it came to no verdict where it did not.
    case ended(SeedRun, (any Error)?)
  }

  /// What all runs came to.
  package struct Outcome: Sendable {
    package let summary: SeedSummary
    package let folder: SeedFolder
    /// Why runs came to no verdict.
    package let failures: [any Error]
  }

  private let document: ScenarioDocument
  private let seeds: [UInt64]
  private let options: ScenarioRun.Options
  private let stop: StopFlag
  private let observe: @Sendable (Event) -> Void

  /// - Parameters:
  ///   - document: Has `seeds`.
  ///   - options: Their output is the folder of all runs.
  ///   - stop: Set where the runs are to end early.
  ///   - observe: Told how far they are, from one thread at a time.
  package init(
    _ document: ScenarioDocument, options: ScenarioRun.Options, until stop: StopFlag,
    observe: @escaping @Sendable (Event) -> Void
  ) {
    self.document = document
    self.options = options
    self.stop = stop
    self.observe = observe
    seeds = document.seeds?.seeds ?? [document.seed]
  }

  /// Runs the scenario with each seed, and writes what all say together. A run that comes to no verdict does not keep the others from
  /// theirs; where they were to end early, those that were not begun are missing. Throws ``RunError`` and `FileError` where the folder
  /// cannot be made or written.
  package func run() async throws -> Outcome {
    let folder = try SeedFolder.create(at: options.output, first: seeds[0])
    let startedAt = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    var runs: [SeedRun] = []
    var failures: [any Error] = []
    for (index, seed) in seeds.enumerated() where !stop.isSet {
      observe(.began(seed: seed, number: index + 1, count: seeds.count))
      do {
        runs.append(SeedRun(seed: seed, report: try await report(seed, folder)))
        observe(.ended(runs[index], nil))
      } catch {
        runs.append(SeedRun(seed: seed, brokeOffBecause: "\(error)"))
        failures.append(error)
        observe(.ended(runs[index], error))
      }
    }
    let summary = SeedSummary(document.seedSubject, runs)
    try AtomicFile.write(summary.json().indented(), to: folder.report, existing: .replace)
    try AtomicFile.write(
      JUnitReport(summary, startedAt: startedAt, version: Versions.sonde).text, to: folder.junit,
      existing: .replace)
    do {
      try AtomicFile.write(SeedReport.text(of: folder.reportValue()), to: folder.page, existing: .replace)
    } catch {
      // The runs have their verdicts whether there is a page or not.
      observe(.run(.notice("the page of the runs could not be written: \(error)")))
    }
    try RunManifest.write(document, outputs: folder.outputs(), to: folder.manifest)
    return Outcome(summary: summary, folder: folder, failures: failures)
  }

  /// The report of one run, without what it was made of.
  private func report(_ seed: UInt64, _ folder: SeedFolder) async throws -> JSONValue {
    var options = options
    options.output = folder.run(seed).path
    let run = ScenarioRun(try document.run(with: seed), options: options, until: stop) { observe(.run($0)) }
    return try await run.run().report.json()
  }
}
