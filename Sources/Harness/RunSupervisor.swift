import BatchScoring
import DeviceFleet
import Files
import Foundation
import Ingestion
import MQTT
import Scenario
import Supervision
import Telemetry
import Verdict
import WindowStore

/// Starts the parts of a run (broker, ingestion, scheduler and fleet), looks at them again and again, and carries out what
/// ``RunController`` decides, until every reading has been stored and every window scored.
struct RunSupervisor {
  let document: ScenarioDocument
  let executable: String
  let folder: RunFolder
  let stop: StopFlag
  let observe: @Sendable (RunEvent) -> Void
  private let events = PartEvents()

  init(
    _ document: ScenarioDocument, executable: String, folder: RunFolder, stop: StopFlag,
    observe: @escaping @Sendable (RunEvent) -> Void
  ) {
    self.document = document
    self.executable = executable
    self.folder = folder
    self.stop = stop
    self.observe = observe
  }

  /// Runs the parts, and notes in `account` what they say of themselves. Leaves nothing running.
  func run(_ account: inout RunAccount) async throws {
    let embedded =
      document.broker == nil
      ? try await EmbeddedBroker.start(folder: folder.broker, log: folder.log("broker")) : nil
    guard let address = document.broker ?? embedded?.address else { return }
    let parts: RunningParts
    do {
      let choice = document.mqtt ?? (document.broker == nil ? .five : .auto)
      let agreed = try AgreedProtocol.ask(address, clientID: session, choice)
      if let notice = agreed.notice { observe(.notice("\(address): \(notice)")) }
      parts = try RunningParts(
        document, folder: folder, broker: embedded, address: address, version: agreed.version)
    } catch {
      await embedded?.stop()
      throw error
    }
    do {
      try await carry(parts, &account)
    } catch {
      await parts.stopAll()
      throw error
    }
    await parts.stopAll()
  }

  private func carry(_ parts: RunningParts, _ account: inout RunAccount) async throws {
    let underWay = FleetDefaults.underWay(document.clock.speed)
    try document.source.messages.plannedArrivals(underWay: underWay).write(to: folder.arrivals)
    try await startIngestion(parts)
    if let schedule = document.scheduleConfiguration {
      try schedule.write(to: folder.schedule)
      parts.scheduler = try await start(
        "schedule",
        ["schedule", folder.path, "--config", folder.schedule, "--until-stdin-closes", "--format", "json"]
      ) { [events] in events.scheduler($0) }
    }
    if let settings = document.streamScoring {
      parts.stream = StreamStage(
        settings, from: document.scheduleConfiguration?.from, executable: executable, folder: folder,
        hasRelay: document.faults.contains { $0.needs.contains(.streamRelay) })
    }
    // A broker that dies before its first save would forget who subscribes, and drop what comes.
    if document.faults.contains(where: { $0.target == .broker }) { _ = try await parts.broker?.save() }
    try JSONFile.write(fleetSettings(parts), to: folder.fleetSettings)
    parts.fleet = try await start("simulate", ["simulate", "--config", folder.fleetSettings]) { [events] in
      events.fleet($0)
    }
    let begin = ContinuousClock.now
    let clock = { ContinuousClock.now - begin }
    let timeline = try Timeline(path: folder.timeline)
    let watch = LoadWatch(document, events)
    let drained = try await pump(parts, timeline, watch, clock, &account)
    account.load = watch.account
    account.fleet = events.ledger
    account.drainedSeconds = drained
    if let ingestion = parts.ingestion {
      let exit = await ingestion.stop()
      if exit != .exited(code: 0) { throw ingestion.failure(exit) }
    }
    parts.ingestion = nil
    account.ingestion = events.statistics
    try await finishScoring(parts, timeline, clock)
    account.stream = try await finishStream(parts, clock)
  }

  // MARK: - Parts

  private func start(
    _ name: String, _ arguments: [String], environment: [String: String] = [:],
    onLine: @escaping @Sendable (String) -> Void
  ) async throws -> RunPart {
    try await RunPart.start(
      name, executable: executable, arguments: arguments, log: folder.log(name), environment: environment,
      onLine: onLine)
  }

  /// Names this run to a broker that may know others.
  private var session: String {
    "sonde-\(URL(fileURLWithPath: folder.path).lastPathComponent)-\(getpid())"
  }

  private func fleetSettings(_ parts: RunningParts) -> FleetSettings {
    var settings = FleetSettings(
      scenario: document.text, broker: parts.addressForFleet, session: session)
    settings.mqtt = parts.version
    settings.isGoverned = true
    settings.isClimbing = document.climb != nil
    return settings
  }

  private func ingestionSettings(_ parts: RunningParts) -> IngestionSettings {
    var settings = IngestionSettings(
      broker: parts.addressForIngestion, topic: document.topicFilter,
      clientID: "\(session)-ingest", store: folder.store, rules: document.ingestion)
    settings.payload = document.payload
    settings.sparkplug = document.sparkplug
    settings.mqtt = ProtocolChoice(parts.version)
    settings.arrivals = folder.arrivals
    return settings
  }

  /// Starts ingestion and waits until it listens.
  private func startIngestion(_ parts: RunningParts) async throws {
    try JSONFile.write(ingestionSettings(parts), to: folder.ingestionSettings)
    let part = try await launchIngestion(parts)
    parts.ingestion = part
    let deadline = ContinuousClock.now + RunDefaults.readyTimeout
    while !events.isIngestionReady {
      if let exit = part.exit { throw part.failure(exit) }
      guard ContinuousClock.now < deadline, !stop.isSet else {
        await part.stop(grace: .seconds(1))
        throw stop.isSet ? RunError.interrupted : RunError.notReady(name: part.name, log: part.log)
      }
      try await Task.sleep(for: RunDefaults.pollInterval)
    }
  }

  private func launchIngestion(_ parts: RunningParts) async throws -> RunPart {
    events.ingestionWasLaunched()
    return try await start(
      "ingest", ["ingest", "--config", folder.ingestionSettings, "--events"],
      environment: parts.ingestionEnvironment
    ) { [events] in events.ingestion($0) }
  }

  // MARK: - The run

  /// Looks at everything and does what is to be done, until all is stored. Returns how long ingestion needed for that, in seconds,
  /// once publishing and the last fault were over.
  private func pump(
    _ parts: RunningParts, _ timeline: Timeline, _ watch: LoadWatch, _ clock: () -> Duration,
    _ account: inout RunAccount
  ) async throws -> Double {
    var faults = FaultSchedule(document.faults, start: document.clock.start)
    var controller = RunController(
      plannedMessages: document.source.messages.messageCount, isUnscheduled: document.clock.speed == .max,
      hasOwnBroker: document.broker == nil,
      mayLose: document.source.messages.groups.contains { $0.style.quality == .atMostOnce })
    do {
      while true {
        guard !stop.isSet else { throw RunError.interrupted }
        let progress = try parts.progress()
        watch.look(parts, progress)
        watch.climb(parts, progress)
        try await faults.step(progress, parts, clock: clock, observe: observe)
        try await parts.stream?.step(hasModels: events.modelsTrained > 0, at: clock())
        let now = clock()
        let seen = observation(parts, progress, faults.state(progress, at: now))
        for action in controller.next(seen, at: now) {
          if case .drained(let seconds) = action {
            note(faults, controller, progress, &account)
            return seconds
          }
          try await carryOut(action, parts, faults, progress)
        }
        let restarts = faults.kills + controller.excusedFailures + controller.unplannedDeaths
        let phase = controller.phase == .publishing ? RunStatus.Phase.publishing : .draining
        observe(.status(status(progress, phase, restarts)))
        try timeline.note(at: clock()) {
          let entry = entry(parts, progress, phase, at: clock())
          if phase == .publishing { watch.note(parts, progress, entry.usage) }
          return entry
        }
        try await Task.sleep(for: RunDefaults.pollInterval)
      }
    } catch {
      note(faults, controller, IngestionProgress(), &account)
      // The course of a run that breaks off ends where it broke off; a part that is dead by then has no say in that.
      if let progress = try? parts.progress() {
        try? timeline.note(at: clock(), isLast: true) {
          entry(parts, progress, controller.phase == .publishing ? .publishing : .draining, at: clock())
        }
      }
      await faults.abandon(parts)
      throw error
    }
  }

  private func note(
    _ faults: FaultSchedule, _ controller: RunController, _ progress: IngestionProgress,
    _ account: inout RunAccount
  ) {
    account.faults = faults.outcomes
    account.brokerWasKilled = faults.state(progress, at: .zero).brokerWasKilled
    account.plannedRestarts = faults.kills + controller.excusedFailures
    account.unplannedRestarts = controller.unplannedDeaths
  }

  private func observation(_ parts: RunningParts, _ progress: IngestionProgress, _ faults: FaultState)
    -> RunController.Observation
  {
    let ingestion: RunController.PartState =
      if let part = parts.ingestion {
        part.exit.map { .ended($0) } ?? .running(isReady: events.isIngestionReady)
      } else {
        .absent(mayStart: parts.wantsIngestion)
      }
    var seen = RunController.Observation(progress: progress, ingestion: ingestion)
    // The order matters: a fleet that has ended has said its last word before.
    seen.fleetExit = parts.fleet?.exit
    seen.ledger = events.ledger
    seen.schedulerExit = parts.scheduler?.exit
    seen.isBrokerAlive = parts.broker.map { kill($0.service.processID, 0) == 0 } ?? true
    seen.faults = faults
    return seen
  }

  private func carryOut(
    _ action: RunController.Action, _ parts: RunningParts, _ faults: FaultSchedule,
    _ progress: IngestionProgress
  ) async throws {
    switch action {
    case .grant(let messages): if document.climb == nil { parts.fleet?.write("\(messages)") }
    case .startIngestion: parts.ingestion = try await launchIngestion(parts)
    case .restartIngestion(let exit):
      observe(.notice("ingestion ended with \(exit), and is started again"))
      parts.ingestion = nil
    case .fleetHasEnded: parts.fleet = nil
    case .requireFaults: try faults.requireCompletion(progress)
    case .drained: break
    case .fail(let failure): throw error(failure, parts)
    }
  }

  private func error(_ failure: RunController.Failure, _ parts: RunningParts) -> any Error {
    func ended(_ part: RunPart?, _ exit: ServiceExit) -> RunError { part?.failure(exit) ?? .interrupted }
    switch failure {
    case .ingestion(let exit): return ended(parts.ingestion, exit)
    case .ingestionIsNotReady: return RunError.notReady(name: "ingest", log: folder.log("ingest"))
    case .fleet(let exit): return ended(parts.fleet, exit)
    case .noLedger: return RunError.interrupted
    case .scheduler(let exit): return ended(parts.scheduler, exit)
    case .broker:
      return RunError.partFailed(
        name: "broker", ending: "an unplanned death", exitCode: nil, log: folder.log("broker"), lastWords: nil
      )
    }
  }

  /// Tells the scheduler that the stream has ended, and waits until it has scored the rest.
  private func finishScoring(_ parts: RunningParts, _ timeline: Timeline, _ clock: () -> Duration)
    async throws
  {
    func note(isLast: Bool) throws {
      try timeline.note(at: clock(), isLast: isLast) {
        entry(parts, try parts.progress(), .scoring, at: clock())
      }
    }
    guard let scheduler = parts.scheduler else { return try note(isLast: true) }
    scheduler.closeInput()
    while scheduler.exit == nil {
      guard !stop.isSet else { throw RunError.interrupted }
      observe(.status(status(try parts.progress(), .scoring, 0)))
      try await parts.stream?.step(hasModels: events.modelsTrained > 0, at: clock())
      try note(isLast: false)
      try await Task.sleep(for: RunDefaults.pollInterval)
    }
    try note(isLast: true)
    // 1 says that a job failed, which is for the expectations to judge.
    if let exit = scheduler.exit, exit != .exited(code: 0), exit != .exited(code: 1) {
      throw scheduler.failure(exit)
    }
    parts.scheduler = nil
  }

  /// Waits until the stream has scored the rest; nil where nothing was scored in it.
  private func finishStream(_ parts: RunningParts, _ clock: () -> Duration) async throws -> StreamFigures? {
    guard let stream = parts.stream else { return nil }
    return try await stream.finish(hasModels: events.modelsTrained > 0, until: stop, clock: clock) {
      let state = stream.state
      observe(
        .trial(
          "stream  \(state.functionEvents.grouped) windows sent, \(state.backloggedWindows.grouped) to come"))
    }
  }

  private func entry(
    _ parts: RunningParts, _ progress: IngestionProgress, _ phase: RunStatus.Phase, at now: Duration
  ) -> TimelineEntry {
    var entry = TimelineEntry(seconds: now.seconds, phase: phase)
    // The fleet says so five times a second; what is stored has left, too.
    entry.published =
      document.broker == nil ? max(events.published, progress.distinctMessages) : events.published
    entry.stored = progress.storedMessages
    entry.late = progress.lateMessages
    entry.rejected = progress.rejectedMessages
    entry.windows = progress.windowsClosed
    entry.predictions = events.predictions
    entry.usage = parts.usage(ProcessTable())
    return entry
  }

  private func status(_ progress: IngestionProgress, _ phase: RunStatus.Phase, _ restarts: Int) -> RunStatus {
    var status = RunStatus()
    status.phase = phase
    status.eventTime = progress.newestOfFleet
    status.messagesPlanned = document.source.messages.messageCount
    status.messagesStored = progress.storedMessages
    status.share = Double(progress.distinctMessages) / Double(max(1, status.messagesPlanned))
    status.windowsClosed = progress.windowsClosed
    status.jobsCompleted = events.jobsCompleted
    status.modelsTrained = events.modelsTrained
    status.restarts = restarts
    return status
  }
}
