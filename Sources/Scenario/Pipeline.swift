import BatchScoring
import DeviceFleet
import Files
import Foundation
import Ingestion
import MQTT
import Supervision
import Synchronization
import Telemetry
import WindowStore

/// The parts of a run while they live: broker, ingestion, scheduler and fleet.
struct Pipeline {
  let document: ScenarioDocument
  let options: ScenarioRun.Options
  let layout: RunLayout
  let stop: StopFlag
  let observe: @Sendable (RunEvent) -> Void

  /// Runs the parts until every reading has been stored and every window scored, and notes what they say of themselves.
  func run(_ report: inout RunReport) async throws {
    let embedded =
      document.broker == nil
      ? try await EmbeddedBroker.start(folder: layout.broker, log: layout.log("broker")) : nil
    guard let address = document.broker ?? embedded?.address else { return }
    var parts = RunningParts(broker: embedded)
    do {
      try await carry(&parts, address, &report)
    } catch {
      await parts.stopAll()
      throw error
    }
    await parts.stopAll()
  }

  private func carry(_ parts: inout RunningParts, _ address: BrokerAddress, _ report: inout RunReport)
    async throws
  {
    let speech = Speech()
    parts.ingestion = try await startIngestion(address, speech)
    if let schedule = document.scheduleConfiguration {
      try schedule.write(to: layout.schedule)
      parts.scheduler = try await RunPart.start(
        "schedule", executable: options.executable,
        arguments: [
          "schedule", layout.folder, "--config", layout.schedule, "--until-stdin-closes", "--format", "json",
        ],
        log: layout.log("schedule"), onLine: { speech.scheduler($0) })
    }
    parts.fleet = try await RunPart.start(
      "simulate", executable: options.executable, arguments: simulateArguments(address),
      log: layout.log("simulate"), onLine: { speech.fleet($0) })

    let store = try WindowStoreReader(path: layout.store)
    var faults = FaultSchedule(document.faults, start: document.clock.start)
    defer { report.restarts = (faults.carriedOut, faults.unplannedDeaths) }
    try await publish(&parts, address, store, speech, &faults)
    guard let ledger = speech.ledger else { throw RunError.interrupted }
    report.fleet = ledger
    try await drain(&parts, address, store, speech, &faults, ledger)
    let exit = await parts.ingestion?.stop()
    if let exit, exit != .exited(code: 0), let ingestion = parts.ingestion { throw ingestion.failure(exit) }
    parts.ingestion = nil
    report.ingestion = speech.statistics
    try await finishScoring(&parts, speech, store)
  }

  // MARK: - Parts

  private func simulateArguments(_ address: BrokerAddress) -> [String] {
    var arguments = ["simulate", document.path, "--broker", "\(address)", "--session", session, "--governed"]
    if let seed = options.seed { arguments += ["--seed", "\(seed)"] }
    for override in options.overrides { arguments += ["--set", override] }
    return arguments
  }

  /// Names this run to a broker that may know others.
  private var session: String {
    "sonde-\(URL(fileURLWithPath: layout.folder).lastPathComponent)-\(getpid())"
  }

  /// Starts ingestion and waits until it listens.
  private func startIngestion(_ address: BrokerAddress, _ speech: Speech) async throws -> RunPart {
    speech.ingestionIsReady(false)
    let part = try await RunPart.start(
      "ingest", executable: options.executable,
      arguments: [
        "ingest", "--broker", "\(address)", "--topic", TelemetryTopic.filter, "--store", layout.store,
        "--client-id", "\(session)-ingest", "--events",
      ] + document.ingestion.arguments,
      log: layout.log("ingest"), onLine: { speech.ingestion($0) })
    let deadline = ContinuousClock.now + RunDefaults.readyTimeout
    while !speech.isIngestionReady {
      if let exit = part.exit { throw part.failure(exit) }
      guard ContinuousClock.now < deadline, !stop.isSet else {
        await part.stop(grace: .seconds(1))
        throw stop.isSet ? RunError.interrupted : RunError.notReady(name: part.name, log: part.log)
      }
      try await Task.sleep(for: RunDefaults.pollInterval)
    }
    return part
  }

  // MARK: - Phases

  /// Lets the fleet publish everything, never far ahead of ingestion.
  private func publish(
    _ parts: inout RunningParts, _ address: BrokerAddress, _ store: WindowStoreReader, _ speech: Speech,
    _ faults: inout FaultSchedule
  ) async throws {
    var granted = 0
    while parts.fleet?.exit == nil {
      let progress = try await step(&parts, address, store, speech, &faults, .publishing)
      let allowance = progress.distinctMessages + RunDefaults.messagesAhead
      if allowance > granted {
        granted = allowance
        parts.fleet?.write("\(allowance)")
      }
      try await Task.sleep(for: RunDefaults.pollInterval)
    }
    if let fleet = parts.fleet, let exit = fleet.exit, exit != .exited(code: 0) { throw fleet.failure(exit) }
    parts.fleet = nil
  }

  /// Waits until what the broker has taken over is stored, or until nothing moves any more.
  private func drain(
    _ parts: inout RunningParts, _ address: BrokerAddress, _ store: WindowStoreReader, _ speech: Speech,
    _ faults: inout FaultSchedule, _ ledger: FleetLedger
  ) async throws {
    var stored = -1
    var lastChange = ContinuousClock.now
    while true {
      let progress = try await step(&parts, address, store, speech, &faults, .draining)
      // On an own broker there are no other devices, so the numbers are enough.
      if document.broker == nil, progress.distinctMessages >= ledger.acknowledged { return }
      if progress.distinctMessages != stored {
        stored = progress.distinctMessages
        lastChange = .now
      }
      let isComplete = progress.distinctMessages >= ledger.acknowledged
      let silence = isComplete ? RunDefaults.foreignSilence : RunDefaults.drainSilence
      if ContinuousClock.now - lastChange > silence { return }
      try await Task.sleep(for: RunDefaults.pollInterval)
    }
  }

  /// Tells the scheduler that the stream has ended, and waits until it has scored the rest.
  private func finishScoring(_ parts: inout RunningParts, _ speech: Speech, _ store: WindowStoreReader)
    async throws
  {
    guard let scheduler = parts.scheduler else { return }
    scheduler.closeInput()
    while scheduler.exit == nil {
      guard !stop.isSet else { throw RunError.interrupted }
      observe(.status(status(try store.progress(), speech, .scoring, restarts: 0)))
      try await Task.sleep(for: RunDefaults.pollInterval)
    }
    // 1 says that a job failed, which is for the expectations to judge.
    if let exit = scheduler.exit, exit != .exited(code: 0), exit != .exited(code: 1) {
      throw scheduler.failure(exit)
    }
    parts.scheduler = nil
  }

  /// One look at everything: carries out faults that are due, starts again what died, and says how far the run is.
  private func step(
    _ parts: inout RunningParts, _ address: BrokerAddress, _ store: WindowStoreReader, _ speech: Speech,
    _ faults: inout FaultSchedule, _ phase: RunStatus.Phase
  ) async throws -> IngestionProgress {
    guard !stop.isSet else { throw RunError.interrupted }
    let progress = try store.progress()
    if let fault = faults.due(at: progress.maxEvent) {
      switch fault.kill {
      case .ingestion:
        observe(.notice("fault at \(ScenarioUnits.text(fault.at)): kill -9 of ingestion"))
        parts.ingestion?.send(signal: SIGKILL)
        await parts.ingestion?.finish()
        parts.ingestion = try await startIngestion(address, speech)
      }
    }
    if let ingestion = parts.ingestion, let exit = ingestion.exit {
      guard case .killed = exit, faults.unplannedDeaths < RunDefaults.unplannedRestarts else {
        throw ingestion.failure(exit)
      }
      faults.unplannedDeaths += 1
      observe(.notice("ingestion died (\(exit)) and is started again"))
      parts.ingestion = try await startIngestion(address, speech)
    }
    if let scheduler = parts.scheduler, let exit = scheduler.exit { throw scheduler.failure(exit) }
    if let broker = parts.broker?.service, kill(broker.processID, 0) != 0 {
      throw RunError.partFailed(
        name: "broker", ending: "an unplanned death", exitCode: nil, log: layout.log("broker"), lastWords: nil
      )
    }
    observe(.status(status(progress, speech, phase, restarts: faults.carriedOut + faults.unplannedDeaths)))
    return progress
  }

  private func status(
    _ progress: IngestionProgress, _ speech: Speech, _ phase: RunStatus.Phase, restarts: Int
  ) -> RunStatus {
    var status = RunStatus()
    status.phase = phase
    status.eventTime = progress.maxEvent
    status.messagesPlanned = document.source.messages.messageCount
    status.messagesStored = progress.storedMessages
    status.share = Double(progress.distinctMessages) / Double(max(1, status.messagesPlanned))
    status.windowsClosed = progress.windowsClosed
    status.jobsCompleted = speech.jobsCompleted
    status.modelsTrained = speech.modelsTrained
    status.restarts = restarts
    return status
  }
}

extension IngestionProgress {
  /// Messages that were taken over, each counted once.
  var distinctMessages: Int { storedMessages + lateMessages + rejectedMessages }
}

/// The processes of a run.
private struct RunningParts {
  var broker: EmbeddedBroker?
  var ingestion: RunPart?
  var scheduler: RunPart?
  var fleet: RunPart?

  /// Leaves nothing running: first those who write, the broker last.
  func stopAll() async {
    for part in [fleet, scheduler, ingestion].compactMap({ $0 }) where part.exit == nil {
      await part.stop(grace: .seconds(10))
    }
    await broker?.stop()
  }
}

/// The faults of a scenario, in order, as event time passes.
private struct FaultSchedule {
  private var waiting: ArraySlice<ScenarioDocument.Fault>
  private let start: Timestamp
  private(set) var carriedOut = 0
  var unplannedDeaths = 0

  init(_ faults: [ScenarioDocument.Fault], start: Timestamp) {
    waiting = faults[...]
    self.start = start
  }

  /// The next fault whose time has come.
  mutating func due(at eventTime: Timestamp?) -> ScenarioDocument.Fault? {
    guard let eventTime, let next = waiting.first, start + next.at <= eventTime else { return nil }
    waiting.removeFirst()
    carriedOut += 1
    return next
  }
}

/// What the parts have said so far, line by line of their standard output.
private final class Speech: Sendable {
  private struct State {
    var isIngestionReady = false
    var statistics: IngestionStatistics?
    var ledger: FleetLedger?
    var jobsCompleted = 0
    var modelsTrained = 0
  }

  private let state = Mutex(State())

  var isIngestionReady: Bool { state.withLock { $0.isIngestionReady } }
  /// Of the life of ingestion that ended by itself.
  var statistics: IngestionStatistics? { state.withLock { $0.statistics } }
  var ledger: FleetLedger? { state.withLock { $0.ledger } }
  var jobsCompleted: Int { state.withLock { $0.jobsCompleted } }
  var modelsTrained: Int { state.withLock { $0.modelsTrained } }

  func ingestionIsReady(_ isReady: Bool) { state.withLock { $0.isIngestionReady = isReady } }

  func ingestion(_ line: String) {
    guard let event = decode(IngestionEvent.self, line) else { return }
    state.withLock { state in
      switch event {
      case .ready: state.isIngestionReady = true
      case .stopped(let statistics): state.statistics = statistics
      }
    }
  }

  func fleet(_ line: String) {
    guard let ledger = decode(FleetLedger.self, line) else { return }
    state.withLock { $0.ledger = ledger }
  }

  func scheduler(_ line: String) {
    guard let event = decode(ScoringEvent.self, line) else { return }
    state.withLock { state in
      switch event.event {
      case .jobCompleted, .jobFailed, .jobCanceled: state.jobsCompleted += 1
      case .trained: state.modelsTrained += event.models ?? 0
      default: break
      }
    }
  }

  private func decode<Value: Decodable>(_ type: Value.Type, _ line: String) -> Value? {
    try? JSONDecoder().decode(type, from: Data(line.utf8))
  }
}
