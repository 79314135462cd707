import Files
import HTMLReport
import Scenario
import Verdict

/// Judges the runs with several seeds again: each from its files, and what is said of all from their reports.
package struct SeedVerification {
  private let folder: SeedFolder

  package init(_ folder: SeedFolder) { self.folder = folder }

  /// Throws `FileError` and `JSONFileError` where manifest or report cannot be read, and `Diagnostics` where the scenario of the manifest
  /// is none any more. What keeps a single run from being judged is a finding.
  package func run() throws -> RunVerification.Outcome {
    let manifest = try RunManifest.Recorded(seedsAt: folder.manifest)
    let document = try ScenarioDocument.parse(manifest.scenario)
    let report = try JSONFile.read(JSONValue.self, folder.report, keys: .asDeclared)
    var outputs = try folder.outputs()
    if outputs[RunFolder.pageName] != manifest.outputs[RunFolder.pageName],
      (try? TextFile.text(of: folder.page)) == SeedReport.text(of: report)
    {
      // It is what this version makes of the report, and an earlier one has made another page or none.
      outputs[RunFolder.pageName] = manifest.outputs[RunFolder.pageName]
    }
    var findings = RunManifest.differences(manifest.outputs, outputs)
    var notes: [String] = []
    var runs: [SeedRun] = []
    for seed in Self.seeds(of: report, among: document.seedSubject.seeds) {
      do {
        let (run, outcome) = try self.run(seed, manifest.scenario.with(seed: seed, among: document.seeds))
        runs.append(run)
        findings += outcome.findings.map {
          RunAudit.Finding(subject: "\(SeedRun.folder(seed)) \($0.subject)", text: $0.text)
        }
        notes += outcome.notes.map { "\(SeedRun.folder(seed)): \($0)" }
      } catch {
        findings.append(
          RunAudit.Finding(subject: SeedRun.folder(seed), text: "it cannot be judged: \(error)"))
        runs.append(SeedRun(seed: seed, brokeOffBecause: "\(error)"))
      }
    }
    let again = SeedSummary(document.seedSubject, runs).json()
    findings += RunAudit.differences(report, again).map {
      RunAudit.Finding(subject: "report.json", text: $0)
    }
    return RunVerification.Outcome(scenario: document.name, findings: findings, notes: notes)
  }

  private func run(_ seed: UInt64, _ scenario: ScenarioText) throws -> (SeedRun, RunVerification.Outcome) {
    let run = folder.run(seed)
    let recorded = try RunManifest.Recorded(path: run.manifest)
    var outcome = try RunVerification(run).run()
    if recorded.scenario != scenario {
      let finding = RunAudit.Finding(
        subject: "manifest.json", text: "it is of another scenario, or of another seed than \(seed)")
      outcome = .init(
        scenario: outcome.scenario, findings: [finding] + outcome.findings, notes: outcome.notes)
    }
    let report = try JSONFile.read(JSONValue.self, run.report, keys: .asDeclared)
    return (SeedRun(seed: seed, report: report), outcome)
  }

  /// The seeds whose runs `report` says were begun: the first ones. Of a report that does not say, all.
  private static func seeds(of report: JSONValue, among all: [UInt64]) -> [UInt64] {
    guard case .object(let members) = report, case .array(let runs)? = members["runs"] else { return all }
    return Array(all.prefix(runs.count))
  }
}
