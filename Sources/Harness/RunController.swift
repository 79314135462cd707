import DeviceFleet
import Supervision
import WindowStore

/// Decides what a run does next. It is told what was seen and when; it starts nothing and waits for nothing. ``RunSupervisor``
/// looks, and carries out what comes of it.
///
/// Times are counted from the moment at which the fleet was started.
package struct RunController {
  /// How far the run is.
  package enum Phase: Hashable {
    /// The fleet publishes.
    case publishing
    /// The fleet has ended, and what it published is still coming.
    case draining(since: Duration, Arriving)
    /// Everything is stored that will be.
    case drained
  }

  /// What the fleet says that it has published.
  package struct Arriving: Hashable {
    /// Messages that the broker has taken, or that nobody acknowledges.
    package var messages: Int
    /// Payloads among them that are no messages.
    package var waste: Int

    init(_ ledger: FleetLedger) {
      messages = ledger.acknowledged + ledger.unconfirmed
      waste = ledger.waste
    }
  }

  /// Where a part is.
  package enum PartState: Hashable {
    case running(isReady: Bool)
    case ended(ServiceExit)
    /// `mayStart`: nothing keeps it from being started.
    case absent(mayStart: Bool)
  }

  /// One look at everything.
  package struct Observation {
    package var progress: IngestionProgress
    package var ingestion: PartState
    /// Nil while it publishes.
    package var fleetExit: ServiceExit?
    /// What the fleet said at its end.
    package var ledger: FleetLedger?
    /// Nil while it runs, or where there is none.
    package var schedulerExit: ServiceExit?
    package var isBrokerAlive = true
    package var faults = FaultState()

    package init(progress: IngestionProgress, ingestion: PartState) {
      self.progress = progress
      self.ingestion = ingestion
    }
  }

  /// What is to be done.
  package enum Action: Hashable {
    /// Let the fleet publish up to so many messages.
    case grant(messages: Int)
    case startIngestion
    /// Ingestion has ended and is to be started again, as soon as it may.
    case restartIngestion(after: ServiceExit)
    /// The fleet has published everything.
    case fleetHasEnded
    /// Every fault must have happened by now.
    case requireFaults
    /// Everything is stored: so long after the end of publishing, or of the last fault.
    case drained(seconds: Double)
    case fail(Failure)
  }

  /// Why a run cannot go on.
  package enum Failure: Hashable {
    case ingestion(ServiceExit)
    case ingestionIsNotReady
    case fleet(ServiceExit)
    /// The fleet ended without a word.
    case noLedger
    case scheduler(ServiceExit)
    case broker
  }

  package private(set) var phase = Phase.publishing
  /// Deaths of ingestion that nobody planned.
  package private(set) var unplannedDeaths = 0
  /// How often ingestion gave up because of a fault.
  package private(set) var excusedFailures = 0
  private let plannedMessages: Int
  /// Whether the fleet publishes as fast as the pipeline carries it.
  private let isUnscheduled: Bool
  /// Whether nobody else publishes.
  private let hasOwnBroker: Bool
  private let mayLose: Bool
  private var granted = 0
  /// Messages that a broker has forgotten, or that were lost at QoS 0, and that nobody waits for any more.
  private var writtenOff = 0
  private var messages = -1
  private var lastChange = Duration.zero
  private var lastLook = Duration.zero
  /// Ingestion is not started before this.
  private var nextLaunch = Duration.zero
  private var launchedAt = Duration.zero

  /// - Parameter mayLose: Whether messages may be lost on their way without anybody's fault: at QoS 0.
  package init(plannedMessages: Int, isUnscheduled: Bool, hasOwnBroker: Bool, mayLose: Bool = false) {
    self.mayLose = mayLose
    self.plannedMessages = plannedMessages
    self.isUnscheduled = isUnscheduled
    self.hasOwnBroker = hasOwnBroker
  }

  /// What to do, now that it is `now`, in order. After a ``Action/fail(_:)`` or ``Action/drained(seconds:)`` nothing follows.
  package mutating func next(_ seen: Observation, at now: Duration) -> [Action] {
    // Halted, or on a machine that slept, it has seen nothing; that was no silence.
    if now - lastLook > RunDefaults.longestBlindness { lastChange = now }
    lastLook = now
    var actions = revival(seen, now)
    if let exit = seen.schedulerExit { actions.append(.fail(.scheduler(exit))) }
    if !seen.isBrokerAlive { actions.append(.fail(.broker)) }
    if actions.contains(where: \.isFailure) { return actions }
    switch phase {
    case .publishing: return actions + publishing(seen, now)
    case .draining(let since, let arriving): return actions + draining(seen, since, arriving, now)
    case .drained: return actions
    }
  }

  // MARK: - Ingestion

  /// Ingestion is started again after it was killed, after it gave up because of a fault, and after a death that nobody planned.
  private mutating func revival(_ seen: Observation, _ now: Duration) -> [Action] {
    var actions: [Action] = []
    var mayStart = false
    switch seen.ingestion {
    case .running: return []
    case .absent(let may): mayStart = may
    case .ended(let exit):
      switch exit {
      case .killed where unplannedDeaths < RunDefaults.unplannedRestarts: unplannedDeaths += 1
      case .exited(let code)
      where code != 0 && seen.faults.excusesFailures && excusedFailures < RunDefaults.excusedRestarts:
        excusedFailures += 1
        nextLaunch = now + RunDefaults.excusedRestartPause
      default: return [.fail(.ingestion(exit))]
      }
      actions.append(.restartIngestion(after: exit))
      mayStart = true
    }
    guard mayStart, now >= nextLaunch else { return actions }
    launchedAt = now
    return actions + [.startIngestion]
  }

  // MARK: - Publishing

  /// How many messages the fleet may be ahead of ingestion.
  private func messagesAhead(_ faults: FaultState) -> Int {
    guard isUnscheduled else { return RunDefaults.messagesAheadOnSchedule }
    guard faults.isWaiting else { return RunDefaults.messagesAhead }
    let (share, fewest) = RunDefaults.messagesAheadOfFaults
    return min(RunDefaults.messagesAhead, max(fewest, plannedMessages / share))
  }

  /// Lets the fleet publish everything, never far ahead of ingestion.
  private mutating func publishing(_ seen: Observation, _ now: Duration) -> [Action] {
    if let exit = seen.fleetExit {
      guard exit == .exited(code: 0) else { return [.fail(.fleet(exit))] }
      guard let ledger = seen.ledger else { return [.fail(.noLedger)] }
      phase = .draining(since: now, Arriving(ledger))
      (messages, lastChange) = (-1, now)
      return [.fleetHasEnded]
    }
    let progress = seen.progress
    let mayBeMissing = mayLose || seen.faults.brokerWasKilled
    if progress.messages != messages || seen.faults.isActive || !mayBeMissing {
      (messages, lastChange) = (progress.messages, now)
    } else if now - lastChange > RunDefaults.writeOffAfter {
      writtenOff = max(writtenOff, granted - progress.distinctMessages)
      lastChange = now
    }
    let allowance = progress.distinctMessages + writtenOff + messagesAhead(seen.faults)
    guard allowance > granted, !seen.faults.isHeldUp else { return [] }
    granted = allowance
    return [.grant(messages: allowance)]
  }

  // MARK: - Draining

  /// Waits until the faults are over and what the broker has taken over is stored, or until nothing moves any more.
  private mutating func draining(
    _ seen: Observation, _ since: Duration, _ arriving: Arriving, _ now: Duration
  ) -> [Action] {
    let progress = seen.progress
    if progress.messages != messages || seen.faults.isActive {
      (messages, lastChange) = (progress.messages, now)
    }
    // What cannot be read may stand in the store twice after a crash, so it is not counted here.
    let isStored = progress.storedMessages + progress.lateMessages >= arriving.messages - arriving.waste
    let isComplete = isStored || progress.distinctMessages >= arriving.messages
    // On an own broker there are no other devices, so the numbers are enough.
    let silence =
      !isComplete ? RunDefaults.drainSilence : isStored && hasOwnBroker ? .zero : RunDefaults.foreignSilence
    // What has just been started again cannot be told to stop before it listens.
    let listens = seen.ingestion == .running(isReady: true)
    if seen.ingestion == .running(isReady: false), now - launchedAt > RunDefaults.readyTimeout {
      return [.fail(.ingestionIsNotReady)]
    }
    if !seen.faults.isActive, listens, now - lastChange >= silence {
      phase = .drained
      let begin = max(since, seen.faults.lastEnd ?? since)
      return [.requireFaults, .drained(seconds: max(0, (lastChange - begin).seconds))]
    }
    // A fault without evidence by now will have none.
    if isStored, seen.faults.lacksEvidence, now - since > RunDefaults.drainSilence { return [.requireFaults] }
    return []
  }
}

extension RunController.Action {
  var isFailure: Bool { if case .fail = self { true } else { false } }
}

extension IngestionProgress {
  /// Messages that were taken over, each counted once.
  var distinctMessages: Int { storedMessages + lateMessages + rejectedMessages }
}
