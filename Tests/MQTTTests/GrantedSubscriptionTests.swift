import Foundation
import MQTT
import TestSupport
import Testing

/// What a broker grants is held against what was asked for, of each subscription. Before a real mosquitto stands somebody who
/// forges its answers.
@Suite(.timeLimit(.minutes(30))) struct GrantedSubscriptionTests {
  private func withAnswers(
    _ answers: ForgedAnswers, _ body: (_ forged: BrokerAddress, _ broker: BrokerAddress) throws -> Void
  ) async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { broker in
        try await withOldBroker(nil, before: broker, answers: answers) { old in
          try body(old.address, broker)
        }
      }
    }
  }

  private func consumer(
    _ address: BrokerAddress, _ filters: [String] = ["t/#"], version: ProtocolVersion = .five
  ) throws -> CommitGatedConsumer {
    try CommitGatedConsumer(
      address: address, clientID: "c", filters: filters, sessionExpiry: .seconds(60), version: version)
  }

  /// The error of `body`, which must be the refusal of a subscription.
  private func refusal(_ body: () throws -> Void) throws -> (filter: String, reason: String)? {
    let error = #expect(throws: MQTTError.self, performing: body)
    guard case .subscriptionRefused(let filter, let reason)? = error else {
      Issue.record("it says \(error.map { "\($0)" } ?? "nothing")")
      return nil
    }
    return (filter, reason)
  }

  @Test(arguments: ProtocolVersion.allCases)
  func lessThanWasAskedForIsARefusal(_ version: ProtocolVersion) async throws {
    try await withAnswers(.code(0)) { forged, _ in
      let consumer = try consumer(forged, version: version)
      let refusal = try refusal { try consumer.awaitSubscription(within: .seconds(600)) }
      #expect(refusal?.filter == "t/#" && refusal?.reason.contains("grants QoS 0 alone") == true)
    }
  }

  @Test(arguments: [0, 1], [UInt8(0), 128])
  func ofSeveralFiltersEachAnswerCounts(number: Int, code: UInt8) async throws {
    try await withAnswers(.code(code, ofAnswer: number)) { forged, _ in
      let consumer = try consumer(forged, ["a/+", "b/#"])
      let refusal = try refusal { try consumer.awaitSubscription(within: .seconds(600)) }
      #expect(refusal?.filter == ["a/+", "b/#"][number])
    }
  }

  /// Nobody waits for that answer, as messages may come before it; it is looked at when it comes.
  @Test func theAnswerInASessionThatGoesOnCountsToo() async throws {
    try await withAnswers(.code(0)) { forged, broker in
      do {
        let first = try consumer(broker)
        #expect(try first.awaitSubscription(within: .seconds(600)))
        first.finish()
      }
      let second = try consumer(forged)
      #expect(second.resumedSession)
      let refusal = try refusal {
        let deadline = ContinuousClock.now + .seconds(600)
        while ContinuousClock.now < deadline {
          try second.receive(limit: 10, byteLimit: .max, within: .milliseconds(50))
        }
      }
      #expect(refusal?.reason.contains("QoS 0") == true)
    }
  }

  @Test func whatIsGrantedAsItWasAskedForIsTaken() async throws {
    try await withAnswers(ForgedAnswers { $1 }) { forged, _ in
      let consumer = try consumer(forged, ["a/+", "b/#"])
      #expect(try consumer.awaitSubscription(within: .seconds(600)))
      consumer.finish()
    }
  }

  /// It asks for no more.
  @Test func aListenerIsContentWithQoS0() async throws {
    try await withAnswers(.code(0)) { forged, _ in
      let listener = try TopicListener(
        address: forged, clientID: "l", filter: "#", version: .five
      ) { _ in }
      listener.close()
    }
  }

  /// The error of `body`, which must be that the answer did not come.
  private func expectNoAnswer(_ body: () throws -> Void) throws {
    let error = #expect(throws: MQTTError.self, performing: body)
    guard case .timedOut(_, waitingFor: "answer to the subscription")? = error else {
      Issue.record("it says \(error.map { "\($0)" } ?? "nothing")")
      return
    }
  }

  @Test func anAnswerThatDoesNotComeIsAnError() async throws {
    try await withAnswers(.silence) { forged, _ in
      let consumer = try consumer(forged)
      try expectNoAnswer { try consumer.awaitSubscription(within: .milliseconds(200)) }
    }
    // Of two, one is answered.
    try await withAnswers(ForgedAnswers { $0 == 0 ? $1 : [] }) { forged, _ in
      let consumer = try consumer(forged, ["a/+", "b/#"])
      try expectNoAnswer { try consumer.awaitSubscription(within: .milliseconds(200)) }
    }
  }

  /// In a session that goes on messages come without it, and are kept. The answer is missed only in silence.
  @Test func whileMessagesComeTheAnswerIsNotMissed() async throws {
    try await withAnswers(.silence) { forged, broker in
      do {
        let first = try consumer(broker)
        try first.awaitSubscription(within: .seconds(600))
        first.finish()
      }
      let pool = try PublisherPool(address: broker, clients: [PublisherClient(id: "p")])
      try Array("queued".utf8).withUnsafeBytes {
        try pool.publish(client: 0, topic: "t/x", payload: $0, as: .messages(1, readings: 1))
      }
      while !pool.isDrained { try pool.pump(.milliseconds(50)) }
      pool.close()
      let second = try CommitGatedConsumer(
        address: forged, clientID: "c", filters: ["t/#"], sessionExpiry: .seconds(60),
        answerPatience: .seconds(10))
      #expect(second.resumedSession)
      var texts: [String] = []
      try expectNoAnswer {
        let deadline = ContinuousClock.now + .seconds(600)
        while ContinuousClock.now < deadline {
          try second.receive(limit: 10, byteLimit: .max, within: .milliseconds(50))
          second.batch.forEachMessage { _, payload, _ in
            texts.append(String(decoding: payload, as: UTF8.self))
          }
          try second.acknowledge()
        }
      }
      #expect(texts == ["queued"])
    }
  }

  /// Retained messages may come before the answer: what was read is kept, and a batch that is full is handed over.
  @Test func whatComesBeforeTheAnswerIsKept() async throws {
    try await withAnswers(.silence) { forged, broker in
      var keeper = PublisherClient(id: "keeper")
      keeper.isRetained = true
      let pool = try PublisherPool(address: broker, clients: [keeper])
      for number in 0..<3 {
        try Array("\(number)".utf8).withUnsafeBytes {
          try pool.publish(client: 0, topic: "t/\(number)", payload: $0, as: .messages(1, readings: 1))
        }
      }
      while !pool.isDrained { try pool.pump(.milliseconds(50)) }
      pool.close()
      let full = try CommitGatedConsumer(
        address: forged, clientID: "full", filter: "t/#", sessionExpiry: .zero)
      #expect(try !full.awaitSubscription(within: .seconds(600), byteLimit: 1))
      #expect(full.batch.count == 1)
      let all = try CommitGatedConsumer(
        address: forged, clientID: "all", filter: "t/#", sessionExpiry: .zero)
      try expectNoAnswer { try all.awaitSubscription(within: .seconds(10)) }
      #expect(all.batch.count == 3)
    }
  }
}
