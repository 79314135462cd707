import ArgumentParser
import BatchScoring
import Wording

/// `sonde jobs logs`.
struct JobsLogsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs", abstract: "Prints what the workers logged about one job.")

  @OptionGroup var arguments: JobArguments

  @Flag(help: "Goes on printing until the job has ended.")
  var follow = false

  /// How often the logs are looked at: at once for a reader, and no load.
  private static let interval = Duration.milliseconds(200)

  func run() async throws {
    let folder = try ScoringCommandSupport.folder(arguments.runDir)
    let store = try JobStore(reading: folder.jobs)
    var isFinal = try store.named(arguments.job).state.isFinal
    var logs = WorkerLogs(folder: folder.workerLogs, job: arguments.job)
    for line in try logs.newLines() { StandardOutput.write(line) }
    while follow, !isFinal {
      try await Task.sleep(for: Self.interval)
      // Asked for before the logs are read: what was logged before the end is then seen.
      isFinal = try store.named(arguments.job).state.isFinal
      let isAbandoned = !isFinal && !store.hasCoordinator
      for line in try logs.newLines() { StandardOutput.write(line) }
      if isAbandoned {
        StandardError.write(JobsCommand.abandoned(arguments.job, in: arguments.runDir))
        throw ExitCode(ExitStatus.expectationFailed)
      }
    }
  }
}
