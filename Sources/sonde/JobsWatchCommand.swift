import ArgumentParser
import BatchScoring
import Foundation
import Modelling
import Wording

/// `sonde jobs watch`.
struct JobsWatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Shows a job while it runs: nodes, tasks, rows a second, time left.",
    discussion: """
      On a terminal the view is drawn anew every second; elsewhere, and with --format json, every look is a line. Without \
      JOB it is the newest one. Ends when the job has, and with 1 where nobody runs it any more.
      """)

  @Argument(help: "The folder of a run.", completion: .directory)
  var runDir: String

  @Argument(help: "The job, such as 2026-01-01T15-00-00Z.")
  var job: String?

  @Option(help: "text or json.")
  var format = OutputFormat.text

  func run() async throws {
    let store = try JobStore(reading: ScoringCommandSupport.folder(runDir).jobs)
    guard let id = try job ?? store.jobs().last?.cut.id else { throw ScoringError("no job has been run yet") }
    _ = try store.named(id)
    // What is watched is the result, so it goes to standard output; it can only be drawn over on a terminal.
    let screen = format == .text && isatty(STDOUT_FILENO) == 1 ? TerminalScreen() : nil
    var last: JobView?
    while true {
      guard let view = try store.view(of: id, now: ScoringCommandSupport.now()) else { return }
      if let screen, !view.state.isFinal {
        screen.show(view.screen(width: screen.width))
      } else if format == .json {
        try StandardOutput.writeJSON(view)
      } else if last?.progress != view.progress || last?.state != view.state {
        screen?.clear()
        StandardOutput.write(view.line)
      }
      last = view
      if view.state.isFinal { return }
      if !store.hasCoordinator {
        StandardError.write(JobsCommand.abandoned(id, in: runDir))
        throw ExitCode(ExitStatus.expectationFailed)
      }
      try await Task.sleep(for: ScoringDefaults.metricsInterval)
    }
  }
}
