import BatchScoring
import Manifests
import Modelling

extension ScheduleCommand {
  /// Prints what was asked for in place of scheduling; false where nothing was.
  func hasPrinted() throws -> Bool {
    guard try kubernetes.asks(others: [("--completions", completions != nil)]) else { return false }
    if kubernetes.kubernetes { StandardOutput.write(String(try manifests().text.dropLast())) }
    return true
  }

  /// This schedule as Kubernetes runs it: at each time of --cron one job by hand, `sonde score`. Throws what is wrong with its options.
  func manifests() throws -> BatchManifests {
    try refuseWhatIsOfAScheduler()
    guard let cron else {
      throw ManifestError(
        "Kubernetes fires at the times of --cron alone; give it, such as --cron '0 * * * *'")
    }
    _ = try Schedule(cron: cron)
    for (path, option) in [
      (runDir, "the folder of the run"), (endpoint.endpoint, "--endpoint"), (monitoring.metrics, "--metrics"),
    ] {
      if let path { try ContainerPaths.check(path, option) }
    }
    let count = completions ?? 1
    guard count == 1 || runDir.contains(PodArguments.indexPlaceholder) else {
      throw ManifestError(
        "\(count) pods would score \(runDir) at the same time, which is for one; say \(PodArguments.indexPlaceholder) where the "
          + "folders of their runs differ, such as /runs/site-\(PodArguments.indexPlaceholder)")
    }
    let arguments = podArguments
    // What a pod runs is read by the same parser and checked as here.
    let pod = try ScoreCommand.parse(Array(arguments.dropFirst()))
    _ = try ScoringCommandSupport.miniBatchSize(pod.miniBatchSize)
    var deployment = Deployment(layout: ModelLayout(), model: ModelSettings())
    try pod.settings.apply(to: &deployment)
    let compute = try pod.settings.applied(to: pod.compute).settings()
    guard compute.kind == .local else {
      throw ManifestError(
        "a pod scores with workers of its own, and not on \(compute.kind.rawValue); leave --compute out")
    }
    let workers = compute.nodes.multipliedReportingOverflow(by: compute.coresPerNode)
    guard !workers.overflow, (1...ManifestDefaults.mostWorkers).contains(workers.partialValue) else {
      throw ManifestError(
        "\(compute.nodes) nodes with \(compute.coresPerNode) cores: a pod is on one machine, with 1 to "
          + "\(ManifestDefaults.mostWorkers) workers")
    }
    return try BatchManifests(
      name: kubernetes.resourceName(like: runDir), namespace: kubernetes.checkedNamespace(),
      image: kubernetes.checkedImage(), arguments: arguments, cron: cron, completions: count,
      leavesOutMissed: catchup == CatchupPolicy.none, volumes: kubernetes.mounts(),
      workers: workers.partialValue)
  }

  /// The words behind `sonde` in a pod.
  var podArguments: [String] {
    var arguments = ["score", runDir, "--if-new"]
    func add(_ name: String, _ value: String?) { if let value { arguments += [name, value] } }
    add("--endpoint", endpoint.endpoint)
    add("--deployment", endpoint.deployment)
    for override in settings.overrides { add("--set", override) }
    add("--mini-batch-size", miniBatchSize)
    add("--nodes", compute.nodes.map(String.init))
    add("--cores-per-node", compute.coresPerNode.map(String.init))
    add("--max-instances", compute.maxInstances.map(String.init))
    add("--min-instances", compute.minInstances.map(String.init))
    add("--idle-time-before-scale-down", compute.idleTimeBeforeScaleDown?.duration.text)
    add("--compute", compute.kind?.rawValue)
    add("--metrics", monitoring.metrics)
    add("--fail-on", failure.failOn?.rawValue)
    if format != .text { add("--format", format.rawValue) }
    return arguments
  }

  /// Kubernetes fires by the clock on the wall, and has no watermark; what is not to be had there is refused, and not left out.
  private func refuseWhatIsOfAScheduler() throws(ManifestError) {
    let reasons: [(isGiven: Bool, reason: String)] = [
      (config != nil, "--config is of a scenario's run"),
      (every != nil, "Kubernetes fires at the times of --cron alone, and not --every so often"),
      (
        from != nil,
        "--from: the first job of a CronJob scores all windows that no job has scored; leave it out"
      ),
      (
        trainFrom != nil || trainTo != nil || !model.isUnused,
        "a CronJob trains nothing: use “sonde train” beforehand, and leave the options of training and of models out"
      ),
      (clock == .watermark, "--clock watermark: Kubernetes fires by the clock on the wall"),
      (
        concurrencyPolicy != nil && concurrencyPolicy != .forbid,
        "--concurrency-policy: the folder of a run is for one job at a time in Kubernetes, so that forbid is the only one"
      ),
      (catchup == .all, "--catchup all: Kubernetes runs the last of the jobs that were missed, or none"),
      (untilStdinCloses, "--until-stdin-closes: a pod has no standard input"),
    ]
    if let first = reasons.first(where: { $0.isGiven }) { throw ManifestError(first.reason) }
  }
}
