import ArgumentParser
import BatchScoring

/// The worker process of scoring jobs; started by a compute target, not by people.
struct ScoreWorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score-worker", abstract: "Scores tasks named on standard input.", shouldDisplay: false)

  @Option(help: "How much is logged: warning, info or debug.")
  var loggingLevel = LoggingLevel.info

  @Option(help: "The file that says how long every task waits in place of scoring.")
  var pace: String?

  @Flag(help: "One job alone will come: no model is kept for the next.")
  var singleJob = false

  func run() throws {
    guard let pace else {
      return ScoringWorker.run(loggingLevel: loggingLevel, keepsModels: !singleJob)
    }
    var worker = try PacedWorker(path: pace)
    worker.run()
  }
}

extension LoggingLevel: ExpressibleByArgument {}
