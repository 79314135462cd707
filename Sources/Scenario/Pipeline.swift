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
    let parts: RunningParts
    do {
      parts = try RunningParts(document, layout: layout, broker: embedded, address: address)
    } catch {
      await embedded?.stop()
      throw error
    }
    do {
      try await carry(parts, &report)
    } catch {
      await parts.stopAll()
      throw error
    }
    await parts.stopAll()
  }

  private func carry(_ parts: RunningParts, _ report: inout RunReport) async throws {
    let speech = Speech()
    let underWay = FleetDefaults.underWay(document.clock.speed)
    try document.source.messages.plannedArrivals(underWay: underWay).write(to: layout.arrivals)
    parts.ingestion = try await startIngestion(parts, speech)
    if let schedule = document.scheduleConfiguration {
      try schedule.write(to: layout.schedule)
      parts.scheduler = try await RunPart.start(
        "schedule", executable: options.executable,
        arguments: [
          "schedule", layout.folder, "--config", layout.schedule, "--until-stdin-closes", "--format", "json",
        ],
        log: layout.log("schedule"), onLine: { speech.scheduler($0) })
    }
    // A broker that dies before its first save would forget who subscribes, and drop what comes.
    if document.faults.contains(where: { $0.target == .broker }) { try await parts.broker?.save() }
    parts.fleet = try await RunPart.start(
      "simulate", executable: options.executable, arguments: simulateArguments(parts.addressForFleet),
      log: layout.log("simulate"), onLine: { speech.fleet($0) })

    var watch = Watch(faults: FaultSchedule(document.faults, start: document.clock.start))
    do {
      try await publish(parts, speech, &watch)
      guard let ledger = speech.ledger else { throw RunError.interrupted }
      report.fleet = ledger
      report.drainedSeconds = try await drain(parts, speech, &watch, ledger)
    } catch {
      report.note(watch)
      await watch.faults.abandon(parts)
      throw error
    }
    report.note(watch)
    let exit = await parts.ingestion?.stop()
    if let exit, exit != .exited(code: 0), let ingestion = parts.ingestion { throw ingestion.failure(exit) }
    parts.ingestion = nil
    report.ingestion = speech.statistics
    try await finishScoring(parts, speech)
  }

  // MARK: - Parts

  private func simulateArguments(_ address: BrokerAddress) -> [String] {
    var arguments = ["simulate", document.path, "--broker", "\(address)", "--session", session, "--governed"]
    if let seed = options.seed { arguments += ["--seed", "\(seed)"] }
    for override in options.overrides { arguments += ["--set", override] }
    return arguments + address.access.arguments
  }

  /// Names this run to a broker that may know others.
  private var session: String {
    "sonde-\(URL(fileURLWithPath: layout.folder).lastPathComponent)-\(getpid())"
  }

  /// Starts ingestion and waits until it listens.
  private func startIngestion(_ parts: RunningParts, _ speech: Speech) async throws -> RunPart {
    let part = try await launchIngestion(parts, speech)
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

  private func launchIngestion(_ parts: RunningParts, _ speech: Speech) async throws -> RunPart {
    speech.ingestionIsReady(false)
    return try await RunPart.start(
      "ingest", executable: options.executable,
      arguments: [
        "ingest", "--broker", "\(parts.addressForIngestion)", "--topic", document.topicFilter, "--store",
        layout.store, "--client-id", "\(session)-ingest", "--events", "--arrivals", layout.arrivals,
      ] + document.ingestion.arguments + parts.addressForIngestion.access.arguments,
      log: layout.log("ingest"), environment: parts.ingestionEnvironment, onLine: { speech.ingestion($0) })
  }

  // MARK: - Phases

  /// How many messages the fleet may be ahead of ingestion.
  private func messagesAhead(_ faults: FaultSchedule) -> Int {
    guard document.clock.speed == .max else { return RunDefaults.messagesAheadOnSchedule }
    guard faults.isWaiting else { return RunDefaults.messagesAhead }
    let (share, fewest) = RunDefaults.messagesAheadOfFaults
    return min(RunDefaults.messagesAhead, max(fewest, document.source.messages.messageCount / share))
  }

  /// Lets the fleet publish everything, never far ahead of ingestion.
  private func publish(_ parts: RunningParts, _ speech: Speech, _ watch: inout Watch) async throws {
    var granted = 0
    var messages = 0
    var lastChange = ContinuousClock.now
    // Messages that a broker has forgotten, and that nobody waits for any more.
    var writtenOff = 0
    while parts.fleet?.exit == nil {
      let progress = try await step(parts, speech, &watch, .publishing)
      if progress.messages != messages || watch.faults.isActive || !watch.faults.brokerWasKilled {
        messages = progress.messages
        lastChange = .now
      } else if ContinuousClock.now - lastChange > RunDefaults.writeOffAfter {
        writtenOff = max(writtenOff, granted - progress.distinctMessages)
        lastChange = .now
      }
      let allowance = progress.distinctMessages + writtenOff + messagesAhead(watch.faults)
      if allowance > granted, !watch.faults.isHeldUp(progress) {
        granted = allowance
        parts.fleet?.write("\(allowance)")
      }
      try await Task.sleep(for: RunDefaults.pollInterval)
    }
    if let fleet = parts.fleet, let exit = fleet.exit, exit != .exited(code: 0) { throw fleet.failure(exit) }
    parts.fleet = nil
  }

  /// Waits until the faults are over and what the broker has taken over is stored, or until nothing moves any more. Returns how
  /// long ingestion needed for that, in seconds, once the last fault was over.
  private func drain(
    _ parts: RunningParts, _ speech: Speech, _ watch: inout Watch, _ ledger: FleetLedger
  ) async throws -> Double {
    let published = ContinuousClock.now
    let arriving = ledger.acknowledged + ledger.unconfirmed
    var messages = -1
    var lastChange = ContinuousClock.now
    while true {
      let progress = try await step(parts, speech, &watch, .draining)
      if progress.messages != messages || watch.faults.isActive {
        messages = progress.messages
        lastChange = .now
      }
      // What cannot be read may stand in the store twice after a crash, so it is not counted here.
      let isStored = progress.storedMessages + progress.lateMessages >= arriving - ledger.waste
      let isComplete = isStored || progress.distinctMessages >= arriving
      // On an own broker there are no other devices, so the numbers are enough.
      let silence =
        !isComplete
        ? RunDefaults.drainSilence
        : isStored && document.broker == nil ? .zero : RunDefaults.foreignSilence
      // What has just been started again cannot be told to stop before it listens.
      let listens = parts.ingestion != nil && speech.isIngestionReady
      if !listens, ContinuousClock.now - watch.launchedAt > RunDefaults.readyTimeout,
        let ingestion = parts.ingestion
      {
        throw RunError.notReady(name: ingestion.name, log: ingestion.log)
      }
      if !watch.faults.isActive, listens, ContinuousClock.now - lastChange >= silence {
        try watch.faults.requireCompletion(progress)
        return max(0, (lastChange - max(published, watch.faults.lastEnd ?? published)).seconds)
      }
      // A fault without evidence by now will have none.
      if isStored, watch.faults.lacksEvidence, ContinuousClock.now - published > RunDefaults.drainSilence {
        try watch.faults.requireCompletion(progress)
      }
      try await Task.sleep(for: RunDefaults.pollInterval)
    }
  }

  /// Tells the scheduler that the stream has ended, and waits until it has scored the rest.
  private func finishScoring(_ parts: RunningParts, _ speech: Speech) async throws {
    guard let scheduler = parts.scheduler else { return }
    scheduler.closeInput()
    while scheduler.exit == nil {
      guard !stop.isSet else { throw RunError.interrupted }
      observe(.status(status(try parts.progress(), speech, .scoring, restarts: 0)))
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
    _ parts: RunningParts, _ speech: Speech, _ watch: inout Watch, _ phase: RunStatus.Phase
  ) async throws -> IngestionProgress {
    guard !stop.isSet else { throw RunError.interrupted }
    let progress = try parts.progress()
    try await watch.faults.step(progress, parts, observe: observe)
    try await revive(parts, speech, &watch)
    if let scheduler = parts.scheduler, let exit = scheduler.exit { throw scheduler.failure(exit) }
    if let broker = parts.broker?.service, kill(broker.processID, 0) != 0 {
      throw RunError.partFailed(
        name: "broker", ending: "an unplanned death", exitCode: nil, log: layout.log("broker"), lastWords: nil
      )
    }
    observe(.status(status(progress, speech, phase, restarts: watch.restarts + watch.unplannedDeaths)))
    return progress
  }

  /// Starts ingestion again: after it was killed, after it gave up because of a fault, and after a death that nobody planned.
  private func revive(_ parts: RunningParts, _ speech: Speech, _ watch: inout Watch) async throws {
    if let ingestion = parts.ingestion, let exit = ingestion.exit {
      switch exit {
      case .killed where watch.unplannedDeaths < RunDefaults.unplannedRestarts:
        watch.unplannedDeaths += 1
      case .exited(let code)
      where code != 0 && watch.faults.excusesFailures && watch.excusedFailures < RunDefaults.excusedRestarts:
        watch.excusedFailures += 1
        watch.nextLaunch = .now + RunDefaults.excusedRestartPause
      default: throw ingestion.failure(exit)
      }
      observe(.notice("ingestion ended with \(exit), and is started again"))
      parts.ingestion = nil
    }
    guard parts.wantsIngestion, ContinuousClock.now >= watch.nextLaunch else { return }
    watch.launchedAt = .now
    parts.ingestion = try await launchIngestion(parts, speech)
  }

  private func status(
    _ progress: IngestionProgress, _ speech: Speech, _ phase: RunStatus.Phase, restarts: Int
  ) -> RunStatus {
    var status = RunStatus()
    status.phase = phase
    status.eventTime = progress.newestOfFleet
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

/// What a run has done to its parts, and what it had to put right.
struct Watch {
  var faults: FaultSchedule
  /// Deaths of ingestion that nobody planned.
  var unplannedDeaths = 0
  /// How often ingestion gave up because of a fault.
  var excusedFailures = 0
  /// Ingestion is not started before this.
  var nextLaunch = ContinuousClock.now
  /// When it was started last.
  var launchedAt = ContinuousClock.now

  /// How often ingestion was started again because of faults.
  var restarts: Int { faults.kills + excusedFailures }
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
