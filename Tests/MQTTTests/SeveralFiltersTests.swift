import Foundation
import MQTT
import TestSupport
import Testing

/// A consumer that is subscribed to several filters, as a mapping of several topics needs them.
@Suite struct SeveralFiltersTests {
  private func publish(_ topics: [String], to address: BrokerAddress) throws {
    let pool = try PublisherPool(address: address, clients: [PublisherClient(id: "publisher")])
    for topic in topics {
      try Array(topic.utf8).withUnsafeBytes {
        try pool.publish(client: 0, topic: topic, payload: $0, as: .messages(1, readings: 1))
      }
    }
    while !pool.isDrained { try pool.pump(.milliseconds(100)) }
    pool.close()
  }

  /// What comes until `count` messages are there, and for a moment more.
  private func received(_ consumer: CommitGatedConsumer, _ count: Int) throws -> [String] {
    let deadline = ContinuousClock.now + .seconds(300)
    while consumer.batch.count < count, ContinuousClock.now < deadline {
      try consumer.receive(limit: 100, byteLimit: 1 << 20, within: .milliseconds(100))
    }
    try consumer.receive(limit: 100, byteLimit: 1 << 20, within: .milliseconds(300))
    var texts: [String] = []
    consumer.batch.forEachMessage { _, payload, _ in texts.append(String(decoding: payload, as: UTF8.self)) }
    return texts
  }

  @Test(.timeLimit(.minutes(30))) func eachIsSubscribedToAndGivenUpByItself() async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { address in
        func consumer(_ filters: [String], former: [String] = []) throws -> CommitGatedConsumer {
          try CommitGatedConsumer(
            address: address, clientID: "several", filters: filters, formerFilters: former,
            sessionExpiry: .seconds(60))
        }
        do {
          let first = try consumer(["a/+", "b/#"])
          try first.awaitSubscription(within: .seconds(300))
          try publish(["a/1", "b/1/2", "c/1"], to: address)
          #expect(try received(first, 2) == ["a/1", "b/1/2"])
          try first.acknowledge()
          first.finish()
        }
        // One filter stays, one is given up, one is new.
        let second = try consumer(["b/#", "c/+"], former: ["a/+", "b/#"])
        #expect(second.resumedSession)
        try second.awaitSubscription(within: .seconds(300))
        try publish(["a/2", "b/2", "c/2"], to: address)
        #expect(try received(second, 2) == ["b/2", "c/2"])
        try second.acknowledge()
        second.finish()
      }
    }
  }
}
