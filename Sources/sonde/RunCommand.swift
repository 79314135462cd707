import ArgumentParser
import Files
import Foundation
import Harness
import Modelling
import Scenario
import Supervision
import Telemetry
import Verdict
import Wording

/// `sonde run`: scenarios from beginning to verdict.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run scenarios, and say whether their expectations held.",
    discussion: """
      Each run leaves a folder: report.html, a page to look at, report.json, junit.xml, manifest.json, labels.csv, sonde.sqlite, \
      models, predictions and logs. Without --out it is runs/<scenario>-<UTC time>.

      A scenario whose point is to look needs no expectations: with --expect none, as with expect: none in its file, none is \
      judged, and the report says so. What a run finds wrong of itself still fails it: lost, doubled or unaccounted readings, \
      windows that are not what the plan gives, failed jobs, faults that were not seen.

      Exit code 0 where every expectation held, 1 where one failed, 3 where the run is invalid because the fleet did not \
      keep its own schedule; the reason then says what to try. Of several scenarios the worst counts.

      One seed says little: with the next one anomalies lie elsewhere, and a recall of 1 may be luck. With --seeds 1..10, \
      as with seeds: 1..10 in the file, the scenario is run with each, one after the other. Every run has a folder of its \
      own, seed-1, seed-2 and so on, below that of --out. The report.json above them has median, min and max of every \
      figure under the figure's name (jq .detection.recall.median), and the summary says in how many runs each expectation \
      held. An expectation is demanded of each run. median(detection.recall) >= 0.9, min(…) and max(…) are demanded of all \
      runs together; where there is one run, of its value. Exit code 1 where one failed, 3 where a run is invalid and none \
      failed.

        sonde run scenario.yaml --seeds 1..10
        sonde run scenario.yaml --seeds 1..3,7 --set 'expect=[min(detection.recall) > 0.5]'

      A load with stages leaves load.csv: rates, latency and what the parts used, a line a stage. One that climbs until \
      something gives (Scenarios/capacity.yaml) leaves capacity.svg beside it.
      """)

  @Argument(help: "The scenario files.", completion: .file(extensions: ["yaml", "yml"]))
  var files: [String]
  @Option(
    help: "The folder of the run; of several scenarios or seeds, the folder of their folders.",
    completion: .directory)
  var out: String?
  @OptionGroup var changes: ScenarioChanges
  @OptionGroup var several: SeedOptions
  @Option(help: "none: no expectation is judged, whatever the scenario says.")
  var expect: ExpectationChoice?
  @Option(
    help: "What is printed at the end: a summary for people, or the reports as JSON, one after the other.")
  var format = OutputFormat.text
  @Flag(
    help: "Show the run on a page while it goes on; its address is said on standard error. See sonde view.")
  var view = false
  @Flag(help: "As --view, and open the page in a browser.")
  var open = false

  func validate() throws {
    try several.check(beside: changes)
    if view || open, files.count > 1 {
      throw ValidationError("a live page shows one run: with --view, give one scenario")
    }
  }

  func run() async throws {
    let stop = StopSignal()
    // All are read before the first one runs: a slip in the last should not come up after an hour.
    let documents = try files.map { file in
      let document = try changes.load(
        file, further: expect.map { ["expect=\($0.rawValue)"] } ?? [], seeds: several.seeds)
      try document.checkEachSeed { try $0.checkRun() }
      return document
    }
    if out != nil, let name = Dictionary(grouping: documents, by: \.name).first(where: { $1.count > 1 })?.key
    {
      throw ValidationError(
        "two of the scenarios are called \(name.quoted); without --out each has a folder of its own")
    }
    if view || open, documents.contains(where: { $0.seeds != nil }) {
      throw ValidationError("a live page shows one run: with --view, give one seed (--seed N)")
    }
    var rows: [RunSummary.Row] = []
    var worst = ExitStatus.success.rawValue
    for document in documents {
      do {
        let result = try await run(document, stop.flag)
        rows.append(result.row)
        worst = max(worst, result.status)
      } catch  where documents.count > 1 && !stop.flag.isSet {
        // The others have a right to their verdicts.
        StandardError.write("sonde: \(document.name): \(error)")
        rows.append(RunSummary.Row(scenario: document.name))
        worst = max(worst, (Failure.status(of: error) ?? .internalFault).rawValue)
      }
    }
    if documents.count > 1, format == .text { StandardOutput.write(RunSummary.table(rows)) }
    if worst != 0 { throw ExitCode(worst) }
  }

  private func run(_ document: ScenarioDocument, _ stop: StopFlag) async throws -> (
    row: RunSummary.Row, status: Int32
  ) {
    if let out {
      return try await run(document, stop, in: files.count == 1 ? out : "\(out)/\(document.name)")
    }
    let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    func folder(_ number: Int) -> String {
      RunFolder.standardFolder(scenario: document.name, now: now, number: number)
    }
    for number in 1..<RunFolder.mostOfASecond {
      do {
        return try await run(document, stop, in: folder(number))
      } catch RunError.outputExists {
        // Another run has begun in this second.
        continue
      }
    }
    return try await run(document, stop, in: folder(RunFolder.mostOfASecond))
  }

  private func run(_ document: ScenarioDocument, _ stop: StopFlag, in folder: String) async throws -> (
    row: RunSummary.Row, status: Int32
  ) {
    if document.seeds != nil { return try await runSeeds(of: document, stop, in: folder) }
    let progress = ProgressLine()
    let page =
      view || open
      ? LivePageProcess(folder: folder, opens: open, say: { progress.show(.notice($0)) }) : nil
    let run = ScenarioRun(
      document,
      options: .init(output: folder, executable: ExecutablePath.current),
      until: stop, begun: { page?.begin() }, observe: { progress.show($0) })
    do {
      let (report, _) = try await run.run()
      progress.clear()
      switch format {
      case .text: StandardOutput.write(RunSummary.text(of: report, folder: folder))
      case .json: StandardOutput.write(try report.json().indented())
      }
      return (RunSummary.Row(report), RunSummary.exitStatus(report.verdict).rawValue)
    } catch {
      progress.clear()
      throw error
    }
  }

  /// Runs the scenario with all of its seeds. Where it is to end early, what is known is written and shown before it throws.
  private func runSeeds(of document: ScenarioDocument, _ stop: StopFlag, in folder: String) async throws -> (
    row: RunSummary.Row, status: Int32
  ) {
    let progress = ProgressLine()
    let (format, name) = (format, document.name)
    let width = (document.seeds?.seeds ?? []).map { "seed \($0)".count }.max() ?? 0
    let runs = SeedRuns(
      document, options: .init(output: folder, executable: ExecutablePath.current), until: stop
    ) { event in
      switch event {
      case .began(let seed, let number, let count): progress.begin("seed \(seed), \(number) of \(count)")
      case .run(let event): progress.show(event)
      case .ended(let run, let error):
        progress.clear()
        if let error, !stop.isSet { StandardError.write("sonde: \(name), seed \(run.seed): \(error)") }
        if format == .text { StandardOutput.write(SeedText.line(run, width: width)) }
      }
    }
    let outcome = try await runs.run()
    switch format {
    case .text: StandardOutput.write(SeedText.text(of: outcome.summary, folder: folder))
    case .json: StandardOutput.write(try outcome.summary.json().indented())
    }
    if stop.isSet, outcome.summary.verdict == .error { throw RunError.interrupted }
    let failures = outcome.failures.map { (Failure.status(of: $0) ?? .internalFault).rawValue }
    let status = failures.max() ?? RunSummary.exitStatus(outcome.summary.verdict).rawValue
    return (RunSummary.Row(outcome.summary), status)
  }
}

/// Which expectations of a scenario are judged.
enum ExpectationChoice: String, ExpressibleByArgument, CaseIterable {
  case nothing = "none"
}
