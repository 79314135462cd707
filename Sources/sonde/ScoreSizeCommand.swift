import ArgumentParser
import BatchScoring
import Files
import Supervision

/// One job of a sweep of cluster sizes; started by the sweep, not by people.
struct ScoreSizeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score-size", abstract: "Runs one job of a sweep of cluster sizes.", shouldDisplay: false)

  @Argument(help: "The file that says which.")
  var settings: String

  func run() async throws {
    try await JSONFile.read(SizeTrialProcess.self, settings).perform(executable: ExecutablePath.current)
  }
}
