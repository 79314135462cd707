import ArgumentParser
import BatchScoring
import Files
import Modelling

/// `sonde jobs cancel`.
struct JobsCancelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel",
    abstract: "Ends a job; what it has done is kept, and no prediction file is written.",
    discussion: """
      Running tasks are killed. A schedule goes on with its next job; “sonde jobs rerun” takes the canceled one up again.
      """)

  @OptionGroup var arguments: JobArguments

  func run() async throws {
    let folder = try ScoringCommandSupport.folder(arguments.runDir)
    while try await !hasCoordinatorCanceled(folder) {
      // Nobody runs it, unless somebody has begun to just now.
      guard let own = try JobStore.ifFree(path: folder.jobs) else { continue }
      try refuseFinal(try JobsCommand.find(arguments.job, in: own))
      try own.cancel(arguments.job, in: folder, at: ScoringCommandSupport.now())
      break
    }
    StandardOutput.write("job \(arguments.job) is canceled")
  }

  /// Asks whoever runs the job to end it, and waits for that; false where nobody runs it. The database is closed afterwards.
  private func hasCoordinatorCanceled(_ folder: RunFolder) async throws -> Bool {
    let store = try JobStore(asking: folder.jobs)
    try refuseFinal(try JobsCommand.find(arguments.job, in: store))
    try store.requestCancel(of: arguments.job)
    let deadline = ContinuousClock.now + ScoringDefaults.cancelWait
    while ContinuousClock.now < deadline {
      // Asked for before the job is looked at: what a coordinator did before its end is then seen.
      let hasCoordinator = store.hasCoordinator
      let job = try JobsCommand.find(arguments.job, in: store)
      if job.state == .canceled { return true }
      try refuseFinal(job)
      guard hasCoordinator else { return false }
      try await Task.sleep(for: ScoringDefaults.cancelPollInterval)
    }
    throw ScoringError(
      "job \(arguments.job) has not ended yet; whoever runs this folder has been told, and ends it as soon as it can"
    )
  }

  private func refuseFinal(_ job: JobRecord) throws {
    guard job.state.isFinal else { return }
    throw ScoringError("job \(arguments.job) cannot be canceled: it has ended as \(job.state.rawValue)")
  }
}
