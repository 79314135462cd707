import ArgumentParser
import BatchScoring
import Compute
import Files
import Modelling
import OneClassSVM
import Telemetry
import Wording

/// `sonde score`: one batch job by hand, on a run's store or on a plain file.
struct ScoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Scores windows with trained models, once.",
    discussion: """
      With RUN_DIR: the windows of its store that no job has scored yet, into RUN_DIR/predictions/<job>.
      With --input: the rows of a CSV file that are aggregated already, with a model a (device, sensor), or of a whole \
      device where --models has one.
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

  @Option(help: "The folder of the models for --input.", completion: .directory)
  var models: String?

  @Option(help: "The folder for the predictions of --input.", completion: .directory)
  var output: String?

  @Option(help: "Only windows that became visible after this time; by default, after the last job.")
  var after: String?

  @Option(
    help:
      "Only windows visible at this time, which is waited for while somebody ingests; by default, the store's watermark."
  )
  var through: String?

  @Option(help: "How many devices a task scores: auto or a number.")
  var miniBatchSize: String?

  @Flag(help: "Leave with 0 where no window is new, as for a job that a clock starts.")
  var ifNew = false

  @OptionGroup var endpoint: EndpointOptions

  @OptionGroup var settings: DeploymentOptions

  @OptionGroup var compute: ComputeOptions

  @OptionGroup var monitoring: MonitoringOptions

  @OptionGroup var failure: FailureOptions

  @Option(help: "How progress is told: text or json.")
  var format = OutputFormat.text

  func run() async throws {
    switch (runDir, input) {
    case (let runDir?, nil): try await scoreRun(runDir)
    case (nil, let input?): try scoreFile(input)
    default: throw ScoringError("give either the folder of a run or --input with a file")
    }
  }

  private func scoreFile(_ input: String) throws {
    guard let models, let output else { throw ScoringError("--input needs --models and --output") }
    guard after == nil, through == nil, !ifNew, miniBatchSize == nil, endpoint.isUnused,
      settings.overrides.isEmpty,
      compute.isUnused, monitoring.metrics == nil, format == .text
    else {
      throw ScoringError(
        "--input is scored here and at once: of the options of jobs it takes none but --fail-on, only --columns, --delimiter, "
          + "--time-unit, --models and --output"
      )
    }
    let result = try PlainFileScoring(
      input: input, columns: try file.names(), models: models, output: output, delimiter: file.separator,
      timeUnit: timeUnit
    ).run()
    if let notice = result.notice { StandardError.write(notice) }
    if let reason = result.firstReason {
      StandardError.write("\(result.failed) rows failed (see \(output)/failed.csv); first: \(reason)")
    }
    guard !result.isFailed else {
      StandardError.write("no row could be scored, so there are no predictions")
      throw ExitCode(ExitStatus.expectationFailed)
    }
    StandardOutput.write(
      "\(result.predictions) rows scored, \(result.anomalies) anomalies, \(result.failed) failed: "
        + "\(output)/predictions.csv")
    try failure.leave(unscored: result.failed)
  }

  private func scoreRun(_ runDir: String) async throws {
    guard file.isUnused, timeUnit == nil, models == nil, output == nil else {
      throw ScoringError(
        "--columns, --delimiter, --time-unit, --models and --output belong to --input; a run has its own")
    }
    let folder = try ScoringCommandSupport.folder(runDir)
    let document = try endpoint.document()
    let deployment =
      try document?.deployment(endpoint.deployment, in: folder) ?? Deployment.ofModels(in: folder)
    let size = try settings.applied(to: compute).settings(
      over: document?.endpoint.compute ?? ComputeSettings())
    // Before the folder is held: others may run jobs meanwhile.
    let end = try through.map { try ScoringCommandSupport.instant($0, "--through") }
    if let end { try await ReadingsWait.run(until: end, given: "--through", in: folder.store) }
    let coordinator = try Coordinator(folder)
    let begin = try after.map { try ScoringCommandSupport.instant($0, "--after") }
    var work: Coordinator.Work
    do {
      work = try coordinator.next(of: deployment, after: begin, through: end)
    } catch let nothing as Coordinator.NothingNew where ifNew {
      return StandardError.write("nothing to do: \(nothing)")
    }
    if work.isBegun {
      StandardError.write(
        "going on with the unfinished job \(work.cut.id) and the deployment that it began with"
          + (after == nil && through == nil ? "" : "; --after and --through are for the next one"))
    }
    if let size = try ScoringCommandSupport.miniBatchSize(miniBatchSize) {
      work.deployment.miniBatchSize = size
    }
    try settings.apply(to: &work.deployment)
    try await ScoringCommandSupport.run(
      work, by: coordinator, compute: size,
      reporter: ScoringReporter(format: format, monitoring: monitoring, jobs: coordinator.jobs), failure)
  }
}
