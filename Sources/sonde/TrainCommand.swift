import ArgumentParser
import BatchScoring
import Foundation

/// `sonde train`: the models of a run's folder.
struct TrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains a one-class SVM for each device of a run.",
    discussion: "Reads the windows of RUN_DIR/sonde.sqlite and writes RUN_DIR/models.")

  @Argument(help: "The folder of a run.", completion: .directory)
  var runDir: String

  @Option(help: "The first instant of the training windows, such as 2026-01-01T00:00:00Z.")
  var from: String

  @Option(help: "The first instant after the training windows.")
  var to: String

  @OptionGroup var model: ModelLayoutOptions

  @Option(help: "How many devices are trained at a time; by default one a core.")
  var threads: Int?

  func run() async throws {
    let range = TrainingRange(
      from: try ScoringCommandSupport.instant(from, "--from"),
      to: try ScoringCommandSupport.instant(to, "--to"))
    guard range.from < range.to else { throw ScoringError("--from must be before --to") }
    let trainer = Trainer(
      folder: try ScoringCommandSupport.folder(runDir), layout: try model.layout(), settings: model.settings,
      threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
    let record = try await trainer.train(range)
    for failure in record.failures {
      StandardError.write("\(failure.key.stem): \(failure.reason)")
    }
    for trained in record.models {
      for warning in trained.warnings { StandardError.write("\(trained.key.stem): \(warning)") }
    }
    let vectors = record.models.reduce(0) { $0 + $1.supportVectors }
    print(
      "trained \(record.models.count) models with \(vectors) support vectors in all, into \(trainer.folder.models)"
    )
    if record.models.isEmpty { throw ScoringError("no model could be trained") }
  }
}
