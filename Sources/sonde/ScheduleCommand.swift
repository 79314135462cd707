import ArgumentParser
import BatchScoring
import Compute
import Files
import Foundation
import Modelling
import Scenario
import Supervision
import Telemetry
import Wording

/// `sonde schedule`: batch jobs as the watermark of a run's store passes their fire times.
struct ScheduleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schedule",
    abstract: "Trains and scores a run on a schedule, in event time or by the wall clock.",
    discussion: """
      Runs until SIGTERM or SIGINT, or with --until-stdin-closes until its standard input ends: then it runs what is \
      due, scores the rest in a closing job, and leaves. Started again, it goes on where it was.

      With --train-from and --train-to it trains the models first. Without, it scores with those that are there, and what \
      they see (--per, --features) comes from them.

      With --kubernetes it prints a CronJob, which scores with “sonde score” at the times of --cron; docs/kubernetes.md says what must \
      be shared.
      """)

  @Argument(help: "The folder of a run.", completion: .directory)
  var runDir: String

  @Option(
    help: "Everything below as a JSON file, as a scenario run writes it.",
    completion: .file(extensions: ["json"]))
  var config: String?

  @Option(help: "When jobs fire: minute, hour, day of the month, month, day of the week, in UTC.")
  var cron: String?

  @Option(help: "The time between jobs, counted from --from, such as 90s.")
  var every: Span?

  @Option(help: "Windows visible at this time are not scored, such as 2026-01-01T12:00:00Z.")
  var from: String?

  @Option(help: "Train on windows from this time on.")
  var trainFrom: String?

  @Option(help: "Train on windows up to this time, as soon as the watermark has passed it.")
  var trainTo: String?

  @OptionGroup var model: ModelLayoutOptions

  @Option(
    help: ArgumentHelp(
      "Which clock --cron and --every go by: watermark or wall.",
      discussion: """
        watermark: a job fires when the store's watermark has passed its time, so what it scores follows from the \
        readings alone. wall: it fires at its time and scores what is visible then.
        """))
  var clock: ScheduleClock?

  @Option(
    help: "By the wall clock, where a job is due and another still runs: forbid (skip it), allow or replace.")
  var concurrencyPolicy: ConcurrencyPolicy?

  @Option(
    help: "By the wall clock, jobs missed while no scheduler was running: none, last or all of them run.")
  var catchup: CatchupPolicy?

  @Option(help: "How many devices a task scores: auto or a number.")
  var miniBatchSize: String?

  @OptionGroup var endpoint: EndpointOptions

  @OptionGroup var settings: DeploymentOptions

  @OptionGroup var compute: ComputeOptions

  @OptionGroup var monitoring: MonitoringOptions

  @OptionGroup var failure: FailureOptions

  @Flag(help: "The end of standard input means the end of the stream.")
  var untilStdinCloses = false

  @Option(
    help: "How progress is told: text on standard error, or json, an object a line, on standard output.")
  var format = OutputFormat.text

  @OptionGroup var kubernetes: KubernetesOptions

  @Option(
    help: ArgumentHelp(
      "With --kubernetes: how many pods a job has, each with an index, which takes the place of {index} in RUN_DIR.",
      valueName: "n"))
  var completions: Int?

  func run() async throws {
    if try hasPrinted() { return }
    let folder = try ScoringCommandSupport.folder(runDir)
    let document = try endpoint.document()
    let configuration = try configuration(document, folder)
    let deployment = configuration.deployment
    let control = SchedulerControl()
    if untilStdinCloses { watchStandardInput(control) }
    let size = configuration.compute
    let jobs = try JobStore(path: folder.jobs)
    let target = try size.target(for: deployment, folder, jobs)
    let reporter = ScoringReporter(format: format, monitoring: monitoring, jobs: jobs)
    let scheduler = try Scheduler(
      folder: folder, configuration: configuration, target: target,
      worker: ScoringCommandSupport.worker(of: deployment),
      trainingThreads: ProcessInfo.processInfo.activeProcessorCount, control: control, jobs: jobs,
      source: document.map { source($0.path, folder) },
      moreTargets: { number in try size.target(for: deployment, folder, jobs, number: number) },
      now: { ScoringCommandSupport.now() }, report: { reporter.report($0) })
    let stop = StopSignal { control.stop() }
    let ending = try await scheduler.run()
    await target.shutDown()
    reporter.finish()
    switch ending {
    case .finished(let failedJobs): if failedJobs > 0 { throw ExitCode(ExitStatus.expectationFailed) }
    case .stopped:
      if stop.received == SIGINT { throw ExitCode(ExitStatus.interrupted) }
      if try scheduler.newestJobScoredNothing() { throw ExitCode(ExitStatus.expectationFailed) }
    }
    try failure.leave(unscored: scheduler.unscoredRows())
  }

  /// The file is read anew for each job, so that a change of the default shows in the next one.
  private func source(_ path: String, _ folder: RunFolder) -> DeploymentSource {
    let name = endpoint.deployment
    let settings = settings
    let batch = miniBatchSize.flatMap { MiniBatchSize($0) }
    return DeploymentSource(
      current: {
        var deployment = try EndpointDocument.load(path).deployment(name, in: folder)
        if let batch { deployment.miniBatchSize = batch }
        try settings.apply(to: &deployment, trains: true)
        return deployment
      }, worker: { ScoringCommandSupport.worker(of: $0) })
  }

  private func configuration(_ document: EndpointDocument?, _ folder: RunFolder) throws
    -> ScheduleConfiguration
  {
    var configuration = try config.map { try ScheduleConfiguration(path: $0) } ?? ownConfiguration(folder)
    if let document {
      configuration.deployment = try document.deployment(
        endpoint.deployment, in: folder, trains: configuration.training != nil)
      configuration.compute = document.endpoint.compute
    }
    if let size = try ScoringCommandSupport.miniBatchSize(miniBatchSize) {
      configuration.deployment.miniBatchSize = size
    }
    try settings.apply(to: &configuration.deployment, trains: configuration.training != nil)
    configuration.compute = try settings.applied(to: compute).settings(over: configuration.compute)
    if let clock { configuration.clock = clock }
    if let concurrencyPolicy { configuration.concurrency = concurrencyPolicy }
    if let catchup { configuration.catchup = catchup }
    guard configuration.clock == .wall || (concurrencyPolicy == nil && catchup == nil) else {
      throw ScoringError(
        "--concurrency-policy and --catchup belong to --clock wall; by the watermark every job runs, one after the other"
      )
    }
    return configuration
  }

  private func ownConfiguration(_ folder: RunFolder) throws -> ScheduleConfiguration {
    guard let from else { throw ScoringError("give --from, or --config with a file") }
    var training: TrainingRange?
    switch (trainFrom, trainTo) {
    case (nil, nil): break
    case (let first?, let last?):
      training = TrainingRange(
        from: try ScoringCommandSupport.instant(first, "--train-from"),
        to: try ScoringCommandSupport.instant(last, "--train-to"))
    default: throw ScoringError("--train-from and --train-to go together")
    }
    return ScheduleConfiguration(
      deployment: try deployment(folder, trains: training != nil), cron: cron,
      everySeconds: every?.duration.seconds, from: try ScoringCommandSupport.instant(from, "--from"),
      training: training)
  }

  /// The models that are trained here, or those that are there.
  private func deployment(_ folder: RunFolder, trains: Bool) throws -> Deployment {
    // An endpoint brings its own.
    guard !trains, endpoint.isUnused else {
      return Deployment(layout: try model.layout(), model: model.settings)
    }
    let layout = try model.layout(ofModels: try ModelLayout.known(of: folder), in: folder.models)
    return Deployment(layout: layout, model: try TrainingSetup.read(folder)?.settings ?? ModelSettings())
  }

  /// On a thread of its own, because reading blocks.
  private func watchStandardInput(_ control: SchedulerControl) {
    Thread.detachNewThread {
      while let piece = try? FileHandle.standardInput.read(upToCount: 4096), !piece.isEmpty {}
      control.streamHasEnded()
    }
  }
}

extension ScheduleClock: ExpressibleByArgument {}
extension ConcurrencyPolicy: ExpressibleByArgument {}
extension CatchupPolicy: ExpressibleByArgument {}
