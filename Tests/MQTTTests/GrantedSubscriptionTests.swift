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
}
