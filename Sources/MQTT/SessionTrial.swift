import Foundation

/// Finds out by experiment what a broker keeps of a session, how much of it, and how much it sends at a time.
///
/// A subscriber with a session and a topic of its own goes away, messages are published, it comes back, reads without
/// acknowledging until nothing more comes, dies, comes back, acknowledges all, and comes back a last time. What it has seen is a value
/// (``SessionObservations``) that says what is to be said.
package enum SessionTrial {
  /// Messages that are published. More than mosquitto keeps by default, so that its bound shows.
  package static let messages = 2000
  /// How long the broker may take for each step.
  static let patience = Duration.seconds(10)
  /// How long nothing must come to count as “no more”.
  package static let silence = Duration.seconds(1)
  /// How long messages are collected before they are acknowledged.
  static let interval = Duration.milliseconds(20)

  /// Carries it out, and leaves nothing behind. Throws ``MQTTError`` where it cannot be carried out.
  ///
  /// - Parameters:
  ///   - clientID: The id of the real consumer, to which a suffix is added.
  ///   - silence: How long nothing must come to count as “no more”.
  package static func run(
    address: BrokerAddress, clientID: String, version: ProtocolVersion, messages: Int = messages,
    silence: Duration = silence
  ) throws -> SessionObservations {
    let trial = Trial(
      address: address, identity: "\(clientID)-\(UInt32.random(in: .min ... .max))", version: version,
      messages: messages,
      silence: silence)
    // Of an id that is new nothing has to be forgotten first: amqtt keeps nothing of a session that follows a clean one at once.
    defer { try? trial.forget() }
    return try trial.run()
  }
}

private struct Trial {
  let address: BrokerAddress
  let identity: String
  let version: ProtocolVersion
  let messages: Int
  let silence: Duration

  private var topic: String { "sonde/doctor/\(identity)" }

  func forget() throws { try CommitGatedConsumer.forgetSession(of: identity, at: address, version: version) }

  private func subscriber() throws -> CommitGatedConsumer {
    try CommitGatedConsumer(
      address: address, clientID: identity, filter: topic, sessionExpiry: .seconds(600), version: version)
  }

  func run() throws -> SessionObservations {
    let first = try subscriber()
    try first.awaitSubscription(within: SessionTrial.patience)
    first.finish()
    try publish()

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

  private func publish() throws {
    var client = PublisherClient(id: "\(identity)-p")
    client.version = version
    let pool = try PublisherPool(address: address, clients: [client])
    for number in 0..<messages {
      try Array(String(number).utf8).withUnsafeBytes {
        try pool.publish(client: 0, topic: topic, payload: $0, as: .messages(1, readings: 0))
      }
    }
    let deadline = ContinuousClock.now + SessionTrial.patience
    while !pool.isDrained {
      guard ContinuousClock.now < deadline else {
        throw MQTTError.timedOut(address, waitingFor: "acknowledgement of what was published")
      }
      try pool.pump(.milliseconds(50))
    }
    pool.close()
  }

  /// Reads without acknowledging until `count` messages are there, or nothing more comes.
  private func readAll(_ consumer: CommitGatedConsumer, expecting count: Int) throws {
    let begin = ContinuousClock.now
    while consumer.batch.count < count {
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
