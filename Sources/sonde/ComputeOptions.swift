import ArgumentParser
import BatchScoring
import Compute
import Files
import Modelling
import Telemetry
import Wording

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
    func fault(_ wanted: String) -> ScoringError {
      ScoringError("--set \(override.quoted): expected \(wanted)")
    }
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
        throw fault(NearestName.of(name, among: known).map(\.quoted) ?? known.joined(separator: ", "))
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
