import ArgumentParser
import BatchScoring
import Modelling
import Scenario

/// The options that name an endpoint.
struct EndpointOptions: ParsableArguments {
  @Option(
    help: "An endpoint file: its default deployment scores, on its compute target.",
    completion: .file(extensions: ["yaml", "yml"]))
  var endpoint: String?

  @Option(help: "Another deployment of --endpoint than its default one.")
  var deployment: String?

  var isUnused: Bool { endpoint == nil && deployment == nil }

  /// The endpoint; nil where none is named.
  func document() throws -> EndpointDocument? {
    guard let endpoint else {
      guard deployment == nil else { throw ScoringError("--deployment belongs to --endpoint") }
      return nil
    }
    return try EndpointDocument.load(endpoint)
  }
}
