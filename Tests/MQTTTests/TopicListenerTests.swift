import MQTT
import TestSupport
import Testing

/// A listener hears everything and leaves nothing at the broker.
@Suite(.serialized, .timeLimit(.minutes(30))) struct TopicListenerTests {
  @Test(arguments: ProtocolVersion.allCases) func itHearsWhatIsSentAndWhatIsRetained(
    _ version: ProtocolVersion
  )
    async throws
  {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { address in
        var keeper = PublisherClient(id: "keeper")
        keeper.isRetained = true
        let pool = try PublisherPool(address: address, clients: [keeper, PublisherClient(id: "devices")])
        func publish(_ client: Int, _ topic: String, _ text: String) throws {
          try Array(text.utf8).withUnsafeBytes {
            try pool.publish(client: client, topic: topic, payload: $0, as: .messages(1, readings: 1))
          }
          while !pool.isDrained { try pool.pump(.milliseconds(50)) }
        }
        try publish(0, "old/state", "kept")
        var heard: [String] = []
        let listener = try TopicListener(
          address: address, clientID: "listener", filter: "#", version: version
        ) { delivery in
          let topic = String(decoding: delivery.topic, as: UTF8.self)
          let payload = String(decoding: delivery.payload, as: UTF8.self)
          heard.append("\(topic) \(payload)\(delivery.isRetained ? " retained" : "")")
        }
        // What is published now is no old news, though it is retained from now on.
        try publish(0, "new/state", "fresh")
        try publish(1, "a/b", "1")
        try publish(1, "empty", "")
        let deadline = ContinuousClock.now + .seconds(600)
        while heard.count < 4, ContinuousClock.now < deadline { try listener.listen(for: .milliseconds(50)) }
        #expect(heard.sorted() == ["a/b 1", "empty ", "new/state fresh", "old/state kept retained"])
        listener.close()
        pool.close()
        let successor = try CommitGatedConsumer(
          address: address, clientID: "listener", filter: "t", sessionExpiry: .seconds(0), version: version)
        #expect(!successor.resumedSession)
      }
    }
  }

  @Test func ofManyMessagesItReadsSomeAtATime() async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { address in
        var count = 0
        let listener = try TopicListener(
          address: address, clientID: "listener", filter: "t/#", version: .five
        ) { _ in count += 1 }
        let pool = try PublisherPool(address: address, clients: [PublisherClient(id: "devices")])
        for number in 0..<300 {
          try Array("\(number)".utf8).withUnsafeBytes {
            try pool.publish(client: 0, topic: "t/x", payload: $0, as: .messages(1, readings: 1))
          }
        }
        while !pool.isDrained { try pool.pump(.milliseconds(50)) }
        pool.close()
        try listener.listen(for: .seconds(600), limit: 100)
        #expect(count == 100)
        let deadline = ContinuousClock.now + .seconds(600)
        while count < 300, ContinuousClock.now < deadline { try listener.listen(for: .milliseconds(50)) }
        #expect(count == 300)
        listener.close()
      }
    }
  }
}
