import ArgumentParser
import BatchScoring
import Files
import Modelling

/// `sonde jobs rerun`.
struct JobsRerunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rerun", abstract: "Runs what a job has left undone, with the settings it was queued with.",
    discussion: """
      A failed, canceled or interrupted job goes on where it was: the tasks it has done are not done again, but for those of a \
      failed or canceled one in which rows have failed. Of a completed job, the rows that failed are scored by a new job, into \
      a prediction file of its own.

      Beside a scheduler that is running the job is queued: the scheduler runs it next, on its own compute target.
      """)

  @OptionGroup var arguments: JobArguments

  @OptionGroup var settings: DeploymentOptions

  @OptionGroup var compute: ComputeOptions

  @OptionGroup var monitoring: MonitoringOptions

  @OptionGroup var failure: FailureOptions

  @Option(help: "How progress is told: text or json.")
  var format = OutputFormat.text

  func run() async throws {
    let folder = try ScoringCommandSupport.folder(arguments.runDir)
    guard let coordinator = try Coordinator(ifFree: folder) else { return try queue(in: folder) }
    let work = try coordinator.rerun(arguments.job) { try settings.apply(to: &$0) }
    try await ScoringCommandSupport.run(
      work, by: coordinator, compute: try settings.applied(to: compute).settings(),
      reporter: ScoringReporter(format: format, monitoring: monitoring, jobs: coordinator.jobs), failure)
  }

  /// Has the scheduler do it that holds the folder.
  private func queue(in folder: RunFolder) throws {
    guard settings.overrides.isEmpty, compute.isUnused, monitoring.metrics == nil, failure.failOn == nil
    else {
      throw ScoringError(
        "a scheduler or a job is running in \(arguments.runDir), and a scheduler runs jobs again with their own settings and on "
          + "its own compute target; leave all options out to queue the job there, or stop the scheduler first"
      )
    }
    try Coordinator.queueRerun(arguments.job, in: folder)
    StandardOutput.write(
      "job \(arguments.job) is queued; the scheduler of this folder runs it next, or the next scheduler does. “sonde jobs "
        + "list \(arguments.runDir)” shows it")
  }
}
