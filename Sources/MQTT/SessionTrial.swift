import Foundation

/// Finds out by experiment what a broker keeps of a session, how much of it, and how much it sends at a time.
///
/// A subscriber with a session and a topic of its own receives one message, so that its topic is known to be delivered. It goes away,
/// messages are published, it comes back, reads without acknowledging until nothing more comes, dies, comes back, acknowledges all, and
/// comes back a last time. What it has seen is a value (``SessionObservations``) that says what is to be said.
package enum SessionTrial {
  /// Messages that are published. More than mosquitto keeps by default, so that its bound shows.
  package static let messages = 2000
  /// How long the broker may take for each step.
  static let patience = Duration.seconds(10)
  /// How long nothing must come to count as “no more”.
  package static let silence = Duration.seconds(1)
  /// How long messages are collected before they are acknowledged.
  static let interval = Duration.milliseconds(20)

  /// Carries it out, and leaves nothing behind. Throws ``MQTTError`` where it cannot be carried out,
  /// ``MQTTError/deliversNothing(_:topic:)`` where the broker keeps what is published from whoever is subscribed.
  ///
  /// - Parameters:
  ///   - clientID: The id of the real consumer, to which a suffix is added. Two trials with one id at a time disturb each other.
  ///   - silence: How long nothing must come to count as “no more”.
  ///   - isStopped: Asked while it waits; where it says so, ``MQTTError/stopped`` is thrown.
  package static func run(
    address: BrokerAddress, clientID: String, version: ProtocolVersion, messages: Int = messages,
    silence: Duration = silence, until isStopped: @escaping () -> Bool = { false }
  ) throws -> SessionObservations {
    let trial = Trial(
      address: address, identity: "\(clientID)-session", version: version, messages: messages,
      silence: silence, isStopped: isStopped)
    defer { trial.forget() }
    return try trial.run()
  }
}

private struct Trial {
  let address: BrokerAddress
  let identity: String
  let version: ProtocolVersion
  let messages: Int
  let silence: Duration
  let isStopped: () -> Bool

  private var topic: String { "sonde/doctor/\(identity)" }

  func forget() {
    try? CommitGatedConsumer.forgetSession(
      of: identity, at: address, version: version,
      within: isStopped() ? AcknowledgementSelfTest.lastPatience : MQTTConnection.connectTimeout)
  }

  private func mindStop() throws {
    if isStopped() { throw MQTTError.stopped }
  }

  private func subscriber() throws -> CommitGatedConsumer {
    try CommitGatedConsumer(
      address: address, clientID: identity, filter: topic, sessionExpiry: .seconds(600), version: version,
      until: isStopped)
  }

  func run() throws -> SessionObservations {
    let first = try CommitGatedConsumer.anew(
      address: address, clientID: identity, filter: topic, sessionExpiry: .seconds(600), version: version,
      until: isStopped)
    try first.awaitSubscription(within: SessionTrial.patience, until: isStopped)
    try publish([Self.probe])
    try receiveProbe(first)
    first.finish()
    try publish((0..<messages).map(String.init))

    var seen: SessionObservations
    var inFlight: Set<Int> = []
    do {
      let second = try subscriber()
      seen = SessionObservations(
        version: version, published: messages, resumedSession: second.resumedSession)
      guard second.resumedSession else { return seen }
      try readAll(second, expecting: messages)
      inFlight.formUnion(numbered(second.batch))
      seen.inFlight = inFlight.count
      // Dropped here, unacknowledged.
    }
    let third = try subscriber()
    try readAll(third, expecting: inFlight.count)
    seen.cameAgain = inFlight.intersection(numbered(third.batch)).count
    let received = try acknowledgeAll(third, &seen)
    third.finish()
    let all = received.union(inFlight)
    seen.received = all.count
    seen.firstMissing = (0..<messages).first { !all.contains($0) }

    let fourth = try subscriber()
    try fourth.receive(limit: messages, byteLimit: .max, within: silence / 2)
    seen.cameAfterAcknowledgement += numbered(fourth.batch).count { received.contains($0) }
    try fourth.acknowledge()
    fourth.finish()
    return seen
  }

  /// No number.
  private static let probe = "probe"

  /// Receives what was published to the topic just now. Whether a session keeps it cannot be told where it is not even delivered.
  private func receiveProbe(_ consumer: CommitGatedConsumer) throws {
    let deadline = ContinuousClock.now + SessionTrial.patience
    var isThere = false
    while !isThere {
      try mindStop()
      guard ContinuousClock.now < deadline else {
        throw MQTTError.deliversNothing(address, topic: topic)
      }
      try consumer.receive(limit: 1, byteLimit: .max, within: .milliseconds(100))
      consumer.batch.forEachMessage { _, payload, _ in
        isThere = isThere || payload.elementsEqual(Self.probe.utf8)
      }
      try consumer.acknowledge()
    }
  }

  private func publish(_ payloads: [String]) throws {
    var client = PublisherClient(id: "\(identity)-p")
    client.version = version
    let pool = try PublisherPool(address: address, clients: [client], until: isStopped)
    defer { pool.close() }
    for payload in payloads {
      try mindStop()
      try Array(payload.utf8).withUnsafeBytes {
        try pool.publish(client: 0, topic: topic, payload: $0, as: .messages(1, readings: 0))
      }
    }
    let deadline = ContinuousClock.now + SessionTrial.patience
    while !pool.isDrained {
      guard ContinuousClock.now < deadline else {
        throw MQTTError.timedOut(address, waitingFor: "acknowledgement of what was published")
      }
      try mindStop()
      try pool.pump(.milliseconds(50))
    }
  }

  /// Reads without acknowledging until `count` messages are there, or nothing more comes.
  private func readAll(_ consumer: CommitGatedConsumer, expecting count: Int) throws {
    let begin = ContinuousClock.now
    while consumer.batch.count < count {
      try mindStop()
      let before = consumer.batch.count
      try consumer.receive(limit: count, byteLimit: .max, within: silence)
      if consumer.batch.count > before { continue }
      // The first may be long in coming.
      guard before == 0, ContinuousClock.now - begin < SessionTrial.patience else { return }
    }
  }

  /// Acknowledges what `consumer` has read and all that still comes. Returns the numbers of the messages.
  private func acknowledgeAll(_ consumer: CommitGatedConsumer, _ seen: inout SessionObservations) throws
    -> Set<Int>
  {
    var numbers: Set<Int> = []
    var last = ContinuousClock.now
    while true {
      try mindStop()
      for number in numbered(consumer.batch) where !numbers.insert(number).inserted {
        seen.cameAfterAcknowledgement += 1
      }
      if !consumer.batch.isEmpty { last = .now }
      try consumer.acknowledge()
      guard numbers.count < messages, ContinuousClock.now - last < silence else {
        return numbers
      }
      try consumer.receive(limit: messages, byteLimit: .max, within: SessionTrial.interval)
    }
  }

  /// The numbers of the messages.
  private func numbered(_ batch: MessageBatch) -> [Int] {
    var found: [Int] = []
    batch.forEachMessage { _, payload, _ in
      // What others publish to this topic is no part of the trial.
      guard let number = Int(String(decoding: payload, as: UTF8.self)), (0..<messages).contains(number) else {
        return
      }
      found.append(number)
    }
    return found
  }
}
