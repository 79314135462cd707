import ArgumentParser
import BatchScoring
import Foundation

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

  @Option(help: "How progress is told: text or json.")
  var format = OutputFormat.text

  func run() async throws {
    let folder = try ScoringCommandSupport.folder(arguments.runDir)
    _ = try JobStore(reading: folder.jobs)
    let jobs = try JobStore(path: folder.jobs)
    let job = try JobsCommand.find(arguments.job, in: jobs)
    guard let queued = try jobs.deployment(of: arguments.job) else {
      throw ScoringError("job \(arguments.job) was queued by a version that did not keep its settings")
    }
    var deployment = queued
    try settings.apply(to: &deployment)
    // Rows of a whole device are none of its sensors'.
    guard deployment.layout.per == queued.layout.per else {
      throw ScoringError(
        "job \(arguments.job) has rows a \(queued.layout.per.rawValue), and models a \(deployment.layout.per.rawValue) cannot score them"
      )
    }
    try await ScoringCommandSupport.run(
      try cut(of: job, folder, jobs), deployment, folder, jobs, compute: try compute.settings(),
      reporter: ScoringReporter(format: format, monitoring: monitoring, jobs: jobs))
  }

  private func cut(of job: JobRecord, _ folder: RunFolder, _ jobs: JobStore) throws -> JobCut {
    if job.state != .completed, let replacement = job.replacedBy {
      throw ScoringError(
        "job \(job.cut.id) was to be replaced by \(replacement); that job of the schedule, or its next one, scores its windows"
      )
    }
    guard job.state == .completed else {
      if job.state.isFinal {
        JobRunner.forgetFailedRows(of: job, in: folder)
        try jobs.requeue(job.cut.id)
      } else {
        try jobs.forgetCancel(of: job.cut.id)
      }
      return job.cut
    }
    guard job.failedRows > 0 else {
      throw ScoringError("job \(job.cut.id) has completed, and none of its rows failed")
    }
    let again = JobCut(failedRowsOf: job.cut)
    guard let known = try jobs.job(again.id) else { return again }
    // What failed again is what that job has left undone.
    return try cut(of: known, folder, jobs)
  }
}
