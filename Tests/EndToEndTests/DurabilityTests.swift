import Files
import Foundation
import GRDB
import MQTT
import Supervision
import TestSupport
import Testing

/// The cells of the table in docs/durability.md: what is still there when a process, a broker or the power dies, by quality of
/// service and by broker.
@Suite(.serialized) struct DurabilityTests {
  enum BrokerKind: String, CaseIterable, Sendable {
    /// As a run starts its own.
    case own
    /// As Debian configures it: persistence on, everything else mosquitto's default.
    case foreign
  }

  enum Death: String, CaseIterable, Sendable {
    case processKill
    case powerCut
  }

  private struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// A broker that can be killed and started again with what it had saved.
  private final class Broker {
    private let folder: String
    private let port: UInt16
    private var own: EmbeddedBroker?
    private var foreign: Service?
    let address: BrokerAddress

    init(_ kind: BrokerKind, _ folder: String) async throws {
      self.folder = folder
      switch kind {
      case .own:
        let broker = try await EmbeddedBroker.start(folder: folder, log: "\(folder)/broker.log")
        own = broker
        address = broker.address
        port = address.port
      case .foreign:
        port = try ListeningPort.free()
        address = BrokerAddress(host: "127.0.0.1", port: port)
        try await startForeign()
      }
    }

    private func startForeign() async throws {
      let configuration = "\(folder)/foreign.conf"
      try """
      listener \(port) 127.0.0.1
      allow_anonymous true
      user root
      persistence true
      persistence_location \(folder)/
      """.write(toFile: configuration, atomically: true, encoding: .utf8)
      foreign = try await Service.start(
        name: "broker", executable: "mosquitto", arguments: ["-c", configuration], log: "\(folder)/broker.log"
      )
      for _ in 0..<60_000 {
        if (try? CommitGatedConsumer(
          address: address, clientID: "probe", filter: "probe", sessionExpiry: .zero)) != nil
        {
          return
        }
        try await Task.sleep(for: .milliseconds(10))
      }
      throw Failure(description: "the foreign broker does not answer")
    }

    func save() async throws { try await own?.save() }

    func kill() async throws {
      let service = own?.service ?? foreign
      service?.send(signal: SIGKILL)
      _ = try await service?.exit()
    }

    func restart() async throws {
      if let dead = own { own = try await dead.restarted() } else { try await startForeign() }
    }

    func stop() async throws { try await (own?.service ?? foreign)?.stop() }
  }

  /// Ingestion with a store of its own.
  private final class Ingestion {
    private let arguments: [String]
    private let folder: String
    private let death: Death
    private var service: Service?
    private var store: String { "\(folder)/s.sqlite" }

    init(_ broker: BrokerAddress, _ folder: String, _ death: Death) throws {
      self.folder = folder
      self.death = death
      arguments = [
        "ingest", "--broker", "\(broker)", "--store", "\(folder)/s.sqlite", "--window", "60s", "--client-id",
        "ingest",
        "--messages-per-commit", "50", "--messages-per-checkpoint", "200", "--events",
      ]
      try "7".write(toFile: "\(folder)/\(FaultControl.powerCutFile)", atomically: true, encoding: .utf8)
    }

    func start() async throws {
      let started = try await Service.start(
        name: "ingest", executable: SondeProgram.path, arguments: arguments, log: "\(folder)/ingest.log",
        environment: death == .powerCut ? [FaultControl.variable: folder] : [:])
      service = started
      for await line in started.lines where line.contains("ready") { return }
      throw Failure(description: "ingestion did not get ready: \(try await started.exit())")
    }

    func die() async throws {
      service?.send(signal: SIGKILL)
      _ = try await service?.exit()
      // It does not survive a reboot.
      if death == .powerCut { try? FileManager.default.removeItem(atPath: "\(store)-shm") }
    }

    func stop() async throws { try await service?.stop() }

    /// The sequence numbers in the journal, in order; one for each time that it stands there.
    func stored() throws -> [Int] {
      var configuration = Configuration()
      configuration.readonly = true
      configuration.busyMode = .timeout(10)
      return try DatabaseQueue(path: store, configuration: configuration).read { db in
        try Int.fetchAll(db, sql: "SELECT seq FROM journal ORDER BY seq")
      }
    }

    /// Waits until the journal has more than `count` messages.
    func wait(forMoreThan count: Int) async throws {
      try await wait("more than \(count) messages") { $0.count > count }
    }

    func wait(for sequence: Int) async throws {
      try await wait("message \(sequence)") { $0.last == sequence }
    }

    private func wait(_ what: Comment, until condition: ([Int]) -> Bool) async throws {
      try await waitUntil(what, every: .milliseconds(10)) { (try? stored()).map(condition) ?? false }
    }
  }

  /// Publishes messages with the sequence numbers of `range`, and returns when the broker has handled all of them: at QoS 0 there is
  /// no other sign of that than that somebody else has received them.
  private func publish(_ range: Range<Int>, qos: Int32, to address: BrokerAddress) throws {
    let witness = try CommitGatedConsumer(
      address: address, clientID: "witness-\(UUID().uuidString)", filter: "devices/#", sessionExpiry: .zero)
    try witness.receive(limit: 1, byteLimit: .max, within: .milliseconds(20))
    var client = PublisherClient(id: "device-\(UUID().uuidString)")
    client.quality = try #require(QualityOfService(rawValue: qos))
    let pool = try PublisherPool(address: address, clients: [client])
    for sequence in range {
      let payload =
        #"{"device":"d","epoch":1,"seq":\#(sequence),"ts":\#(1_767_225_600_000 + 1000 * sequence),"values":{"a":\#(sequence)}}"#
      try Array(payload.utf8).withUnsafeBytes {
        try pool.publish(client: 0, topic: "devices/d/telemetry", payload: $0, as: .messages(1, readings: 1))
      }
    }
    while !pool.isDrained { try pool.pump(.milliseconds(100)) }
    var seen = 0
    let deadline = ContinuousClock.now + .seconds(600)
    while seen < range.count {
      guard ContinuousClock.now < deadline else {
        throw Failure(description: "the witness saw only \(seen) messages")
      }
      try witness.receive(limit: range.count, byteLimit: .max, within: .milliseconds(100))
      seen += witness.batch.count
      try witness.acknowledge()
    }
    pool.close()
    witness.finish()
  }

  /// Runs `body` with a broker and ingestion, and stops both.
  private func with(
    _ kind: BrokerKind, _ death: Death, _ body: (Broker, Ingestion) async throws -> Void
  ) async throws {
    try await withTemporaryFolder { folder in
      let broker = try await Broker(kind, folder)
      let ingestion = try Ingestion(broker.address, folder, death)
      do {
        try await body(broker, ingestion)
      } catch {
        try await ingestion.stop()
        try await broker.stop()
        throw error
      }
      try await ingestion.stop()
      try await broker.stop()
    }
  }

  /// Ingestion dies, by a kill or with its machine, while messages come, and more come while it is away.
  @Test(arguments: [Int32(0), 1, 2], BrokerKind.allCases)
  func ingestionDies(qos: Int32, kind: BrokerKind) async throws {
    for death in Death.allCases {
      try await with(kind, death) { broker, ingestion in
        try await ingestion.start()
        try publish(0..<600, qos: qos, to: broker.address)
        try await ingestion.wait(forMoreThan: 100)
        let before = try ingestion.stored()
        try await ingestion.die()
        // Fewer than the thousand that mosquitto keeps by default.
        try publish(600..<900, qos: qos, to: broker.address)
        try await ingestion.start()
        try publish(900..<901, qos: 1, to: broker.address)
        try await ingestion.wait(for: 900)
        let stored = try ingestion.stored()
        #expect(Set(stored).count == stored.count, "doubled")
        #expect(Set(stored).isSuperset(of: before), "what was stored is stored")
        if qos == 0 {
          // Nobody keeps what comes at QoS 0 while ingestion is away.
          #expect(Set(stored).isDisjoint(with: 600..<900))
        } else {
          #expect(stored == Array(0..<901), "\(death)")
        }
      }
    }
  }

  /// What mosquitto's default keeps while ingestion is away: not everything that it acknowledges.
  @Test(arguments: BrokerKind.allCases) func aLongAbsence(kind: BrokerKind) async throws {
    try await with(kind, .processKill) { broker, ingestion in
      try await ingestion.start()
      try await ingestion.die()
      let pool = try PublisherPool(address: broker.address, clients: [PublisherClient(id: "device")])
      for sequence in 0..<3000 {
        let payload =
          #"{"device":"d","epoch":1,"seq":\#(sequence),"ts":\#(1_767_225_600_000 + sequence),"values":{"a":1}}"#
        try Array(payload.utf8).withUnsafeBytes {
          try pool.publish(
            client: 0, topic: "devices/d/telemetry", payload: $0, as: .messages(1, readings: 1))
        }
      }
      while !pool.isDrained { try pool.pump(.milliseconds(100)) }
      #expect(pool.counters.acknowledged == 3000)
      pool.close()
      try await ingestion.start()
      try publish(3000..<3001, qos: 1, to: broker.address)
      try await ingestion.wait(for: 3000)
      let count = try ingestion.stored().count - 1
      if kind == .own { #expect(count == 3000) } else { #expect(count > 0 && count < 3000) }
    }
  }

  /// The broker is killed with messages in its queue, because ingestion is away.
  @Test(arguments: [Int32(0), 1, 2], BrokerKind.allCases)
  func theBrokerDies(qos: Int32, kind: BrokerKind) async throws {
    try await with(kind, .processKill) { broker, ingestion in
      try await ingestion.start()
      try publish(0..<300, qos: 1, to: broker.address)
      try await ingestion.wait(for: 299)
      try await ingestion.die()
      try publish(300..<600, qos: qos, to: broker.address)
      try await broker.save()
      // What comes after the last save is at the broker's mercy.
      try publish(600..<700, qos: qos, to: broker.address)
      try await broker.kill()
      try await broker.restart()
      try await ingestion.start()
      try publish(700..<701, qos: 1, to: broker.address)
      try await ingestion.wait(for: 700)
      let stored = try ingestion.stored()
      #expect(Set(stored).count == stored.count, "doubled")
      #expect(stored.starts(with: 0..<300), "what was stored is stored")
      switch (kind, qos) {
      case (.own, 1...):
        #expect(stored.starts(with: 0..<600), "saved, and so kept")
        let kept = stored.count - 601
        #expect(stored == Array(0..<600 + kept) + [700], "of the rest the first ones")
      default:
        // At QoS 0 nothing is queued; and a broker that saves twice an hour has forgotten even who subscribes.
        #expect(stored == Array(0..<300) + [700])
      }
    }
  }
}
