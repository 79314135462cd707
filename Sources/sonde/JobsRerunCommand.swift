import ArgumentParser
import BatchScoring

/// `sonde jobs rerun`.
struct JobsRerunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rerun", abstract: "Runs what a job has left undone, with the settings it was queued with.",
    discussion: """
      A failed, canceled or interrupted job goes on where it was: the tasks it has done are not done again, but for those of a \
      failed or canceled one in which rows have failed. Of a completed job, the rows that failed are scored by a new job, into \
      a prediction file of its own.
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
    let coordinator = try Coordinator(folder, mustHaveJobs: true)
    let work = try coordinator.rerun(arguments.job) { try settings.apply(to: &$0) }
    try await ScoringCommandSupport.run(
      work, by: coordinator, compute: try settings.applied(to: compute).settings(),
      reporter: ScoringReporter(format: format, monitoring: monitoring, jobs: coordinator.jobs), failure)
  }
}
