import BatchScoring
import Detection
import DeviceFleet
import Files
import Ingestion
import Telemetry
import WindowStore

/// What a run has left in its folder, held against its plan: the ledger of the readings, every window, the jobs, and how well the
/// anomalies were found.
package struct JudgedFolder: Sendable {
  /// What the store says of itself.
  package let progress: IngestionProgress
  /// Devices whose clocks are not the fleet's, the worst first.
  package let clocks: [DeviceClock]
  package let ledger: ReadingLedger
  package let windows: PipelineOracle.Findings
  package var jobs: [JobRecord] = []
  package var nodes = NodeUsage([])
  /// Nil where nothing was scored.
  package var detection: DetectionMetrics?
  /// The deployments that are held against each other, in the order of the scenario; empty where it compares none.
  package var deployments: [JudgedDeployment] = []

  /// What it is held against.
  package struct Plan: Sendable {
    package let source: any MessageSource
    package let windows: WindowSettings
    package let latePolicy: LatePolicy
    package let isScored: Bool
    /// What the detector is held against; nil where nothing is trained.
    package let threeSigma: ThreeSigmaFloor?
    /// The deployments that are held against each other, in their order.
    package let compared: [Deployment]

    /// One of several deployments.
    package struct Deployment: Sendable {
      package let name: String
      /// Whether the scheduled jobs are its.
      package let isScheduled: Bool
      /// As ``Plan/threeSigma``, of its own features.
      package let threeSigma: ThreeSigmaFloor?

      package init(name: String, isScheduled: Bool, threeSigma: ThreeSigmaFloor?) {
        self.name = name
        self.isScheduled = isScheduled
        self.threeSigma = threeSigma
      }
    }

    package init(
      source: any MessageSource, windows: WindowSettings, latePolicy: LatePolicy, isScored: Bool,
      threeSigma: ThreeSigmaFloor?, compared: [Deployment] = []
    ) {
      self.compared = compared
      self.source = source
      self.windows = windows
      self.latePolicy = latePolicy
      self.isScored = isScored
      self.threeSigma = threeSigma
    }
  }

  /// Judges the files in `folder`. Throws `StoreError`, `FileError`, `CSVError`, `ScoringError`.
  package init(_ folder: RunFolder, _ plan: Plan, _ account: RunAccount) throws {
    let store = try WindowStoreReader(path: folder.store)
    progress = try store.progress()
    clocks = try store.deviceClocks()
    ledger = try ReadingLedger(source: plan.source, store: store, fleet: account.fleet)
    var oracle = PipelineOracle(
      source: plan.source, settings: plan.windows, latePolicy: plan.latePolicy,
      arrivals: try PlannedArrivals(path: folder.arrivals))
    // What a broker forgot when it was killed is lost, and counted as such; windows can only be made of what came.
    // So it is with what ingestion did not believe.
    oracle.missing = ledger.rejectedMessages
    if account.brokerWasKilled { oracle.missing.merge(ledger.lostMessages) { $0.union($1) } }
    windows = try oracle.check(store)
    guard plan.isScored else { return }
    nodes = NodeUsage(try JobStore(reading: folder.jobs).nodeStates())
    func judged(_ name: String, _ folder: RunFolder, _ floor: ThreeSigmaFloor?) throws -> JudgedDeployment {
      try JudgedDeployment(name, in: folder, store, labels: plan.source.labels, floor)
    }
    let scheduled = plan.compared.first(where: \.isScheduled)
    let own = try judged(scheduled?.name ?? Deployment().name, folder, plan.threeSigma)
    jobs = own.jobs
    detection = own.detection
    deployments = try plan.compared.map {
      $0.isScheduled ? own : try judged($0.name, folder.deployment($0.name), $0.threeSigma)
    }
  }

  /// What all completed jobs predicted.
  package static func scoredWindows(_ folder: RunFolder, _ store: JobStore, _ jobs: [JobRecord]) throws
    -> [ScoredWindow]
  {
    try predictionFiles(folder, store, jobs).flatMap { try ScoredWindow.read($0.path) }
  }

  /// The prediction files of all completed jobs that have rows of windows, in the order of the jobs.
  package static func predictionFiles(_ folder: RunFolder, _ store: JobStore, _ jobs: [JobRecord]) throws
    -> [(job: JobRecord, path: String)]
  {
    try jobs.filter { $0.state == .completed }.compactMap { job in
      let deployment = try store.deployment(of: job.cut.id)
      // A summary has no windows.
      if deployment?.outputAction == .summaryOnly { return nil }
      let files = folder.job(job.cut.id, output: deployment?.outputFileName ?? ScoringDefaults.outputFileName)
      return (job, files.predictions)
    }
  }
}
