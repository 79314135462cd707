import ArgumentParser
import Files
import Foundation
import Harness
import Modelling
import Verdict
import Wording

/// `sonde verify`: judges a finished run again.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Judges a finished run again, from its scenario, seed and files.",
    discussion: """
      Everything that the report counts is counted again: where every planned reading is, every window with every bit of its \
      aggregates, every row of every prediction file, how well the anomalies were found, and the digests of manifest.json. \
      Each difference is named.

      Of a folder of several seeds each run is judged so, and what its report says of all of them from the reports of the runs.

      Nothing in the folder is changed. Leaves with 0 where nothing differs, and with 1 where something does.
      """)

  @Argument(help: "The folder of a run, or of the runs with several seeds.", completion: .directory)
  var runDir: String

  @Option(help: "text or json.")
  var format = OutputFormat.text

  private struct Report: Encodable {
    struct Difference: Encodable {
      let subject: String
      let text: String
    }

    let scenario: String
    let differences: [Difference]
    let notes: [String]
  }

  func run() throws {
    let outcome =
      SeedFolder.isOne(runDir)
      ? try SeedVerification(SeedFolder(runDir)).run()
      : try RunVerification(ScoringCommandSupport.folder(runDir)).run()
    switch format {
    case .json:
      let report = Report(
        scenario: outcome.scenario,
        differences: outcome.findings.map { .init(subject: $0.subject, text: $0.text) }, notes: outcome.notes)
      try StandardOutput.writeJSON(report, indented: true)
    case .text:
      for note in outcome.notes { StandardError.write("note: \(note)") }
      for finding in outcome.findings { StandardOutput.write("\(finding)") }
      StandardOutput.write(
        outcome.findings.isEmpty
          ? "\(outcome.scenario): nothing differs"
          : "\(outcome.scenario): \(outcome.findings.count) differences")
    }
    if !outcome.findings.isEmpty { throw ExitCode(ExitStatus.expectationFailed) }
  }
}
