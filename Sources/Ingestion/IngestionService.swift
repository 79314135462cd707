import Foundation
import Logging
import MQTT
import Sparkplug
import Supervision
import Telemetry
import WindowStore
import Wording

/// Takes messages from a broker into a store: receive, fold, commit, acknowledge.
///
/// Single-threaded on purpose: the four steps of one batch depend on each other, and the order commit → acknowledge is
/// what nothing may disturb. To be used from one thread.
package final class IngestionService {
  /// What was found at the start.
  package struct Start: Sendable, Codable {
    /// Which version of MQTT is spoken, and why; nil of an earlier version of this program.
    package var mqtt: AgreedProtocol?
    /// Whether the broker had kept the session of an earlier life.
    package var resumedSession: Bool
    /// Messages folded again from the journal.
    package var recoveredMessages: Int
  }

  private let settings: IngestionSettings
  private let logger: Logger
  private let writer: WindowStoreWriter
  private var fold: IngestionFold
  private var consumer: CommitGatedConsumer
  private var former: FormerSubscriptions
  private var agreed: AgreedProtocol
  /// How the broker sends again what was not acknowledged.
  private var redelivery: RedeliveryForm
  /// Of the fold's deliveries; those of an earlier process are taken for acknowledged.
  private var acknowledgedDeliveries: Int
  private var batch = StoreBatch()
  /// Whether what the consumer holds is durable and only to be acknowledged.
  private var isBatchStored = false
  /// How often in a row nothing was received, on this connection.
  private var silentReceives = 0
  private var storedSinceCheckpoint = 0
  private var connectedAt: ContinuousClock.Instant
  /// How long was waited before the connection was made.
  private var reconnectPause = Duration.zero
  private var firstMessage: (instant: ContinuousClock.Instant, cpu: Double)?
  package let start: Start
  private var measured = IngestionStatistics()
  private var stages = StageLatencies()

  package var statistics: IngestionStatistics {
    var statistics = measured
    if !stages.isEmpty { statistics.stages = stages.statistics }
    return statistics
  }

  /// Opens the store, recovers, proves that acknowledgements wait for the commit, and connects. Throws `MQTTError` or
  /// `StoreError`.
  ///
  /// - Parameter stop: Looked at while a broker is waited for; where it is set, `MQTTError.stopped` is thrown.
  package init(_ settings: IngestionSettings, logger: Logger, until stop: StopFlag = StopFlag()) throws {
    self.settings = settings
    self.logger = logger
    writer = try WindowStoreWriter(path: settings.store, settings: settings.rules.windows)
    let recovered = try writer.recover()
    var fold = try IngestionFold(
      settings: settings.rules.windows, idleAfter: settings.rules.idleAfter,
      arrivals: try settings.arrivals.map(PlannedArrivals.init(path:)),
      checkpoint: recovered.checkpoint, progress: recovered.progress, marks: recovered.marks,
      retained: recovered.retained)
    fold.futureLimit = settings.rules.futureLimit
    fold.latePolicy = settings.rules.latePolicy
    fold.reader =
      if let sparkplug = settings.sparkplug {
        PayloadReader(try SparkplugState(sparkplug, lives: writer.sparkplugLives()))
      } else {
        PayloadReader(settings.payload)
      }
    var count = 0
    try writer.replay(after: recovered) { message, original in
      fold.replay(message, original: original)
      count += 1
    }
    try writer.replayLate(after: recovered) { fold.replayLate($0, $1) }
    storedSinceCheckpoint = count
    CrashPoint.recovered.pass()

    let (agreed, redelivery) = try Self.prove(settings, logger, stop)
    let former = try FormerSubscriptions(settings, writer)
    let (consumer, subscribedAfter) = try Self.connect(
      settings, agreed.version, writer, former, deliveries: fold.progress.deliveries,
      readsDuplicateFlag: fold.needsDuplicateFlag(redelivery), stop)
    self.consumer = consumer
    self.former = former
    (self.agreed, self.redelivery) = (agreed, redelivery)
    connectedAt = .now
    fold.sessionBegan(
      resumed: consumer.resumedSession, subscribedAfter: subscribedAfter, redelivery: redelivery,
      version: agreed.version)
    acknowledgedDeliveries = fold.progress.deliveries
    self.fold = fold
    CrashPoint.subscribed.pass()
    start = Start(
      mqtt: agreed, resumedSession: consumer.resumedSession, recoveredMessages: count)
    try keepDoubts()
    if count > 0 { logger.info("recovered: folded \(count) messages of the journal again") }
    let known = recovered.progress.messages
    if consumer.resumedSession {
      logger.info("resumed the session of \(settings.clientID.quoted)")
      Self.note(former, settings, logger)
    } else if known > 0 {
      logger.warning("\(Self.loss(ofSessionOf: settings.clientID, knownMessages: known))")
    }
  }

  /// Runs until `stop` is set, then stores and acknowledges what was read, disconnects and closes the store. No window
  /// is closed early. Throws `MQTTError` where the broker does not come back, and `StoreError` where nothing can
  /// be stored; what was not acknowledged then stays with the broker.
  ///
  /// - Parameter observe: Told of the newest stage of a load that has stages, whenever there is nothing more to read.
  package func run(until stop: StopFlag, observe: (IngestionEvent) -> Void = { _ in }) throws {
    while !stop.isSet {
      do {
        try consumer.receive(
          limit: settings.messagesPerCommit, byteLimit: IngestionDefaults.bytesPerCommit,
          within: IngestionDefaults.commitInterval)
        if consumer.batch.isEmpty, !stages.isEmpty { tell(observe) }
        noteSilence()
        try store()
        try acknowledge()
        try askForBirths()
      } catch let error as MQTTError {
        // What was read is kept: a broker that was killed may have forgotten it. One that was not sends it again, and then
        // it is a duplicate.
        try store()
        // Another connection would be answered alike, and until then messages come that nothing holds.
        if case .subscriptionRefused = error { throw error }
        try reconnect(after: error, stop)
      }
    }
    try store()
    do {
      try acknowledge()
    } catch let error as MQTTError {
      logger.warning("\(error); what is stored comes again, and is then a duplicate")
    }
    if fold.reader.ignored > 0 {
      logger.info("\(fold.reader.ignored) messages were none of ours: the mapping ignores them")
    }
    CrashPoint.stopping.pass()
    // What the broker could not be told comes again; nobody can disconnect from a broker that is gone.
    if consumer.batch.isEmpty { consumer.finish() }
    try writeCheckpoint()
    try writer.close()
  }

  /// Counts what was waited for in vain, and not the time, which goes on where the process is halted.
  private func noteSilence() {
    silentReceives = consumer.batch.isEmpty ? silentReceives + 1 : 0
    if IngestionDefaults.commitInterval * silentReceives >= IngestionDefaults.silence {
      fold.brokerFellSilent()
    }
  }

  /// Makes what the consumer has read durable; nothing where that was done already.
  private func store() throws {
    guard !consumer.batch.isEmpty, !isBatchStored else { return }
    let now = Timestamp(milliseconds: FaultControl.wallClockMs)
    if firstMessage == nil { firstMessage = (.now, IngestionStatistics.processorSeconds()) }
    batch.removeAll()
    let readingsBefore = fold.progress.storedReadings
    consumer.batch.forEachDelivery { topic, payload, delivery in
      fold.take(topic: topic, payload: payload, delivery, received: now, into: &batch)
    }
    fold.finish(&batch)
    storedSinceCheckpoint += batch.stored.count
    if storedSinceCheckpoint >= settings.messagesPerCheckpoint {
      addCheckpoint()
      storedSinceCheckpoint = 0
    }
    noteLatencies(commitSeconds: try commit())
    measured.messages += consumer.batch.count
    measured.readings += fold.progress.storedReadings - readingsBefore
    isBatchStored = true
  }

  private func acknowledge() throws {
    guard isBatchStored else { return }
    try consumer.acknowledge()
    acknowledgedDeliveries = fold.progress.deliveries
    isBatchStored = false
    CrashPoint.acknowledged.pass()
    if let firstMessage {
      measured.activeSeconds = (ContinuousClock.now - firstMessage.instant).seconds
      measured.cpuSeconds = IngestionStatistics.processorSeconds() - firstMessage.cpu
    }
  }

  /// Asks nodes of Sparkplug for their births where that is due.
  private func askForBirths() throws {
    guard settings.sparkplug?.rebirth == .ask else { return }
    for command in fold.rebirths(Timestamp(milliseconds: FaultControl.wallClockMs)) {
      try consumer.publish(topic: command.topic, payload: command.payload)
      logger.info("asked for a birth: \(command.topic)")
    }
  }

  /// To be called when the batch is durable.
  private func noteLatencies(commitSeconds: Double) {
    guard !consumer.batch.intendedTimes.isEmpty else { return }
    let now = Self.nowMicroseconds
    for intended in consumer.batch.intendedTimes {
      measured.endToEndMicroseconds.record(UInt64(max(0, now - intended.microseconds)))
    }
    stages.note(consumer.batch.intendedTimes, at: now, commitSeconds: commitSeconds)
  }

  private func tell(_ observe: (IngestionEvent) -> Void) {
    guard let news = stages.news(at: Self.nowMicroseconds) else { return }
    let progress = fold.progress
    observe(
      .stage(news, known: progress.storedMessages + progress.lateMessages + progress.rejectedMessages))
  }

  private static var nowMicroseconds: Int64 { Int64(Date().timeIntervalSince1970 * 1e6) }

  /// Commits the batch, and tries again for a while where that fails: a full disk may get room, a lock may go. Until
  /// then nothing is read, and the broker holds what comes. Returns how long it took, in seconds.
  @discardableResult
  private func commit() throws -> Double {
    let deadline = ContinuousClock.now + IngestionDefaults.commitRetryFor
    var nextNotice = ContinuousClock.now
    var noticePause = IngestionDefaults.commitRetryPause
    while true {
      do {
        let begin = ContinuousClock.now
        try writer.commit(batch)
        let seconds = (ContinuousClock.now - begin).seconds
        measured.commits += 1
        measured.commitMicroseconds.record(UInt64(seconds * 1e6))
        return seconds
      } catch {
        guard ContinuousClock.now < deadline else { throw error }
        if ContinuousClock.now >= nextNotice {
          logger.error("cannot store, trying again: \(error)")
          nextNotice = .now + noticePause
          noticePause = min(noticePause * 2, IngestionDefaults.commitRetryNoticeEvery)
        }
        Thread.sleep(forTimeInterval: IngestionDefaults.commitRetryPause.seconds)
      }
    }
  }

  /// Where the session was lost: makes durable which aliases of Sparkplug are in doubt for it, before anything else comes. The next start
  /// finds the session that was made now, and would know of nothing.
  private func keepDoubts() throws {
    guard settings.sparkplug != nil, !consumer.resumedSession else { return }
    batch.removeAll()
    fold.finish(&batch)
    if !batch.lives.isEmpty { try commit() }
  }

  private func writeCheckpoint() throws {
    batch.removeAll()
    fold.finish(&batch)
    addCheckpoint()
    try commit()
  }

  /// A checkpoint, and with it what may be deleted: only rows before a checkpoint can be done without.
  private func addCheckpoint() {
    batch.checkpoint = fold.checkpoint()
    fold.keepTimes(in: &batch)
    guard settings.rules.retain != nil || settings.rules.retainBytes != nil else { return }
    let windows = settings.rules.windows
    batch.retention = Retention(
      from: settings.rules.retain.flatMap { retain in fold.progress.newestOfFleet.map { $0 - retain } },
      bytes: settings.rules.retainBytes,
      finalBefore: fold.progress.fleetWatermark.map { $0 - windows.allowedLateness - windows.window })
  }

  /// Drops the connection, and makes another: the broker sends again what was not acknowledged. Returns without one where it
  /// is told to stop meanwhile: what was read is stored.
  private func reconnect(after error: MQTTError, _ stop: StopFlag) throws {
    logger.warning("\(error); connecting again")
    let isShort = ContinuousClock.now - connectedAt < IngestionDefaults.steadyConnection
    reconnectPause =
      isShort
      ? min(
        max(reconnectPause * 2, IngestionDefaults.reconnectPause), IngestionDefaults.longestReconnectPause)
      : .zero
    if reconnectPause == IngestionDefaults.longestReconnectPause {
      logger.warning(
        "connections break as soon as they are made; has another client the client id \(settings.clientID.quoted)?"
      )
    }
    let next = ContinuousClock.now + reconnectPause
    while ContinuousClock.now < next, !stop.isSet {
      Thread.sleep(forTimeInterval: IngestionDefaults.reconnectPause.seconds)
    }
    let deadline = ContinuousClock.now + IngestionDefaults.reconnectFor
    while !stop.isSet {
      do {
        former = try FormerSubscriptions(settings, writer)
        let (consumer, subscribedAfter) = try Self.connect(
          settings, agreed.version, writer, former, deliveries: fold.progress.deliveries,
          readsDuplicateFlag: fold.needsDuplicateFlag(redelivery), stop)
        self.consumer = consumer
        connectedAt = .now
        isBatchStored = false
        silentReceives = 0
        fold.sessionBegan(
          resumed: consumer.resumedSession, subscribedAfter: subscribedAfter,
          acknowledged: acknowledgedDeliveries, redelivery: redelivery, version: agreed.version)
        try keepDoubts()
        logger.info("connected again\(consumer.resumedSession ? "; session resumed" : "")")
        if !consumer.resumedSession {
          let known = fold.progress.messages
          logger.warning("\(Self.loss(ofSessionOf: settings.clientID, knownMessages: known))")
        }
        return
      } catch {
        switch error as? MQTTError {
        case .stopped?: return
        case .subscriptionRefused?: throw error
        default: break
        }
        guard ContinuousClock.now < deadline else { throw error }
        if (error as? MQTTError)?.mayBeTheVersion ?? false, settings.mqtt ?? .auto == .auto {
          // Another broker may have taken its place. Where it does not answer either, what was found stands.
          if let found = try? Self.prove(settings, logger, stop) { (agreed, redelivery) = found }
        }
        Thread.sleep(forTimeInterval: IngestionDefaults.reconnectPause.seconds)
      }
    }
  }
}
