import Detection
import Files
import Foundation
import HTMLReport
import Modelling
import Scenario
import Verdict
import WindowStore

/// Judges a finished run again, from its scenario, its seed and its files.
package struct RunVerification {
  /// What was found.
  package struct Outcome: Sendable {
    /// The name of the scenario.
    package let scenario: String
    package let findings: [RunAudit.Finding]
    /// What could not be looked at, and why.
    package let notes: [String]
  }

  private let folder: RunFolder

  package init(_ folder: RunFolder) { self.folder = folder }

  /// Throws `FileError` and `JSONFileError` where manifest or report cannot be read, `Diagnostics` where the scenario of the manifest
  /// is none any more, and what judging throws.
  package func run() throws -> Outcome {
    let manifest = try RunManifest.Recorded(path: folder.manifest)
    var outputs = try RunManifest.outputs(in: folder)
    if outputs[RunFolder.pageName] != manifest.outputs[RunFolder.pageName], isPageOfRun {
      outputs[RunFolder.pageName] = manifest.outputs[RunFolder.pageName]
    }
    var findings = RunManifest.differences(manifest.outputs, outputs)
    let document = try ScenarioDocument.parse(manifest.scenario)
    let report = try JSONFile.read(JSONValue.self, folder.report, keys: .asDeclared)
    guard FileStamp(folder.account) != nil else {
      throw JSONFileError(
        path: folder.path,
        reason:
          "the run was left by an earlier version, which did not keep what its parts said of themselves "
          + "(account.json); it cannot be judged again")
    }
    let account = try RunAccount(path: folder.account)
    if case .object(let members) = report, members["verdict"] == .text(Verdict.error.rawValue) {
      return Outcome(
        scenario: document.name, findings: findings,
        notes: ["the run broke off, so there is no verdict to hold it to"])
    }
    let carried = try document.carriedOut(account)
    let judged = try JudgedFolder(folder, carried.judgedPlan, account)
    let sweep = try account.sweep.map { _ in try SweepFiles(folder.path).table() }
    let again = try RunReport(
      RunMeasurements(carried.subject, account, judged: judged, sweep: sweep),
      judging: document.expectationsOfRun
    )
    findings += try RunAudit.differences(report, again)
    if document.scoring != nil { findings += try RunAudit.predictionDifferences(folder) }
    for trial in document.deployments?.trials ?? [] {
      findings += try RunAudit.predictionDifferences(folder.deployment(trial.name))
    }
    findings += try streamFindings(document, account)
    findings += try labelFindings(document)
    return Outcome(scenario: document.name, findings: findings, notes: [])
  }

  private func streamFindings(_ document: ScenarioDocument, _ account: RunAccount) throws
    -> [RunAudit.Finding]
  {
    guard let settings = document.streamScoring, let said = account.stream else { return [] }
    var found = try WindowStoreReader(path: folder.store).streamFigures()
    found?.backlogged = said.backlogged
    let figures =
      found == said
      ? [] : [RunAudit.Finding(subject: "stream", text: "its figures are not those of its rows")]
    // What a script says nobody else knows, and what was given up has gaps.
    let scored = RunFolder(folder.path, models: settings.models)
    guard settings.script == nil, said.failure == nil, let layout = try ModelLayout.known(of: scored) else {
      return figures
    }
    return figures
      + (try RunAudit.streamDifferences(scored, layout, from: document.scheduleConfiguration?.from))
  }

  /// Whether the page is what this version makes of the run's files: `sonde report` writes it anew, also for runs of versions that wrote
  /// another one, or none.
  private var isPageOfRun: Bool {
    guard let page = try? TextFile.text(of: folder.page), let run = try? FinishedRun(folder) else {
      return false
    }
    return page == HTMLReport.text(of: run)
  }

  private func labelFindings(_ document: ScenarioDocument) throws -> [RunAudit.Finding] {
    let wanted = LabelFile.text(of: document.source.messages.labels)
    return try TextFile.text(of: folder.labels) == wanted
      ? [] : [RunAudit.Finding(subject: "labels.csv", text: "it is not what scenario and seed give")]
  }
}
