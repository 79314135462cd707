import ArgumentParser
import BatchScoring

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
    let store = try JobStore(asking: folder.jobs)
    try refuseFinal(try JobsCommand.find(arguments.job, in: store))
    try store.requestCancel(of: arguments.job)
    let clock = ContinuousClock()
    let deadline = clock.now + ScoringDefaults.cancelWait
    while clock.now < deadline {
      let job = try JobsCommand.find(arguments.job, in: store)
      if job.state == .canceled { return print("job \(arguments.job) is canceled") }
      try refuseFinal(job)
      // Who can be the coordinator finds that nobody runs the job.
      if let own = try? JobStore(path: folder.jobs) {
        try own.cancel(arguments.job, at: ScoringCommandSupport.now())
      } else {
        try await Task.sleep(for: ScoringDefaults.cancelPollInterval)
      }
    }
    throw ScoringError(
      "job \(arguments.job) is still running; whoever runs it has been told, and ends it as soon as it can")
  }

  private func refuseFinal(_ job: JobRecord) throws {
    guard job.state.isFinal else { return }
    throw ScoringError("job \(arguments.job) cannot be canceled: it has ended as \(job.state.rawValue)")
  }
}
