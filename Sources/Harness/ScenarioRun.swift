import BatchScoring
import ClusterModel
import Detection
import DeviceFleet
import Files
import Foundation
import Ingestion
import MQTT
import RealTimeScoring
import Scenario
import Supervision
import Synchronization
import Telemetry
import Verdict
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

    package init(output: String, executable: String) {
      self.output = output
      self.executable = executable
    }
  }

  package let document: ScenarioDocument
  private let options: Options
  private let stop: StopFlag
  private let begun: @Sendable () -> Void
  private var observe: @Sendable (RunEvent) -> Void

  /// - Parameters:
  ///   - stop: Set where the run is to end early.
  ///   - begun: Called when the folder of the run is there.
  ///   - observe: Told how far the run is, from one thread at a time.
  package init(
    _ document: ScenarioDocument, options: Options, until stop: StopFlag,
    begun: @escaping @Sendable () -> Void = {}, observe: @escaping @Sendable (RunEvent) -> Void
  ) {
    self.document = document
    self.options = options
    self.stop = stop
    self.begun = begun
    self.observe = observe
  }

  /// Runs the scenario and writes the files of its folder. Throws ``RunError``, and what the parts throw, where it comes to no
  /// verdict; `RunReport.verdict` is then `error` in the report that is left behind.
  package func run() async throws -> (report: RunReport, folder: RunFolder) {
    try document.checkRun()
    // Found missing after an hour of readings, it would have cost that hour.
    if document.serving?.needsHAProxy == true || document.streamScoring?.needsHAProxy == true {
      _ = try HAProxyProgram.path()
    }
    let folder = try RunFolder.create(at: options.output)
    let (log, observe) = (RunLog(folder, document), observe)
    begun()
    var run = self
    run.observe = { event in
      log.note(event)
      observe(event)
    }
    return try await run.carryOut(in: folder)
  }

  private func carryOut(in folder: RunFolder) async throws -> (report: RunReport, folder: RunFolder) {
    var account = RunAccount(
      startedAt: Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)))
    let begin = ContinuousClock.now
    let subject = document.subject
    do {
      try LabelFile.write(document.source.messages.labels, to: folder.labels)
      let transport = document.source.messages.transportLabels
      if !transport.isEmpty { try LabelFile.write(transport, to: folder.transport) }
      let supervisor = RunSupervisor(
        document, executable: options.executable, folder: folder, stop: stop, observe: observe)
      try await supervisor.run(&account)
      try await DeploymentTrials(
        document, executable: options.executable, folder: folder, stop: stop, observe: observe
      )
      .run()
      // Of a climb, what was published of it.
      let carried = try document.carriedOut(account)
      let judged = try JudgedFolder(folder, carried.judgedPlan, account)
      let sweep = try await sweep(folder, &account)
      if let serving = document.serving {
        account.serving = try await ServingTrials(
          serving, seed: document.seed, executable: options.executable, folder: folder, stop: stop,
          observe: observe
        )
        .run()
      }
      account.elapsedSeconds = (ContinuousClock.now - begin).seconds
      let report = try RunReport(
        RunMeasurements(carried.subject, account, judged: judged, sweep: sweep),
        judging: document.expectationsOfRun)
      try LoadFiles(folder.path).write(report)
      try write(report, folder)
      return (report, folder)
    } catch {
      account.elapsedSeconds = (ContinuousClock.now - begin).seconds
      let report = RunReport(RunMeasurements(subject, account), brokenOffBecause: "\(error)")
      try? write(report, folder)
      throw error
    }
  }

  /// Runs the job on the other cluster sizes that the scenario asks for; nil where it asks for none.
  private func sweep(_ folder: RunFolder, _ account: inout RunAccount) async throws -> ClusterTable? {
    guard let settings = document.clusters else { return nil }
    let sweep = try await ClusterSweep(
      folder, document, settings: settings, executable: options.executable, until: stop
    ) { observe(.trial($0)) }
    let (table, found) = try await sweep.run(writingTo: folder.path)
    account.sweep = found
    return table
  }

  private func write(_ report: RunReport, _ folder: RunFolder) throws {
    try foldLogs(of: folder)
    try report.measurements.account.write(to: folder.account)
    try AtomicFile.write(report.json().indented(), to: folder.report, existing: .replace)
    try AtomicFile.write(
      JUnitReport(report, version: Versions.sonde).text, to: folder.junit, existing: .replace)
    try RunManifest(document: document, folder: folder).write { observe(.notice($0)) }
    // The page has read them, and who only reads cannot take the files beside them away.
    try foldLogs(of: folder)
  }

  private func foldLogs(of folder: RunFolder) throws {
    for file in [folder.store, folder.jobs] where FileManager.default.fileExists(atPath: file) {
      try WriteAheadLog.fold(intoFileAt: file)
    }
  }
}

extension ScenarioDocument {
  /// The scenario as far as it was carried out: a climb ends where something gives. Throws ``Diagnostics``.
  package func carriedOut(_ account: RunAccount) throws -> ScenarioDocument {
    guard let done = account.load?.climb, let climb, done.steps < climb.steps else { return self }
    return try climbed(steps: done.steps)
  }

  /// The facts that a report repeats.
  package var subject: RunSubject {
    var replay: ReplayAccount?
    if case .replay(let recording) = source { replay = recording.account }
    return RunSubject(
      scenario: name, seed: seed, expectations: expectationsOfRun.map(\.expression), source: source.messages,
      replay: replay, compute: compute, hasOwnBroker: broker == nil, isJudged: isJudged)
  }

  /// What the files of a run are held against.
  package var judgedPlan: JudgedFolder.Plan {
    JudgedFolder.Plan(
      source: source.messages, windows: ingestion.windows, latePolicy: ingestion.latePolicy,
      isScored: scoring != nil, threeSigma: scheduleConfiguration.flatMap(Self.threeSigma),
      compared: (deployments?.compared ?? []).map { deployment in
        JudgedFolder.Plan.Deployment(
          name: deployment.name, isScheduled: deployment.name == deployments?.scheduled.name,
          threeSigma: scheduleConfiguration(of: deployment).flatMap(Self.threeSigma))
      })
  }
  /// The floor of a detector that is trained as `schedule` says; nil where it is not.
  private static func threeSigma(_ schedule: ScheduleConfiguration) -> ThreeSigmaFloor? {
    schedule.training.map { ThreeSigmaFloor(layout: schedule.deployment.layout, training: $0) }
  }
}
