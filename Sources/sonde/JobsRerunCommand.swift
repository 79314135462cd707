import ArgumentParser
import BatchScoring
import Foundation
import Modelling

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
    // Looked at as a whole before anything is changed.
    let named = try JobsCommand.find(arguments.job, in: jobs)
    let (cut, begun, source) = try next(after: named, jobs)
    guard let queued = try jobs.deployment(of: source) else {
      throw ScoringError("job \(source) was queued by a version that did not keep its settings")
    }
    var deployment = queued
    try settings.apply(to: &deployment)
    if let begun {
      try deployment.refuseToGoOn(with: cut.id, begunWith: queued)
      if begun.state.isFinal {
        JobRunner.forgetFailedRows(of: begun, in: folder)
        try jobs.requeue(cut.id)
      } else {
        try jobs.forgetCancel(of: cut.id)
      }
    } else if deployment.layout.per != queued.layout.per {
      // Rows of a whole device are none of its sensors'.
      throw ScoringError(
        "job \(source) has rows a \(queued.layout.per.rawValue), and models a \(deployment.layout.per.rawValue) cannot score them"
      )
    }
    try await ScoringCommandSupport.run(
      cut, deployment, folder, jobs, compute: try settings.applied(to: compute).settings(),
      reporter: ScoringReporter(format: format, monitoring: monitoring, jobs: jobs))
  }

  /// The job that does what `job` has left undone: itself where it has not completed, else one that scores the rows that failed, and
  /// so on. With what is known of it, where it has begun, and the name of the job whose settings it has.
  private func next(after job: JobRecord, _ jobs: JobStore) throws -> (
    cut: JobCut, begun: JobRecord?, source: String
  ) {
    guard job.state == .completed else {
      if let replacement = job.replacedBy {
        throw ScoringError(
          "job \(job.cut.id) was to be replaced by \(replacement); that job of the schedule, or its next one, scores its windows"
        )
      }
      return (job.cut, job, job.cut.id)
    }
    guard job.failedRows > 0 else {
      throw ScoringError("job \(job.cut.id) has completed, and none of its rows failed")
    }
    let again = JobCut(failedRowsOf: job.cut)
    guard let known = try jobs.job(again.id) else { return (again, nil, job.cut.id) }
    // What failed again is what that job has left undone.
    return try next(after: known, jobs)
  }
}
