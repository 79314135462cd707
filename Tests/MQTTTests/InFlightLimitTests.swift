import MQTT
import TestSupport
import Testing

/// How a consumer finds out how many messages a broker sends at a time.
@Suite struct InFlightLimitTests {
  @Test func batchesThatEndAlikeAreTheLimit() {
    var limit = InFlightLimit()
    for count in [20, 20, 5, 20, 20] {
      limit.endedInSilence(count)
      #expect(limit.limit == nil)
    }
    limit.endedInSilence(20)
    #expect(limit.limit == 20)
    limit.wasExceeded()
    #expect(limit.limit == nil)
  }

  @Test func singleMessagesThatComeFarApartAreNone() {
    var limit = InFlightLimit()
    for _ in 0..<10 { limit.endedInSilence(InFlightLimit.few - 1) }
    #expect(limit.limit == nil)
    for _ in 0..<InFlightLimit.alike { limit.endedInSilence(InFlightLimit.few) }
    #expect(limit.limit == InFlightLimit.few)
  }

  @Test(arguments: 1..<InFlightLimit.few) func fewAreTheLimitWhereEachBatchBeginsAtOnce(count: Int) {
    var limit = InFlightLimit()
    // Nothing was acknowledged before the first.
    limit.began(after: nil)
    limit.endedInSilence(count)
    for _ in 0..<InFlightLimit.alike {
      #expect(limit.limit == nil)
      limit.began(after: .microseconds(300))
      limit.endedInSilence(count)
    }
    #expect(limit.limit == count)
    limit.began(after: InFlightLimit.atOnce)
    #expect(limit.limit == count)
  }

  /// One that publishes every so often does not follow our acknowledgements.
  @Test func aDeviceIsNoLimit() {
    var limit = InFlightLimit()
    for pause in [1, 9, 4, 2, 17, 0, 5, 12].map({ Duration.milliseconds($0) }) {
      limit.began(after: pause)
      limit.endedInSilence(1)
      #expect(limit.limit == nil)
    }
    // By chance as fast as batches are, until it is committed at once: then the next message is far.
    for _ in 0..<InFlightLimit.alike {
      limit.began(after: .milliseconds(1))
      limit.endedInSilence(1)
    }
    #expect(limit.limit == 1)
    limit.began(after: .milliseconds(20))
    #expect(limit.limit == nil)
    // What came while the last batch was not yet acknowledged was not waiting for that.
    for _ in 0..<10 {
      limit.began(after: nil)
      limit.endedInSilence(1)
    }
    #expect(limit.limit == nil)
  }

  @Test func aLargeLimitNeedsNoHaste() {
    var limit = InFlightLimit()
    for _ in 0..<InFlightLimit.alike { limit.endedInSilence(20) }
    limit.began(after: .seconds(3))
    limit.began(after: nil)
    #expect(limit.limit == 20)
  }

  /// Without knowing the limit, every batch would be waited out. From two on, mosquitto sends more and more at a time.
  @Test(.timeLimit(.minutes(30))) func aLimitOfOneIsFoundOut() async throws {
    try await withTemporaryFolder { folder in
      try await withMosquitto(
        "max_inflight_messages 1\nmax_queued_messages 100000", in: folder
      ) { broker in
        func subscriber() throws -> CommitGatedConsumer {
          try CommitGatedConsumer(
            address: broker, clientID: "consumer", filter: "t/#", sessionExpiry: .zero, version: .threeOneOne)
        }
        let first = try subscriber()
        #expect(try first.awaitSubscription(within: .seconds(600)))
        first.finish()
        let messages = 1000
        let pool = try PublisherPool(address: broker, clients: [PublisherClient(id: "publisher")])
        for number in 0..<messages {
          try Array("\(number)".utf8).withUnsafeBytes {
            try pool.publish(client: 0, topic: "t/x", payload: $0, as: .messages(1, readings: 1))
          }
        }
        while !pool.isDrained { try pool.pump(.milliseconds(100)) }
        pool.close()
        let second = try subscriber()
        // A busy machine may keep the broker from following at once; then it is tried again.
        let interval = Duration.milliseconds(200)
        var early = 0
        for _ in 0..<messages where early < 20 {
          let begin = ContinuousClock.now
          try second.receive(limit: messages, byteLimit: .max, within: interval)
          if ContinuousClock.now - begin < interval, second.batch.count == 1 { early += 1 }
          try second.acknowledge()
        }
        #expect(early == 20)
        second.finish()
      }
    }
  }
}
