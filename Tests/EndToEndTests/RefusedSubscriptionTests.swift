import MQTT
import TestSupport
import Testing

/// What `sonde ingest` and `sonde doctor` say of a broker that does not answer subscriptions as it must.
@Suite(.serialized, .timeLimit(.minutes(30))) struct RefusedSubscriptionTests {
  private func ingest(_ broker: BrokerAddress, store: String) async throws -> SondeProgram.Outcome {
    try await SondeProgram.run([
      "ingest", "--broker", "\(broker)", "--store", store, "--window", "10s", "--client-id", "reader",
    ])
  }

  @Test func aGrantOfQoS0EndsIngestion() async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { broker in
        // The session of an earlier start goes on; nobody waits for the answer in it.
        for hasSession in [false, true] {
          if hasSession {
            let consumer = try CommitGatedConsumer(
              address: broker, clientID: "reader", filter: "devices/#", sessionExpiry: .seconds(3600))
            #expect(try consumer.awaitSubscription(within: .seconds(600)))
            consumer.finish()
          }
          try await withOldBroker(nil, before: broker, answers: .code(0)) { old in
            let outcome = try await ingest(old.address, store: "\(folder)/\(hasSession).sqlite")
            #expect(outcome.status == 69, "\(outcome.errors)")
            #expect(outcome.errors.contains("grants QoS 0 alone"), "\(outcome.errors)")
            #expect(outcome.errors.contains("resumed the session") == hasSession)
          }
        }
      }
    }
  }

  @Test func theDoctorSaysWhatToDo() async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { broker in
        try await withOldBroker(nil, before: broker, answers: .code(0)) { old in
          let outcome = try await SondeProgram.run(["doctor", "--broker", "\(old.address)"])
          #expect(outcome.status != 0)
          #expect(outcome.output.contains("grants QoS 0 alone"), "\(outcome.output)")
          #expect(outcome.output.contains("let it grant subscriptions at QoS 1"), "\(outcome.output)")
        }
      }
    }
  }

  @Test func aSubscriptionWithoutAnAnswerEndsIngestion() async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { broker in
        try await withOldBroker(nil, before: broker, answers: .silence) { old in
          let outcome = try await ingest(old.address, store: "\(folder)/s.sqlite")
          #expect(outcome.status == 69, "\(outcome.errors)")
          #expect(outcome.errors.contains("sent no answer to the subscription"), "\(outcome.errors)")
          #expect(!outcome.errors.contains("ingesting "), "\(outcome.errors)")
        }
      }
    }
  }
}
