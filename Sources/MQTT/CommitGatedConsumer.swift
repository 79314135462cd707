import CMosquitto
import Foundation

/// A subscriber that acknowledges a message only when told that it is stored.
///
/// Stock libmosquitto queues an acknowledgement before it hands over the message. A client marked as threaded does not
/// write what is queued, so the owner of the socket decides when acknowledgements leave: ``receive(limit:within:)``
/// only reads, and ``acknowledge()`` only writes. That is a side effect the library does not promise, which is why
/// ``AcknowledgementSelfTest`` proves it against the broker in use.
///
/// The order is always: receive, store durably, acknowledge. After an error the consumer is dropped without
/// a DISCONNECT; the broker then sends again what was not acknowledged.
package final class CommitGatedConsumer {
  /// Whether the broker had kept the session of an earlier life with the same client id.
  package let resumedSession: Bool
  /// What ``receive(limit:within:)`` has read since the last ``acknowledge()``.
  package private(set) var batch = MessageBatch()

  /// Messages that can be under way unacknowledged: MQTT has so many packet ids.
  package static let mostUnderWay = 65_535

  private let connection: MQTTConnection
  private var lastMaintenance = ContinuousClock.now
  private let answerPatience: Duration
  /// When the answers to the subscriptions are overdue, if no message comes until then.
  private var answerDue: ContinuousClock.Instant
  private var inFlight = InFlightLimit()
  /// When the last batch was acknowledged; nil before the first.
  private var acknowledgedAt: ContinuousClock.Instant?

  /// Connects with a session that outlives the connection, and subscribes to `filters` at QoS 1. Throws ``MQTTError``.
  ///
  /// - Parameters:
  ///   - formerFilters: What the same client id may have been subscribed to before. It is given up: no more of it is queued, and
  ///     what is queued already still comes.
  ///   - sessionExpiry: How long the broker keeps messages for this client id while nobody is connected with it. MQTT 3.1.1 cannot
  ///     say it: there the broker's own setting counts.
  ///   - answerPatience: How long neither the answers to the subscriptions nor a message may come, while one receives.
  ///   - readsDuplicateFlag: Whether messages of a session that goes on say that the broker has sent them before (DUP), which costs a line
  ///     of the library's log each, until as many have come as can have been under way.
  ///   - gatesAcknowledgements: False makes a client as the library has it, which acknowledges what it hands over at once. It is there
  ///     to show that ``AcknowledgementSelfTest`` finds such a client out.
  ///   - isStopped: Asked while it is connected; where it says so, ``MQTTError/stopped`` is thrown.
  package init(
    address: BrokerAddress, clientID: String, filters: [String], formerFilters: [String] = [],
    sessionExpiry: Duration, version: ProtocolVersion = .five,
    answerPatience: Duration = MQTTConnection.connectTimeout, readsDuplicateFlag: Bool = true,
    gatesAcknowledgements: Bool = true, until isStopped: () -> Bool = { false }
  ) throws {
    self.answerPatience = answerPatience
    answerDue = .now + answerPatience
    connection = try MQTTConnection(
      address: address,
      options: .init(
        clientID: clientID, cleanStart: false,
        sessionExpirySeconds: UInt32(clamping: sessionExpiry.components.seconds),
        queuesWrites: gatesAcknowledgements, version: version))
    resumedSession = try connection.open(until: isStopped)
    if resumedSession, readsDuplicateFlag {
      connection.watchRepetitions()
      watchesRepetitions = true
    }
    connection.onMessage = { [unowned self] message, properties, isRepetition in
      let delivery = MessageBatch.Delivery(
        packetID: UInt16(truncatingIfNeeded: message.pointee.mid), isRetained: message.pointee.retain,
        isRepetition: isRepetition)
      batch.append(
        topic: message.pointee.topic,
        payload: UnsafeRawBufferPointer(
          start: message.pointee.payload, count: Int(message.pointee.payloadlen)),
        delivery, intended: properties.flatMap { IntendedTime.read($0) })
    }
    // First the new, then the old: what both match is not missed in between.
    for filter in filters { try connection.subscribe(filter) }
    answerDue = .now + answerPatience
    for former in formerFilters where !filters.contains(former) { try connection.unsubscribe(former) }
  }

  /// As ``init(address:clientID:filters:formerFilters:sessionExpiry:version:answerPatience:readsDuplicateFlag:gatesAcknowledgements:until:)``, with one filter.
  package convenience init(
    address: BrokerAddress, clientID: String, filter: String, sessionExpiry: Duration,
    version: ProtocolVersion = .five, gatesAcknowledgements: Bool = true,
    until isStopped: () -> Bool = { false }
  ) throws {
    try self.init(
      address: address, clientID: clientID, filters: [filter], sessionExpiry: sessionExpiry, version: version,
      gatesAcknowledgements: gatesAcknowledgements, until: isStopped)
  }

  /// A consumer of `filter` with a session in which nothing is left of an earlier one: where the broker had kept that, because
  /// whoever had it was killed, it is forgotten first. Throws ``MQTTError``.
  static func anew(
    address: BrokerAddress, clientID: String, filter: String, sessionExpiry: Duration,
    version: ProtocolVersion, gatesAcknowledgements: Bool = true, until isStopped: () -> Bool
  ) throws -> CommitGatedConsumer {
    func connect() throws -> CommitGatedConsumer {
      try CommitGatedConsumer(
        address: address, clientID: clientID, filter: filter, sessionExpiry: sessionExpiry, version: version,
        gatesAcknowledgements: gatesAcknowledgements, until: isStopped)
    }
    // Only where there is one to be forgotten: amqtt keeps nothing of a session that follows a clean start at once. Nor does it
    // always forget, and what is left of a session would be taken for what is tried.
    let first = try connect()
    guard first.resumedSession else { return first }
    try forgetSession(of: clientID, at: address, version: version)
    let second = try connect()
    guard !second.resumedSession else {
      throw MQTTError.acknowledgesEarly(address, observed: "the broker kept a session that it was to forget")
    }
    return second
  }

  private var watchesRepetitions = false

  /// Has the broker at `address` forget the session of `clientID`, with all that it has queued for it. Throws ``MQTTError``.
  ///
  /// - Parameter patience: How long the broker may take to answer.
  package static func forgetSession(
    of clientID: String, at address: BrokerAddress, version: ProtocolVersion,
    within patience: Duration = MQTTConnection.connectTimeout
  ) throws {
    // A clean start ends the session that there was; that of this connection ends with it, in MQTT 5 because it expires at once.
    let last = try MQTTConnection(
      address: address,
      options: .init(
        clientID: clientID, cleanStart: true, sessionExpirySeconds: 0, queuesWrites: false, version: version))
    try last.open(within: patience)
    last.close()
  }

  /// Reads until the broker has answered the subscriptions: what is published from then on comes. What arrives meanwhile is in
  /// ``batch``. For a session that was not resumed; of another one everything that is queued may come first, and it was subscribed
  /// before, so ``receive(limit:byteLimit:within:)`` minds the answer.
  ///
  /// - Parameters:
  ///   - patience: How long neither an answer nor a message may come.
  ///   - byteLimit: Where ``batch`` holds this many bytes, it is full.
  ///   - isStopped: Asked while it waits; where it says so, ``MQTTError/stopped`` is thrown.
  /// - Returns: False where ``batch`` was full before the answer came: what is in it must be acknowledged first, and whoever
  ///   receives goes on waiting.
  /// - Throws: ``MQTTError``, ``MQTTError/timedOut(_:waitingFor:)`` where nothing came within `patience`.
  @discardableResult
  package func awaitSubscription(
    within patience: Duration, byteLimit: Int = .max, until isStopped: () -> Bool = { false }
  ) throws -> Bool {
    var deadline = ContinuousClock.now + patience
    while !connection.subscriptions.areAnswered {
      guard batch.count < Self.mostUnderWay, batch.byteCount < byteLimit else { return false }
      if try connection.read(upTo: 1) > 0 {
        deadline = .now + patience
        continue
      }
      guard !isStopped() else { throw MQTTError.stopped }
      guard ContinuousClock.now < deadline || connection.subscriptions.areAnswered else {
        throw unanswered
      }
      _ = try connection.waitUntilReadable(.milliseconds(20))
    }
    return true
  }

  private var unanswered: MQTTError {
    .timedOut(connection.address, waitingFor: "answer to the subscription")
  }

  /// Throws ``MQTTError/timedOut(_:waitingFor:)`` where nothing came for ``answerPatience``, neither the answer to a subscription nor
  /// a message that may come before it.
  private func mindAnswer() throws {
    guard batch.isEmpty, !connection.subscriptions.areAnswered else { return }
    // Who was halted finds the time gone by, and the answer perhaps in the socket.
    guard ContinuousClock.now >= answerDue, try connection.read(upTo: 1) == 0,
      !connection.subscriptions.areAnswered
    else { return }
    throw unanswered
  }

  /// Reads into ``batch`` until it holds `limit` messages, or until `interval` has passed since the call and there is
  /// nothing more to read at once. Throws ``MQTTError``, also where subscriptions stay without an answer though nothing more comes.
  ///
  /// - Parameter byteLimit: Where the batch holds this many bytes, it is full as well.
  package func receive(limit: Int, byteLimit: Int, within interval: Duration) throws {
    let deadline = ContinuousClock.now + interval
    if watchesRepetitions, connection.messageCount > Self.mostUnderWay {
      connection.ignoreRepetitions()
      watchesRepetitions = false
    }
    while batch.count < limit, batch.byteCount < byteLimit {
      if let most = inFlight.limit, batch.unacknowledged >= most {
        // Nothing more comes until these are acknowledged; or it is no limit.
        guard try batch.unacknowledged > most || connection.waitUntilReadable(.zero) else { return }
        inFlight.wasExceeded()
      }
      let isFirst = batch.isEmpty
      // Many at a time between two looks at the clock; few enough that a batch stays near its limit.
      if try connection.read(upTo: min(64, limit - batch.count)) > 0 {
        if isFirst { inFlight.began(after: acknowledgedAt.map { .now - $0 }) }
        if ContinuousClock.now >= deadline { return }
        continue
      }
      let rest = deadline - .now
      guard rest > .zero else { break }
      guard try connection.waitUntilReadable(max(.milliseconds(1), rest)) else {
        inFlight.endedInSilence(batch.unacknowledged)
        break
      }
    }
    try mindAnswer()
    if batch.isEmpty { try maintain() }
  }

  /// Sends the acknowledgements of everything in ``batch``, and empties it. Call it when all of that is durable.
  package func acknowledge() throws {
    // What comes before the acknowledgement has left was not waiting for it.
    let othersCame = try !batch.isEmpty && connection.waitUntilReadable(.zero)
    try connection.flushInFullSegments()
    if !batch.isEmpty {
      answerDue = .now + answerPatience
      acknowledgedAt = othersCame ? nil : .now
    }
    batch.removeAll()
    try maintain()
  }

  /// Publishes a message at QoS 0. ``batch`` must be acknowledged: what is queued leaves with it. Throws ``MQTTError``.
  package func publish(topic: String, payload: [UInt8]) throws {
    precondition(batch.isEmpty, "messages would be acknowledged that nobody has stored")
    _ = try payload.withUnsafeBytes {
      try connection.publish(topic: topic, payload: $0, quality: .atMostOnce)
    }
    try connection.flush()
  }

  /// Keep-alive. Only with an empty batch: a PING would take the queued acknowledgements with it.
  private func maintain() throws {
    guard ContinuousClock.now - lastMaintenance > .seconds(1) else { return }
    lastMaintenance = .now
    try connection.maintain()
    try connection.flush()
  }

  /// Disconnects from the broker, which keeps the session. ``batch`` must be acknowledged.
  package func finish() {
    precondition(batch.isEmpty, "messages would be acknowledged that nobody has stored")
    connection.closeAfterDelivery()
  }
}
