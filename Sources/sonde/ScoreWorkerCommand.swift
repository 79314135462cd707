import ArgumentParser
import BatchScoring

/// The worker process of scoring jobs; started by a compute target, not by people.
struct ScoreWorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score-worker", abstract: "Scores tasks named on standard input.", shouldDisplay: false)

  func run() { ScoringWorker.run() }
}
