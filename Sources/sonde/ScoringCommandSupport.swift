import ArgumentParser
import BatchScoring
import Compute
import Foundation
import Supervision
import Telemetry

/// What the commands of batch scoring share.
enum ScoringCommandSupport {
  /// The folder of a run, as an absolute path, which workers can use wherever they are.
  static func folder(_ path: String) throws -> RunFolder {
    let absolute = URL(fileURLWithPath: path).standardizedFileURL.path
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: absolute, isDirectory: &isFolder), isFolder.boolValue else {
      throw ScoringError("\(path): there is no such folder; give the folder of a run")
    }
    return RunFolder(absolute)
  }

  /// This program as a worker.
  static func worker(of deployment: Deployment) throws -> WorkerCommand {
    guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
      throw ScoringError("cannot find this program's own file through /proc/self/exe; is /proc mounted?")
    }
    return WorkerCommand(
      executable: path, arguments: ["score-worker", "--logging-level", deployment.loggingLevel.rawValue])
  }

  /// Runs the job of `cut` by hand, says where its predictions are, and leaves with an exit code where there are none.
  static func run(
    _ cut: JobCut, _ deployment: Deployment, _ folder: RunFolder, _ jobs: JobStore,
    compute: LocalComputeOptions,
    format: ScoringReporter.Format
  ) async throws {
    let target = try compute.target(for: deployment, folder)
    let reporter = ScoringReporter(format: format)
    let runner = JobRunner(
      folder: folder, deployment: deployment, target: target, worker: try worker(of: deployment), jobs: jobs,
      now: { now() }, report: { reporter.report($0) })
    _ = StopSignal { Task { await target.stop() } }
    let job = try await runner.run(cut)
    await target.shutDown()
    switch job.state {
    case .completed:
      if format == .text {
        print(
          "\(job.predictions) windows scored, \(job.failedRows) failed: \(folder.job(cut.id, output: deployment.outputFileName).predictions)"
        )
      }
    case .failed, .canceled: throw ExitCode(ExitStatus.expectationFailed)
    case .queued, .provisioning, .running, .finalizing:
      StandardError.write("job \(cut.id) was stopped; the same command goes on with it")
      throw ExitCode(ExitStatus.interrupted)
    }
  }

  static func now() -> Timestamp {
    Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded()))
  }

  static func instant(_ text: String, _ option: String) throws(ScoringError) -> Timestamp {
    guard let instant = Timestamp(iso8601: text) else {
      throw ScoringError("\(option) “\(text)” is not an ISO 8601 time such as 2026-01-01T12:00:00Z")
    }
    return instant
  }
}

/// The options that say what models look like.
struct ModelLayoutOptions: ParsableArguments {
  @Option(help: "One model a device, or one a sensor of it: device or sensor.")
  var per = ModelScope.device

  @Option(
    help:
      "Aggregates of a window that are features, separated by commas, of count, mean, stddev, min, max, range, first, last, slope, p05, p25, median, p75, p95; by default mean,stddev,min,max."
  )
  var features: String?

  @Option(help: "The share of training windows that may be outliers.")
  var nu = 0.01

  @Option(help: "The kernel's width: scale, auto or a number.")
  var gamma = "scale"

  @Option(help: "The kernel: rbf, linear, polynomial or sigmoid.")
  var kernel = "rbf"

  @Option(
    help: ArgumentHelp(
      "Where the boundary is drawn: training or cross_validated.",
      discussion: """
        training is LIBSVM's own, through the outermost training windows. cross_validated lowers it until windows held \
        out of training in ten folds are inside: fewer false alarms where training windows are few.
        """))
  var threshold = "training"

  func layout() throws(ScoringError) -> ModelLayout {
    guard let names = try featureNames() else { return ModelLayout(per: per) }
    var aggregates: [Aggregate] = []
    for name in names {
      guard let aggregate = Aggregate(rawValue: name) else {
        throw ScoringError(
          "--features: “\(name)” is none of \(Aggregate.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      aggregates.append(aggregate)
    }
    return ModelLayout(per: per, features: aggregates)
  }

  /// The names that --features has; nil where it is not given.
  func featureNames() throws(ScoringError) -> [String]? {
    guard let features else { return nil }
    let names = features.split(separator: ",").map(String.init)
    guard !names.isEmpty else { throw ScoringError("--features names nothing") }
    for (index, name) in names.enumerated() where names[..<index].contains(name) {
      throw ScoringError("--features names \(name) twice")
    }
    return names
  }

  var settings: ModelSettings { ModelSettings(nu: nu, gamma: gamma, kernel: kernel, threshold: threshold) }
}

extension ModelScope: ExpressibleByArgument {}

/// The option that changes a deployment for one job.
struct DeploymentOptions: ParsableArguments {
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Changes a setting of the deployment, such as error_threshold=100; can be repeated.",
      discussion: "Settings: \(DeploymentSetting.allCases.map(\.rawValue).joined(separator: ", "))."))
  var overrides: [String] = []

  func apply(to deployment: inout Deployment) throws(ScoringError) {
    try deployment.set(overrides, duration: { Span(argument: $0)?.duration })
  }
}

/// The options that say where tasks run.
struct LocalComputeOptions: ParsableArguments {
  enum Target: String, ExpressibleByArgument, CaseIterable {
    case local, slurm
  }

  @Option(name: .customLong("compute"), help: "The compute target: local or slurm.")
  var kind = Target.local

  @Option(help: "Nodes of the compute target.")
  var nodes = 1

  @Option(help: "Worker processes a node.")
  var coresPerNode = 1

  func target(for deployment: Deployment, _ folder: RunFolder) throws -> any ComputeTarget {
    let workers = deployment.workers(onNodeWithCores: coresPerNode)
    return switch kind {
    case .local: try LocalTarget(nodes: nodes, coresPerNode: workers, logFolder: folder.workerLogs)
    case .slurm: try SlurmTarget(nodes: nodes, coresPerNode: workers, logFolder: folder.workerLogs)
    }
  }
}

/// Writes what a scheduler or a job tells: a JSON object a line on standard output, or sentences on standard error.
struct ScoringReporter: Sendable {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  let format: Format

  func report(_ event: ScoringEvent) {
    switch format {
    case .json:
      // A reader that has gone away does not stop the scoring.
      try? StandardOutput.writeJSON(event)
    case .text:
      if let sentence = Self.sentence(event) { StandardError.write(sentence) }
    }
  }

  private static func sentence(_ event: ScoringEvent) -> String? {
    let job = event.job.map { "job \($0)" } ?? "job"
    switch event.event {
    case .training: return "training"
    case .trained:
      let failed = event.failedModels ?? 0
      return "trained \(event.models ?? 0) models"
        + (failed > 0 ? "; \(failed) could not be trained, first: \(event.reason ?? "")" : "")
    case .jobStarted: return "\(job): \(event.tasks ?? 0) tasks"
    case .progress: return nil
    case .retry: return "\(job): \(event.reason ?? "an attempt failed")"
    case .jobCompleted:
      let failed = event.failedRows ?? 0
      return "\(job): \(event.rows ?? 0) windows scored" + (failed > 0 ? ", \(failed) failed" : "")
        + (event.seconds.map { " in \(($0 * 1000).rounded() / 1000) s" } ?? "")
    case .jobFailed: return "\(job) failed: \(event.reason ?? "")"
    case .jobCanceled: return "\(job) was canceled"
    case .stopped: return "stopped; start it again to go on"
    case .finished: return "the stream has ended and every window is scored"
    }
  }
}
