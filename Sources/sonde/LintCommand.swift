import ArgumentParser
import BatchScoring
import Files
import Foundation
import Modelling
import OneClassSVM
import Telemetry
import WindowStore
import Wording

/// `sonde lint`: finds models that cannot be trusted.
struct LintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lint", abstract: "Finds models that cannot be trusted, and says what to do.",
    discussion: """
      MODELS is a folder of models or the folder of a run. Looked for are: a single support vector, a boundary that \
      no row can be inside of, far more flagged rows than nu, a tolerance too coarse for the sum of coefficients, a \
      scaler that divides by zero, features that never vary or that are too small without a scaler, too little training \
      data, too many support vectors. Of a run also: models that are missing, of devices (or sensors) that its store has \
      windows of, or that its training could not do.

      --windows tries every model on windows that should be normal: a CSV file with the columns device, sensor, a \
      time, and a column a feature (or value), or the folder of a run, whose training windows are taken.

      Leaves with 1 where there are findings.
      """)

  @Argument(help: "A folder of models, or the folder of a run.", completion: .directory)
  var models: String

  @Option(help: "Windows to try the models on: a CSV file, or the folder of a run.", completion: .file())
  var windows: String?

  @OptionGroup var file: PlainFileOptions

  @Option(help: "text or json.")
  var format = OutputFormat.text

  private struct Report: Encodable {
    let models: Int
    let findings: [LintFinding]
  }

  func run() throws {
    let folder = RunFolder.models(at: models)
    let stems = Folder.exists(folder) ? try ModelFile.stems(in: folder) : []
    let run = RunFolder(models)
    let missing = folder == run.models ? try MissingModels.findings(in: run) : []
    guard !stems.isEmpty || !missing.isEmpty else {
      throw ModelError(path: folder, reason: "there is no model here; models are files that end in .model")
    }
    let source = try LintWindows(option: windows, file)
    let findings =
      missing
      + stems.flatMap { stem in
        ModelLint.findings(
          folder: folder, stem: stem, windows: source.map { source in { try source.rows(for: $0) } })
      }
    switch format {
    case .json: try StandardOutput.writeJSON(Report(models: stems.count, findings: findings), indented: true)
    case .text: write(findings, of: stems.count)
    }
    if !findings.isEmpty { throw ExitCode(ExitStatus.expectationFailed) }
  }

  private func write(_ findings: [LintFinding], of count: Int) {
    var last = ""
    for finding in findings {
      if finding.model != last { StandardOutput.write(finding.model) }
      last = finding.model
      StandardOutput.write("  \(finding.rule.rawValue): \(finding.message)")
      StandardOutput.write("    → \(finding.advice)")
    }
    let missing = findings.count { $0.rule == .missing }
    let found = Set(findings.map(\.model)).count - missing
    StandardOutput.write(
      findings.isEmpty
        ? "\(count) models, nothing found"
        : "\(count) models, \(findings.count - missing) findings in \(found) of them"
          + (missing > 0 ? "; \(missing) models are missing" : ""))
  }
}

extension LintWindows {
  /// Those that --windows names; nil where it is not given. Throws `ScoringError` where `options` are of no use, and what
  /// reading throws.
  init?(option path: String?, _ options: PlainFileOptions) throws {
    guard let path else {
      guard options.isUnused else {
        throw ScoringError("--columns and --delimiter belong to --windows with a file")
      }
      return nil
    }
    guard Folder.exists(path) else {
      self = .file(try options.table(path))
      return
    }
    guard options.isUnused else {
      throw ScoringError("--columns and --delimiter are of a file; \(path) is the folder of a run")
    }
    try self.init(run: RunFolder(path))
  }
}
