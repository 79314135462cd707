import Foundation
import MQTT
import TestSupport
import Testing

/// The relay that breaks connections inside a packet.
@Suite struct ByteRelayTests {
  private func payloads(_ consumer: CommitGatedConsumer) -> [String] {
    var texts: [String] = []
    consumer.batch.forEachMessage { _, payload, _ in texts.append(String(decoding: payload, as: UTF8.self)) }
    return texts
  }

  private func publish(_ pool: PublisherPool, _ range: Range<Int>) throws {
    for number in range {
      try Array("\(number)".utf8).withUnsafeBytes {
        try pool.publish(client: 0, topic: "t/x", payload: $0, as: .messages(1, readings: 1))
      }
    }
    while !pool.isDrained { try pool.pump(.milliseconds(100)) }
  }

  @Test(arguments: [false, true]) func aConsumerGetsEverythingAcrossCuts(towardsBroker: Bool) async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { address in
        let relay = try ByteRelay(to: address)
        defer { relay.stop() }
        func consumer() throws -> CommitGatedConsumer {
          try CommitGatedConsumer(
            address: relay.address, clientID: "c", filter: "t/#", sessionExpiry: .seconds(60))
        }
        try consumer().finish()
        let pool = try PublisherPool(address: address, clients: [PublisherClient(id: "p")])
        try publish(pool, 0..<2000)
        pool.close()
        var seen: Set<String> = []
        var lives = 0
        // The first five connections are cut, whatever they have got by then.
        while seen.count < 2000 {
          lives += 1
          try #require(lives < 100, "\(seen.count) of 2000")
          do {
            let consumer = try consumer()
            if lives <= 5 { relay.cutConnections(towardsBroker: towardsBroker) }
            while seen.count < 2000 {
              try consumer.receive(limit: 50, byteLimit: .max, within: .milliseconds(50))
              seen.formUnion(payloads(consumer))
              try consumer.acknowledge()
            }
            consumer.finish()
          } catch is MQTTError {
            continue
          }
        }
        #expect(seen == Set((0..<2000).map(String.init)))
        #expect(!relay.cuts.isEmpty)
        #expect(
          relay.cuts.allSatisfy {
            $0.passed > 0 && $0.passed < $0.total && $0.isTowardsBroker == towardsBroker
          })
      }
    }
  }

  @Test func aFleetGetsEverythingAcknowledgedAcrossCuts() async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { address in
        let relay = try ByteRelay(to: address)
        defer { relay.stop() }
        let consumer = try CommitGatedConsumer(
          address: address, clientID: "c", filter: "t/#", sessionExpiry: .seconds(60))
        let pool = try PublisherPool(address: relay.address, clients: [PublisherClient(id: "p")])
        for round in 0..<10 {
          relay.cutConnections(towardsBroker: round.isMultiple(of: 2))
          try publish(pool, round * 100..<(round + 1) * 100)
        }
        #expect(relay.cuts.count == 10)
        #expect(relay.cuts.allSatisfy { $0.passed > 0 && $0.passed < $0.total })
        #expect(pool.counters.acknowledged == 1000 && pool.counters.reconnects >= 10)
        var seen: Set<String> = []
        let deadline = ContinuousClock.now + .seconds(600)
        while seen.count < 1000, ContinuousClock.now < deadline {
          try consumer.receive(limit: 1000, byteLimit: .max, within: .milliseconds(100))
          seen.formUnion(payloads(consumer))
          try consumer.acknowledge()
        }
        #expect(seen == Set((0..<1000).map(String.init)))
        pool.close()
      }
    }
  }

  @Test func whileItRefusesNobodyGetsThrough() async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { address in
        let relay = try ByteRelay(to: address)
        defer { relay.stop() }
        relay.refuseConnections(true)
        #expect(throws: MQTTError.self) {
          try CommitGatedConsumer(address: relay.address, clientID: "c", filter: "t", sessionExpiry: .zero)
        }
        relay.refuseConnections(false)
        try CommitGatedConsumer(address: relay.address, clientID: "c", filter: "t", sessionExpiry: .zero)
          .finish()
      }
    }
  }
}
