import ArgumentParser
import BatchScoring

/// `sonde jobs cancel`.
struct JobsCancelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel",
    abstract: "Ends a job; what it has done is kept, and no prediction file is written.",
    discussion: """
      Running tasks are killed. A schedule goes on with its next job; “sonde jobs rerun” takes the canceled one up \
      again. A rerun that is queued is taken back.
      """)

  @OptionGroup var arguments: JobArguments

  func run() async throws {
    let folder = try ScoringCommandSupport.folder(arguments.runDir)
    let isEnded = try await Coordinator.cancel(arguments.job, in: folder) { ScoringCommandSupport.now() }
    StandardOutput.write(
      isEnded
        ? "job \(arguments.job) is canceled"
        : "job \(arguments.job) is not run again: the rerun is taken back")
  }
}
