import ArgumentParser
import BatchScoring
import Compute
import Foundation
import Supervision
import Telemetry

/// `sonde schedule`: batch jobs as the watermark of a run's store passes their fire times.
struct ScheduleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schedule", abstract: "Trains and scores a run on a schedule, in event time.",
    discussion: """
      Runs until SIGTERM or SIGINT, or with --until-stdin-closes until its standard input ends: then it runs what is \
      due, scores the rest in a closing job, and leaves. Started again, it goes on where it was.
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

  @Option(help: "How many devices a task scores: auto or a number.")
  var miniBatchSize = "auto"

  @OptionGroup var settings: DeploymentOptions

  @OptionGroup var compute: LocalComputeOptions

  @Flag(help: "The end of standard input means the end of the stream.")
  var untilStdinCloses = false

  @Option(
    help: "How progress is told: text on standard error, or json, an object a line, on standard output.")
  var format = ScoringReporter.Format.text

  func run() async throws {
    let folder = try ScoringCommandSupport.folder(runDir)
    var configuration = try configuration()
    try settings.apply(to: &configuration.deployment)
    let deployment = configuration.deployment
    let control = SchedulerControl()
    if untilStdinCloses { watchStandardInput(control) }
    let target = try LocalTarget(
      nodes: configuration.local.nodes,
      coresPerNode: deployment.workers(onNodeWithCores: configuration.local.coresPerNode),
      logFolder: folder.workerLogs)
    let reporter = ScoringReporter(format: format)
    let scheduler = try Scheduler(
      folder: folder, configuration: configuration, target: target,
      worker: try ScoringCommandSupport.worker(of: deployment),
      trainingThreads: ProcessInfo.processInfo.activeProcessorCount, control: control,
      now: { ScoringCommandSupport.now() }, report: { reporter.report($0) })
    let stop = StopSignal { control.stop() }
    let ending = try await scheduler.run()
    await target.shutDown()
    switch ending {
    case .finished(let failedJobs): if failedJobs > 0 { throw ExitCode(ExitStatus.expectationFailed) }
    case .stopped: if stop.received == SIGINT { throw ExitCode(ExitStatus.interrupted) }
    }
  }

  private func configuration() throws -> ScheduleConfiguration {
    if let config { return try ScheduleConfiguration(path: config) }
    guard let from else { throw ScoringError("give --from, or --config with a file") }
    guard let size = MiniBatchSize(miniBatchSize) else {
      throw ScoringError("--mini-batch-size “\(miniBatchSize)” is neither auto nor a number of devices")
    }
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
      deployment: Deployment(layout: try model.layout(), model: model.settings, miniBatchSize: size),
      cron: cron,
      everySeconds: every?.duration.seconds, from: try ScoringCommandSupport.instant(from, "--from"),
      training: training,
      local: .init(nodes: compute.nodes, coresPerNode: compute.coresPerNode))
  }

  /// On a thread of its own, because reading blocks.
  private func watchStandardInput(_ control: SchedulerControl) {
    Thread.detachNewThread {
      while let piece = try? FileHandle.standardInput.read(upToCount: 4096), !piece.isEmpty {}
      control.streamHasEnded()
    }
  }
}
