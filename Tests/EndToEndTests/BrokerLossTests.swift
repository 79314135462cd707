import Foundation
import GRDB
import MQTT
import TestSupport
import Testing

/// The cells of the table in docs/brokers.md that are about amqtt, on which no subscriber can have each message once: what it acknowledges
/// and does not deliver, counted by a subscriber that acknowledges nothing before it is told to.
@Suite(.serialized, .timeLimit(.minutes(60)), .installed(AmqttBroker()))
struct BrokerLossTests {
  /// A subscriber with a session, which notes what it has received.
  private final class Subscriber {
    private let consumer: CommitGatedConsumer
    private(set) var received: [Int] = []
    var resumedSession: Bool { consumer.resumedSession }

    init(_ broker: BrokerAddress) throws {
      consumer = try CommitGatedConsumer(
        address: broker, clientID: "subscriber", filter: "devices/#", sessionExpiry: .zero,
        version: .threeOneOne)
      if !consumer.resumedSession {
        #expect(try consumer.awaitSubscription(within: .seconds(600)))
      }
    }

    /// Receives until message `last` has come. Throws ``MQTTError``, and where that takes ten minutes.
    func receive(through last: Int, acknowledging: Bool) throws {
      let deadline = ContinuousClock.now + .seconds(600)
      var seen = 0
      while !received.contains(last) {
        try #require(ContinuousClock.now < deadline, "message \(last) did not come, only \(received)")
        try consumer.receive(limit: seen + 1, byteLimit: .max, within: .milliseconds(100))
        var number = 0
        consumer.batch.forEachMessage { _, payload, _ in
          number += 1
          if number > seen, let sequence = Self.sequence(payload) { received.append(sequence) }
        }
        seen = number
        if acknowledging {
          try consumer.acknowledge()
          seen = 0
        }
      }
    }

    private static func sequence(_ payload: UnsafeBufferPointer<UInt8>) -> Int? {
      let message = try? JSONSerialization.jsonObject(with: Data(payload)) as? [String: Any]
      return message?["seq"] as? Int
    }

    /// Says goodbye, and waits until the broker has heard it.
    func leave() { consumer.finish() }
  }

  /// `sonde ingest` tries the broker before it reads anything, and does not start.
  @Test(arguments: [false, true]) func ingestionDoesNotStartOnAmqtt(isAnonymous: Bool) async throws {
    try await withTemporaryFolder { folder in
      try await withInstalledBroker(AmqttBroker(isAnonymous: isAnonymous), in: folder) { installed in
        let ingestion = BrokerIngestion(installed.address, in: folder, mqtt: "3.1.1")
        do {
          try await ingestion.start()
          Issue.record("ingestion has started on a broker that loses what is under way")
          try await ingestion.kill()
        } catch let failure as BrokerIngestion.Failure {
          #expect(failure.description.contains("exit code 69"), "\(failure)")
          // It forgets the session of one without a name within a second, and, where it is slow, may hang up on who comes back.
          let reasons = [
            "an unacknowledged message did not come again", "The connection was lost",
            "the broker did not keep the session",
          ]
          #expect(
            reasons.prefix(isAnonymous ? 3 : 2).contains(where: failure.description.contains), "\(failure)")
        }
      }
    }
  }

  /// A subscriber dies with messages that it has read and not acknowledged, and more come while it is away.
  @Test(arguments: [false, true]) func amqttAndASubscriberThatDies(isAnonymous: Bool) async throws {
    try await withTemporaryFolder { folder in
      try await withInstalledBroker(AmqttBroker(isAnonymous: isAnonymous), in: folder) { installed in
        let broker = installed.address
        do {
          let subscriber = try Subscriber(broker)
          try BrokerMessages(numbered: 0..<100).publish(to: broker)
          try subscriber.receive(through: 99, acknowledging: false)
          #expect(subscriber.received == Array(0..<100))
          // Dropped here, without a word.
        }
        // Comes and goes in order, so that the broker knows that nobody is there.
        let second = try Subscriber(broker)
        // It forgets the session of one without a name, within a second.
        if !isAnonymous { #expect(second.resumedSession) }
        second.leave()
        // More than mosquitto would keep.
        try BrokerMessages(numbered: 100..<1600).publish(to: broker)
        let third = try Subscriber(broker)
        if !isAnonymous { #expect(third.resumedSession) }
        try BrokerMessages(numbered: 1600..<1601).publish(to: broker)
        try third.receive(through: 1600, acknowledging: true)
        // The hundred under way are gone in either case. Those that came while nobody was there were kept for one with a name.
        #expect(third.received == (isAnonymous ? [1600] : Array(100..<1601)))
        print(
          "amqtt, \(isAnonymous ? "nameless" : "named"): of 100 under way and 1500 while away, \(third.received.count - 1) came"
        )
        third.leave()
      }
    }
  }

  /// The broker dies with messages that wait for a subscriber that it knows by name, or with the subscriber that has read them and not
  /// acknowledged.
  @Test(arguments: [false, true]) func amqttIsKilled(withItsSubscriber: Bool) async throws {
    try await withTemporaryFolder { folder in
      try await withInstalledBroker(AmqttBroker(), in: folder) { installed in
        do {
          let subscriber = try Subscriber(installed.address)
          if !withItsSubscriber { subscriber.leave() }
          try BrokerMessages(numbered: 0..<100).publish(to: installed.address)
          if withItsSubscriber { try subscriber.receive(through: 99, acknowledging: false) }
          try await installed.kill()
        }
        try await installed.restart()
        let second = try Subscriber(installed.address)
        #expect(!second.resumedSession)
        try BrokerMessages(numbered: 100..<101).publish(to: installed.address)
        try second.receive(through: 100, acknowledging: true)
        #expect(second.received == [100])
        second.leave()
      }
    }
  }
}

/// What the tests of brokers are held against finds the smallest loss, and the smallest repetition.
@Suite struct BrokerAccountTests {
  @Test func aLossAndARepetitionAreFound() async throws {
    try await withTemporaryFolder { folder in
      try await withInstalledBroker(MosquittoBroker(), in: folder) { installed in
        let messages = BrokerMessages(numbered: 0..<10, foreign: 20, late: 5, garbage: 5)
        let ingestion = BrokerIngestion(installed.address, in: folder, mqtt: "3.1.1")
        try await ingestion.start()
        try messages.publish(to: installed.address)
        try await ingestion.wait(forAtLeast: messages.count)
        try await ingestion.stop()
        #expect(try ingestion.account().differences(from: messages).isEmpty)

        let columns = "device, epoch, seq, ts_ms, sensor_set"
        let damages = [
          ("DELETE FROM journal WHERE seq = 7", ["9 of 10 numbered messages are there", "lost: [7]"]),
          (
            "INSERT INTO journal (\(columns)) SELECT \(columns) FROM journal WHERE seq = 3",
            ["1 numbered messages are there twice"]
          ),
          (
            "DELETE FROM journal WHERE id = (SELECT max(id) FROM journal WHERE seq IS NULL)",
            ["19 of 20 foreign messages are there"]
          ),
          (
            "INSERT INTO journal (\(columns)) SELECT \(columns) FROM journal WHERE seq IS NULL LIMIT 1",
            ["1 foreign messages are there twice"]
          ),
          ("DELETE FROM late WHERE id = (SELECT max(id) FROM late)", ["4 of 5 late messages are there"]),
          (
            "DELETE FROM rejected WHERE id = (SELECT max(id) FROM rejected)",
            ["4 of 5 rejected messages are there", "5 rejected messages are counted, 4 kept"]
          ),
          (
            "UPDATE progress SET rejected_messages = rejected_messages + 1",
            ["6 rejected messages are counted, 5 kept"]
          ),
        ]
        for (damage, findings) in damages {
          let copy = "\(folder)/copy-\(UUID().uuidString).sqlite"
          try DatabaseQueue(path: ingestion.store).backup(to: DatabaseQueue(path: copy))
          try await DatabaseQueue(path: copy).write { try $0.execute(sql: damage) }
          #expect(try BrokerAccount(store: copy).differences(from: messages) == findings, "\(damage)")
        }
      }
    }
  }
}
