import ArgumentParser
import ClusterModel
import Files
import Foundation
import Harness
import Scenario
import Supervision
import Telemetry
import Verdict
import Wording

/// `sonde clusters`: other cluster sizes for a run that is finished.
struct ClustersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clusters",
    abstract: "Say what the job of a finished run takes and costs on clusters of other sizes.",
    discussion: """
      The windows of the run are scored on this machine, to see what a task costs; with --overhead or --per-row, they are not, and \
      the cost is the one that was given. Other sizes are simulated. The files of the run stay as they are; --out says where the \
      table and the pictures go.

        sonde clusters runs/demo --nodes 1,2,4,8 --vm-size Standard_D2s_v5 --region eastus --every 1h

      Exit code 1 where the model is wrong about a size that was held out, 3 where the figures are too uncertain to say.
      """)

  @Argument(help: "The folder of the run.", completion: .directory)
  var folder: String
  @Option(help: "Devices a task, or auto; several with commas between them.")
  var miniBatchSize: String?
  @OptionGroup var sizes: SweepOptions

  func run() async throws {
    let stop = StopSignal()
    let run = try ScoringCommandSupport.folder(folder)
    let document = try RunRecord.document(of: run)
    var settings = document.clusters ?? Self.standard
    try sizes.apply(to: &settings, miniBatchSize: miniBatchSize)
    if settings.taskCost != nil { settings.measured = nil }
    let progress = ProgressLine()
    let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("sonde-clusters-\(getpid())")
      .path
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    let sweep = try await ClusterSweep(
      run, document, settings: settings, executable: ExecutablePath.current, until: stop.flag
    ) { text in progress.show { _ in text } }
    let (table, account) = try await sweep.run(writingTo: sizes.out ?? scratch)
    progress.clear()
    StandardOutput.write(SweepSummary.text(table, account))
    if let prices = settings.prices { SweepSummary.warn(of: try PriceTable(path: prices)) }
    if account.failure != nil { throw ExitCode(ExitStatus.expectationFailed) }
    if account.uncertainty != nil { throw ExitCode(ExitStatus.invalidRun) }
  }

  /// For a run whose scenario looks at no sizes.
  private static var standard: SweepSettings {
    var settings = SweepSettings()
    settings.measured = .init(matrix: SweepMatrix(axes: [.nodes: ["1"]]))
    settings.simulated = SweepMatrix(axes: [.nodes: ["1", "2", "4", "8", "16"]])
    return settings
  }
}
