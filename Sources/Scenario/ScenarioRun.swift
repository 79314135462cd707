import BatchScoring
import Detection
import DeviceFleet
import Files
import Foundation
import Ingestion
import MQTT
import Supervision
import Synchronization
import Telemetry
import WindowStore

/// Carries out a scenario: starts the parts, moves them forward, breaks what is to be broken, and judges what came out.
///
/// Every part is a process of its own and is asked nothing but to begin and to end; how far they are is read from the store,
/// as anybody could. Whatever happens, no part is left running.
package struct ScenarioRun: Sendable {
  /// What the caller settles.
  package struct Options: Sendable {
    /// The folder of the run; must not exist, or be empty.
    package var output: String
    /// This program.
    package var executable: String
    /// `--set` and `--seed`, handed on to the parts that read the scenario themselves.
    package var overrides: [String]
    package var seed: UInt64?

    package init(output: String, executable: String, overrides: [String] = [], seed: UInt64? = nil) {
      self.output = output
      self.executable = executable
      self.overrides = overrides
      self.seed = seed
    }
  }

  package let document: ScenarioDocument
  private let options: Options
  private let stop: StopFlag
  private let observe: @Sendable (RunEvent) -> Void

  /// - Parameters:
  ///   - stop: Set by whoever wants the run to end early.
  ///   - observe: Told how far the run is, from one thread at a time.
  package init(
    _ document: ScenarioDocument, options: Options, until stop: StopFlag,
    observe: @escaping @Sendable (RunEvent) -> Void
  ) {
    self.document = document
    self.options = options
    self.stop = stop
    self.observe = observe
  }

  /// Runs the scenario and writes the files of its folder. Throws ``RunError``, and what the parts throw, where it comes to no
  /// verdict; ``RunReport/verdict`` is then `error` in the report that is left behind.
  package func run() async throws -> (report: RunReport, layout: RunLayout) {
    try document.checkIngestion()
    let layout = try RunLayout.create(at: options.output)
    var report = RunReport(
      document, startedAt: Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)))
    let begin = ContinuousClock.now
    let labels = document.source.messages.labels
    do {
      try LabelFile.write(labels, to: layout.labels)
      let transport = document.source.messages.transportLabels
      if !transport.isEmpty { try LabelFile.write(transport, to: layout.transport) }
      let pipeline = Pipeline(
        document: document, options: options, layout: layout, stop: stop, observe: observe)
      try await pipeline.run(&report)
      try check(&report, layout, labels)
      report.elapsedSeconds = (ContinuousClock.now - begin).seconds
      try report.judge(document.expectations)
    } catch {
      report.elapsedSeconds = (ContinuousClock.now - begin).seconds
      report.verdict = .error
      report.reason = "\(error)"
      try? write(report, layout)
      throw error
    }
    try write(report, layout)
    return (report, layout)
  }

  /// Measures what the pipeline has left behind.
  private func check(_ report: inout RunReport, _ layout: RunLayout, _ labels: [Label]) throws {
    let source = document.source.messages
    let store = try WindowStoreReader(path: layout.store)
    report.stored = try store.progress()
    report.clocks = try store.deviceClocks()
    report.ledger = try ReadingLedger(source: source, store: store, fleet: report.fleet)
    var oracle = PipelineOracle(
      source: source, settings: document.ingestion, arrivals: try PlannedArrivals(path: layout.arrivals))
    // What a broker forgot when it was killed is lost, and counted as such; windows can only be made of what came.
    // So it is with what ingestion did not believe.
    oracle.missing = report.ledger?.rejectedMessages ?? [:]
    if report.faults?.brokerWasKilled == true {
      oracle.missing.merge(report.ledger?.lostMessages ?? [:]) { $0.union($1) }
    }
    report.windows = try oracle.check(store)
    if document.scoring != nil {
      let store = try JobStore(reading: layout.jobs)
      report.jobs = try store.jobs()
      report.nodes = NodeUsage(try store.nodeStates())
      report.detection = try DetectionReport.value(
        layout: layout, store: store, jobs: report.jobs, labels: labels)
    }
  }

  private func write(_ report: RunReport, _ layout: RunLayout) throws {
    for file in [layout.store, layout.jobs] where FileManager.default.fileExists(atPath: file) {
      try WriteAheadLog.fold(intoFileAt: file)
    }
    try AtomicFile.write(report.json(), to: layout.report, existing: .replace)
    try AtomicFile.write(JUnitReport(report).text, to: layout.junit, existing: .replace)
    try RunManifest(document: document, overrides: options.overrides, layout: layout).write()
  }
}
