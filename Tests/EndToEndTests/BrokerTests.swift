import Foundation
import GRDB
import MQTT
import Supervision
import TestSupport
import Testing

/// The cells of the table in docs/brokers.md that are about brokers with which ingestion works: what is still there when ingestion, the
/// broker, or both are killed. The brokers are those that people install, with their own defaults.
@Suite(.serialized, .timeLimit(.minutes(60))) struct BrokerTests {
  /// A broker, and what it keeps of what waits in it when it is killed.
  struct Case: Sendable, CustomTestStringConvertible {
    var product: any BrokerProduct
    /// As ingestion is told to speak.
    var mqtt: String
    /// False: nothing, not even who has subscribed.
    var keepsItsQueue: Bool
    /// How many messages come while ingestion is away: as many as it is to keep.
    var whileAway: Int
    /// The newest version of MQTT that it speaks.
    var version: ProtocolVersion
    /// How it sends again what was not acknowledged.
    var form: RedeliveryForm
    /// How many messages it sends before it waits for acknowledgements.
    var underWay: Range<Int>
    var testDescription: String { product.name }
  }

  /// 20 is its setting; it sends some more, depending on how fast it is read.
  static let mosquitto = Case(
    product: MosquittoBroker(), mqtt: "3.1.1", keepsItsQueue: false, whileAway: 300, version: .five,
    form: .samePacketID, underWay: 20..<200)
  static let rabbitMQ = Case(
    product: RabbitMQBroker(), mqtt: "auto", keepsItsQueue: true, whileAway: 3000, version: .threeOneOne,
    form: .newPacketID, underWay: 10..<11)

  /// Runs `body` with a broker and ingestion on it, which is not started yet.
  private static func with(
    _ broker: Case, _ body: (InstalledBroker, BrokerIngestion) async throws -> Void
  ) async throws {
    try await withTemporaryFolder { folder in
      try await withInstalledBroker(broker.product, in: folder) { installed in
        let ingestion = BrokerIngestion(installed.address, in: folder, mqtt: broker.mqtt)
        do {
          try await body(installed, ingestion)
        } catch {
          try? await ingestion.kill()
          throw error
        }
        try await ingestion.stop()
      }
    }
  }

  /// Kills ingestion at every one of these steps, and demands each message once.
  private static func killIngestion(on broker: Case) async throws {
    let steps: [(CrashPoint, Int)] = [
      (.subscribed, 1), (.beforeBegin, 1), (.journaled, 2), (.beforeCommit, 3), (.committed, 1),
      (.committed, 3),
      (.acknowledged, 2), (.stopping, 1),
    ]
    let messages = BrokerMessages(numbered: 0..<180, foreign: 20, late: 10, garbage: 20)
    try await withTemporaryFolder { folder in
      try await withInstalledBroker(broker.product, in: folder) { installed in
        for (index, step) in steps.enumerated() {
          let place = "\(folder)/\(index)"
          try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
          let ingestion = BrokerIngestion(installed.address, in: place, mqtt: broker.mqtt, crashAt: step)
          do {
            try await ingestion.start()
            try messages.publish(to: installed.address)
            try await ingestion.wait(forAtLeast: messages.count)
            try await ingestion.stop()
          } catch {
            try? await ingestion.kill()
            throw error
          }
          #expect(ingestion.deaths == 1, "\(step)")
          #expect(
            try ingestion.account().differences(from: messages).isEmpty, "\(broker.product.name), \(step)")
        }
      }
    }
    print("\(broker.product.name): ingestion killed at \(steps.count) steps, nothing lost, nothing doubled")
  }

  /// Kills the broker with messages in its queue, because ingestion is away.
  private static func killBroker(on broker: Case) async throws {
    try await with(broker) { installed, ingestion in
      try await ingestion.start()
      try BrokerMessages(numbered: 0..<300).publish(to: installed.address)
      try await ingestion.wait(forAtLeast: 300)
      try await ingestion.kill()
      let last = 300 + broker.whileAway
      try BrokerMessages(numbered: 300..<last).publish(to: installed.address)
      try await installed.kill()
      try await installed.restart()
      try await ingestion.start()
      try BrokerMessages(numbered: last..<last + 1).publish(to: installed.address)
      try await ingestion.wait { $0.numbered.last == last }
      let account = try ingestion.account()
      let lost = account.lost(of: BrokerMessages(numbered: 0..<last + 1))
      #expect(Set(account.numbered).count == account.numbered.count, "doubled")
      #expect(lost == (broker.keepsItsQueue ? [] : Array(300..<last)))
      print(
        "\(broker.product.name): killed with \(broker.whileAway) messages in its queue, lost \(lost.count) of them"
      )
    }
  }

  /// Kills ingestion and the broker while messages go from the one to the other.
  private static func killBoth(on broker: Case) async throws {
    try await with(broker) { installed, ingestion in
      try await ingestion.start()
      let messages = BrokerMessages(numbered: 0..<900)
      try messages.publish(to: installed.address)
      try await ingestion.wait(forAtLeast: 50)
      try await ingestion.kill()
      try await installed.kill()
      let before = try ingestion.account().numbered
      try await installed.restart()
      try await ingestion.start()
      try BrokerMessages(numbered: 900..<901).publish(to: installed.address)
      try await ingestion.wait { $0.numbered.last == 900 }
      let account = try ingestion.account()
      let lost = account.lost(of: messages)
      #expect(Set(account.numbered).count == account.numbered.count, "doubled")
      #expect(Set(account.numbered).isSuperset(of: before), "what was stored is stored")
      // What a broker that forgets had not passed on is gone; what had arrived is stored.
      #expect(lost == (broker.keepsItsQueue ? [] : messages.numbered.filter { !before.contains($0) }))
      print("\(broker.product.name): both killed when \(before.count) of 900 were stored, lost \(lost.count)")
    }
  }

  /// Asks the broker for its version of MQTT, how it sends again, and how much it sends at a time.
  private static func ask(_ broker: Case) async throws {
    try await withTemporaryFolder { folder in
      try await withInstalledBroker(broker.product, in: folder) { installed in
        let agreed = try AgreedProtocol.ask(installed.address, clientID: "ask", .auto)
        #expect(agreed.version == broker.version)
        let form = try AcknowledgementSelfTest.run(
          address: installed.address, clientID: "ask", version: .threeOneOne)
        #expect(form == broker.form)
        let subscriber = try CommitGatedConsumer(
          address: installed.address, clientID: "subscriber", filter: "devices/#", sessionExpiry: .zero,
          version: .threeOneOne)
        #expect(try subscriber.awaitSubscription(within: .seconds(600)))
        try BrokerMessages(numbered: 0..<300).publish(to: installed.address)
        let deadline = ContinuousClock.now + .seconds(600)
        while subscriber.batch.count < broker.underWay.lowerBound, ContinuousClock.now < deadline {
          try subscriber.receive(limit: 300, byteLimit: .max, within: .milliseconds(100))
        }
        // Whatever else it would send.
        try subscriber.receive(limit: 300, byteLimit: .max, within: .seconds(2))
        #expect(broker.underWay.contains(subscriber.batch.count), "\(subscriber.batch.count) under way")
        try subscriber.acknowledge()
        subscriber.finish()
      }
    }
  }

  // MARK: - mosquitto

  @Test func mosquittoIsAsked() async throws { try await Self.ask(Self.mosquitto) }

  @Test func mosquittoAndAKillOfIngestion() async throws { try await Self.killIngestion(on: Self.mosquitto) }
  @Test func mosquittoIsKilled() async throws { try await Self.killBroker(on: Self.mosquitto) }
  @Test func mosquittoAndIngestionAreKilled() async throws { try await Self.killBoth(on: Self.mosquitto) }

  // MARK: - RabbitMQ

  @Test(.installed(rabbitMQ.product)) func rabbitMQIsAsked() async throws {
    try await Self.ask(Self.rabbitMQ)
  }

  @Test(.installed(rabbitMQ.product)) func rabbitMQAndAKillOfIngestion() async throws {
    try await Self.killIngestion(on: Self.rabbitMQ)
  }

  @Test(.installed(rabbitMQ.product)) func rabbitMQIsKilled() async throws {
    try await Self.killBroker(on: Self.rabbitMQ)
  }

  @Test(.installed(rabbitMQ.product)) func rabbitMQAndIngestionAreKilled() async throws {
    try await Self.killBoth(on: Self.rabbitMQ)
  }

  /// A run on a broker that is not ours, whose parts break.
  @Test(.installed(rabbitMQ.product)) func aRunOnRabbitMQLosesAndDoublesNothing() async throws {
    try await withTemporaryFolder { folder in
      try await withInstalledBroker(RabbitMQBroker(), in: folder) { installed in
        let path = "\(folder)/rabbitmq.yaml"
        try """
        name: rabbitmq
        seed: 3
        clock: { duration: 1h, speed: max }
        broker: \(installed.address)
        fleet:
          - device: d
            count: 6
            every: 5s
            publish: { mqtt: 3.1.1 }
            sensors:
              a: { signal: [{ sine: { offset: 10, amplitude: 2, period: 10m } }, { noise: { stddev: 1 } }] }
              b: { signal: [{ noise: { stddev: 1 } }] }
        ingestion: { window: 1m, out_of_orderness: 30s, allowed_lateness: 2m }
        faults:
          - { at: 15m, kill: ingestion }
          - { at: 30m, cut: ingestion }
          - { at: 45m, kill: ingestion, for: 300ms }
        expect: [readings.lost == 0, readings.doubled == 0, windows.mismatched == 0]
        """.write(toFile: path, atomically: true, encoding: .utf8)
        let outcome = try await SondeProgram.run(["run", path, "--out", "\(folder)/run"])
        let log = (try? String(contentsOfFile: "\(folder)/run/logs/ingest.log", encoding: .utf8)) ?? ""
        #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)\n\(log.suffix(2000))")
        let readings = try #require(try report(of: "\(folder)/run")["readings"] as? [String: Any])
        // Six devices, 720 messages each, two sensors.
        #expect(readings["stored"] as? Int == 8640)
      }
    }
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips where `product` cannot be started, and says where it comes from; fails there where it is demanded.
  static func installed(_ product: any BrokerProduct) -> Self {
    .enabled("needs \(product.origin)") {
      if DemandedBrokers.contain(product) { return true }
      return await product.reasonNotToStart() == nil
    }
  }
}
