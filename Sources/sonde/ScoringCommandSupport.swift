import ArgumentParser
import BatchScoring
import Compute
import Files
import Foundation
import Scenario
import Supervision
import Telemetry

/// What the commands of batch scoring share.
enum ScoringCommandSupport {
  /// The folder of a run, as an absolute path, which workers can use wherever they are.
  static func folder(_ path: String) throws -> RunFolder {
    let absolute = URL(fileURLWithPath: path).standardizedFileURL.path
    guard Folder.exists(absolute) else {
      throw ScoringError("\(path): there is no such folder; give the folder of a run")
    }
    return RunFolder(absolute)
  }

  /// This program as a worker, of one job alone or of the jobs of a schedule.
  static func worker(of deployment: Deployment, singleJob: Bool = false) -> WorkerCommand {
    WorkerCommand(
      executable: ExecutablePath.current,
      arguments: ["score-worker", "--logging-level", deployment.loggingLevel.rawValue]
        + (singleJob ? ["--single-job"] : []))
  }

  /// Runs the job of `cut` by hand, says where its predictions are, and leaves with an exit code where there are none.
  static func run(
    _ cut: JobCut, _ deployment: Deployment, _ folder: RunFolder, _ jobs: JobStore,
    compute: ComputeSettings, reporter: ScoringReporter
  ) async throws {
    let target = try compute.target(for: deployment, folder, jobs)
    let runner = JobRunner(
      folder: folder.with(modelsOf: deployment), deployment: deployment, target: target,
      worker: worker(of: deployment, singleJob: true), jobs: jobs,
      now: { now() }, report: { reporter.report($0) }, isLast: true)
    _ = StopSignal { Task { await target.stop() } }
    let job = try await runner.run(cut)
    await target.shutDown()
    reporter.finish()
    switch job.state {
    case .completed:
      if reporter.format == .text {
        StandardOutput.write(
          "\(job.predictions) windows scored, \(job.failedRows) failed: \(folder.job(cut.id, output: deployment.outputFileName).predictions)"
        )
        if job.failedRows > 0 { StandardOutput.write("why they failed: \(folder.job(cut.id).failed)") }
      }
    case .failed, .canceled:
      let failed = folder.job(cut.id).failed
      if reporter.format == .text, FileStamp(failed) != nil {
        StandardError.write("why rows failed: \(failed)")
      }
      throw ExitCode(ExitStatus.expectationFailed)
    case .queued, .provisioning, .running, .finalizing:
      StandardError.write("job \(cut.id) was stopped; the same command goes on with it")
      throw ExitCode(ExitStatus.interrupted)
    }
  }

  /// What --mini-batch-size says; nil where it is not given.
  static func miniBatchSize(_ text: String?) throws(ScoringError) -> MiniBatchSize? {
    guard let text else { return nil }
    guard let size = MiniBatchSize(text) else {
      throw ScoringError("--mini-batch-size “\(text)” is neither auto nor a number of devices")
    }
    return size
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
      discussion: """
        Settings: \(DeploymentSetting.allCases.map(\.rawValue).joined(separator: ", ")); and of the compute target, as in an \
        endpoint file: compute=slurm, compute.local.nodes=4 and the like, which --compute, --nodes and the others say as well.
        """))
  var overrides: [String] = []

  /// Those of the compute target, and those of the deployment.
  private var ofCompute: [String] { overrides.filter { $0.prefixMatch(of: /compute[.=]/) != nil } }
  private var ofDeployment: [String] { overrides.filter { $0.prefixMatch(of: /compute[.=]/) == nil } }

  /// `options` with what the overrides say of the compute target. Throws ``ScoringError``.
  func applied(to options: ComputeOptions) throws(ScoringError) -> ComputeOptions {
    var options = options
    for override in ofCompute { try options.set(override) }
    return options
  }

  /// - Parameter trains: Whether models will be trained with it.
  func apply(to deployment: inout Deployment, trains: Bool = false) throws(ScoringError) {
    try deployment.set(ofDeployment, trains: trains)
  }
}

/// The options that say where tasks run. What is left out comes from the endpoint, where there is one.
struct ComputeOptions: ParsableArguments {
  @Option(name: .customLong("compute"), help: "The compute target: local or slurm. Default local.")
  var kind: ComputeSettings.Kind?

  @Option(help: "Nodes of the compute target. Default 1.")
  var nodes: Int?

  @Option(help: "Worker processes a node. Default 1.")
  var coresPerNode: Int?

  @Option(help: "In place of --nodes: the target scales, and this is the most nodes at a time.")
  var maxInstances: Int?

  @Option(help: "Nodes that stay without work, where the target scales. Default 0.")
  var minInstances: Int?

  @Option(help: "How long a node without work stays, where the target scales. Default 120s.")
  var idleTimeBeforeScaleDown: Span?

  /// Puts `compute=slurm`, `compute.slurm.nodes=4` or `compute.nodes=4` in place of what is here. Throws ``ScoringError``.
  mutating func set(_ override: String) throws(ScoringError) {
    let parts = override.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
      String.init)
    var path = parts[0].split(separator: ".").dropFirst().map(String.init)
    let value = parts.count == 2 ? parts[1] : ""
    func fault(_ wanted: String) -> ScoringError { ScoringError("--set “\(override)”: expected \(wanted)") }
    if let named = path.first.flatMap(ComputeSettings.Kind.init(rawValue:)) {
      kind = named
      path.removeFirst()
    }
    guard path.count <= 1 else { throw fault("one setting, such as compute.local.nodes=4") }
    switch path.first {
    case nil:
      guard let named = ComputeSettings.Kind(rawValue: value) else {
        throw fault(ComputeSettings.Kind.allCases.map(\.rawValue).joined(separator: " or "))
      }
      kind = named
    case "idle_time_before_scale_down":
      guard let span = Span(argument: value) else { throw fault("a duration, such as 120s") }
      idleTimeBeforeScaleDown = span
    case let name?:
      let keys: [String: WritableKeyPath<ComputeOptions, Int?>] = [
        "nodes": \.nodes, "cores_per_node": \.coresPerNode, "max_instances": \.maxInstances,
        "min_instances": \.minInstances,
      ]
      guard let key = keys[name] else {
        let known = keys.keys.sorted() + ["idle_time_before_scale_down"]
        throw fault(NearestName.of(name, among: known).map { "“\($0)”" } ?? known.joined(separator: ", "))
      }
      guard let number = Int(value), number >= 0 else { throw fault("a whole number") }
      self[keyPath: key] = number
    }
  }

  var isUnused: Bool {
    kind == nil && nodes == nil && coresPerNode == nil && maxInstances == nil && minInstances == nil
      && idleTimeBeforeScaleDown == nil
  }

  func settings(over base: ComputeSettings = ComputeSettings()) throws(ScoringError) -> ComputeSettings {
    var settings = base
    if let kind { settings.kind = kind }
    if let coresPerNode { settings.coresPerNode = coresPerNode }
    switch (nodes, maxInstances) {
    case (.some, .some): throw ScoringError("--nodes and --max-instances exclude each other")
    case (let nodes?, nil): settings.scale = .fixed(nodes)
    case (nil, let most?):
      settings.scale = AutoscaleSettings(
        minInstances: min(minInstances ?? ComputeDefaults.minInstances, most), maxInstances: most,
        idleTimeBeforeScaleDown: idleTimeBeforeScaleDown?.duration ?? ComputeDefaults.idleTimeBeforeScaleDown)
    case (nil, nil): break
    }
    if let minInstances {
      guard minInstances >= 0, minInstances <= settings.nodes else {
        throw ScoringError(
          "--min-instances \(minInstances) is not between 0 and the most nodes, \(settings.nodes)")
      }
      settings.scale.minInstances = minInstances
    }
    if let idleTimeBeforeScaleDown {
      settings.scale.idleSecondsBeforeScaleDown = idleTimeBeforeScaleDown.duration.seconds
    }
    return settings
  }
}

extension ComputeSettings.Kind: ExpressibleByArgument {}

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

extension ComputeSettings {
  /// The target for jobs of `deployment` in `folder`, whose nodes are noted in `jobs`.
  ///
  /// - Parameter number: From 2 on for a target beside others.
  func target(
    for deployment: Deployment, _ folder: RunFolder, _ jobs: JobStore, number: Int = 1
  ) throws -> any ComputeTarget {
    let name = number == 1 ? kind.rawValue : "\(kind.rawValue)-\(number)"
    return try target(
      workersPerNode: deployment.maxConcurrencyPerInstance, logFolder: folder.workerLogs,
      logPrefix: number == 1 ? "" : "\(number)-",
      observe: { transition in
        do {
          try jobs.record(transition, of: name, at: ScoringCommandSupport.now())
        } catch {
          StandardError.write("the state of a node could not be noted: \(error)")
        }
      })
  }
}
