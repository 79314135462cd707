import ArgumentParser
import BatchScoring
import Files
import Foundation
import Modelling
import OneClassSVM
import Scenario
import Telemetry
import Wording

/// `sonde train`: the models of a run's folder, or of a plain file.
struct TrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains one-class SVMs, on a run's windows or on a plain file.",
    discussion: """
      With RUN_DIR: on the windows of its store between --from and --to, into RUN_DIR/models. While “sonde ingest” fills the store, a \
      --to that the readings have not come to yet is waited for.
      With --input: on the rows of a CSV file that are aggregated already, into the folder --models, which \
      “sonde score --input” takes. Its features are columns: --features mean,stddev, and where none is named those of \
      mean, stddev, min, max that the file has, or else the one column of values.
      A model that cannot be trained is said with its reason; the others are written.
      With RUN_DIR and --endpoint: the models of a deployment, as it says; a scoring script with train() makes its own.
      With RUN_DIR and --device: those models alone, with the windows and the settings of the run's training where nothing \
      else is given. All others stay as they are, and so do the ones of before where these cannot be trained.
      """)

  @Argument(help: "The folder of a run.", completion: .directory)
  var runDir: String?

  @Option(help: "A CSV file of aggregated rows.", completion: .file(extensions: ["csv"]))
  var input: String?

  @OptionGroup var file: PlainFileOptions

  @Option(
    help:
      "What times that are numbers count since 1970: s, ms, us or ns; by default the unit in which they lie between 2000 and 2100."
  )
  var timeUnit: EpochUnit?

  @Option(help: "The folder for the models of --input.", completion: .directory)
  var models: String?

  @Option(help: "Trains the model, or models, of this device of a run alone; can be repeated.")
  var device: [String] = []

  @Option(help: "Of --device, the model of this sensor alone; can be repeated.")
  var sensor: [String] = []

  @Option(
    help:
      "The first instant of the training windows, such as 2026-01-01T00:00:00Z; only --input can do without.")
  var from: String?

  @Option(help: "The first instant after the training windows.")
  var to: String?

  @OptionGroup var endpoint: EndpointOptions

  @OptionGroup var model: ModelLayoutOptions

  @Option(help: "How many models are trained at a time; by default one a core.")
  var threads: Int?

  func run() async throws {
    // Before any file is looked at.
    _ = try model.settings.options()
    if let threads, threads < 1 { throw ScoringError("--threads is \(threads); it must be at least 1") }
    switch (runDir, input) {
    case (let runDir?, nil): try await train(run: runDir)
    case (nil, let input?):
      guard endpoint.isUnused else { throw ScoringError("--endpoint belongs to the folder of a run") }
      try await train(file: input)
    default: throw ScoringError("give either the folder of a run or --input with a file")
    }
  }

  private var workers: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

  private func range() throws -> TrainingRange? {
    guard from != nil || to != nil else { return nil }
    guard let from, let to else { throw ScoringError("--from and --to belong together") }
    let range = TrainingRange(
      from: try ScoringCommandSupport.instant(from, "--from"),
      to: try ScoringCommandSupport.instant(to, "--to"))
    guard range.from < range.to else { throw ScoringError("--from must be before --to") }
    return range
  }

  private func train(run runDir: String) async throws {
    guard file.isUnused, timeUnit == nil, models == nil else {
      throw ScoringError(
        "--columns, --delimiter, --time-unit and --models belong to --input; a run has its own")
    }
    let folder = try ScoringCommandSupport.folder(runDir)
    let range = try range()
    if let range { try await ReadingsWait.run(until: range.to, given: "--to", in: folder.store) }
    guard let selection = try selection() else {
      if let document = try endpoint.document() { return try await train(document, range, folder) }
      guard let range else { throw ScoringError("training on a run needs --from and --to") }
      let trainer = Trainer(
        folder: folder, layout: try model.layout(), settings: model.settings, threads: workers)
      return try conclude(try await trainer.train(range), folder)
    }
    guard let setup = try TrainingSetup.read(folder) else {
      throw ScoringError(
        "\(folder.models) has no training that --device could add to; leave it out, and train all with --from and --to"
      )
    }
    let layout = model.per == nil && model.features == nil ? setup.layout : try model.layout()
    let trainer = Trainer(
      folder: folder, layout: layout, settings: model.settings(over: setup.settings), threads: workers)
    let record = try await trainer.train(selection, on: range ?? setup.range)
    try conclude(record, folder)
    // They were asked for by name.
    guard record.failures.isEmpty else { throw ExitCode(ExitStatus.expectationFailed) }
  }

  /// Trains what a deployment scores with.
  private func train(_ document: EndpointDocument, _ range: TrainingRange?, _ folder: RunFolder) async throws
  {
    guard let range else { throw ScoringError("training on a run needs --from and --to") }
    guard model.isUnused else {
      throw ScoringError("what models see and how they are trained says the deployment of --endpoint")
    }
    let deployment = try document.deployment(endpoint.deployment, in: folder, trains: true)
    guard deployment.script?.model == nil else {
      throw ScoringError("the deployment \(deployment.name) has a model, and does not train one")
    }
    let own = folder.with(modelsOf: deployment)
    let outcome = try await deployment.trainer(in: own, threads: workers) { StandardError.write($0) }
      .makeModels(range)
    for notice in outcome.notices { StandardError.write(notice) }
    if let reason = outcome.nothingTrained { throw reason }
    if let failure = outcome.firstFailure { StandardError.write(failure) }
    guard outcome.models > 0 else {
      throw ScoringError("the script of the deployment \(deployment.name) has no train()")
    }
    StandardOutput.write(
      "trained \(outcome.models) \(outcome.models == 1 ? "model" : "models") of \(deployment.name), into \(own.models)"
        + (outcome.failed > 0 ? "; \(outcome.failed) could not be trained" : ""))
  }

  /// What --device and --sensor name; nil where neither is given.
  private func selection() throws(ScoringError) -> ModelSelection? {
    guard !device.isEmpty else {
      guard sensor.isEmpty else { throw ScoringError("--sensor belongs to --device") }
      return nil
    }
    var selection = ModelSelection(devices: [])
    for name in device {
      guard let id = DeviceID(name) else {
        throw ScoringError("--device \(name.quoted) is no name of a device")
      }
      selection.devices.insert(id)
    }
    for name in sensor {
      guard let id = SensorID(name) else {
        throw ScoringError("--sensor \(name.quoted) is no name of a sensor")
      }
      selection.sensors.insert(id)
    }
    return selection
  }

  private func conclude(_ record: TrainingRecord, _ folder: RunFolder) throws {
    for failure in record.failures {
      StandardError.write("\(failure.key.stem): \(failure.reason)")
    }
    if record.failures.isEmpty, record.models.isEmpty { throw record.nothingTrained }
    for trained in record.models {
      for warning in trained.warnings { StandardError.write("\(trained.key.stem): \(warning)") }
    }
    for stem in record.removed {
      StandardError.write(
        "\(stem): the model of the training before is removed, since this one has not made it anew")
    }
    if let reason = record.packFailure { StandardError.write(reason) }
    try conclude(
      record.models.count, failed: record.failures.count,
      supportVectors: record.models.reduce(0) { $0 + $1.supportVectors },
      folder: folder.models)
  }

  private func train(file input: String) async throws {
    guard let models else { throw ScoringError("--input needs --models, the folder for the models") }
    guard device.isEmpty, sensor.isEmpty else {
      throw ScoringError("--device and --sensor belong to a run; of --input, all models are trained")
    }
    let training = PlainFileTraining(
      input: input, columns: try file.names(), models: models, per: model.scope,
      features: try model.featureNames(),
      settings: model.settings, range: try range(), threads: workers, delimiter: file.separator,
      timeUnit: timeUnit)
    let progress = ProgressLine()
    let outcomes = try await training.run { done, total in
      progress.show { _ in "training \(done) of \(total) models" }
    } notice: {
      StandardError.write($0)
    }
    progress.clear()
    var trained: [PlainFileTraining.Trained] = []
    for outcome in outcomes {
      switch outcome {
      case .failure(let failure): StandardError.write("\(failure.stem): \(failure.reason)")
      case .success(let model):
        for warning in model.warnings { StandardError.write("\(model.stem): \(warning)") }
        trained.append(model)
      }
    }
    try conclude(
      trained.count, failed: outcomes.count - trained.count,
      supportVectors: trained.reduce(0) { $0 + $1.supportVectors }, folder: models)
  }

  private func conclude(_ count: Int, failed: Int, supportVectors: Int, folder: String) throws {
    guard count > 0 else { throw ScoringError("no model could be trained, of \(failed)") }
    StandardOutput.write(
      "trained \(count) models with \(supportVectors) support vectors in all, into \(folder)"
        + (failed > 0 ? "; \(failed) could not be trained" : ""))
  }
}
