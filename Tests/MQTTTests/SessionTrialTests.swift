import MQTT
import TestSupport
import Testing

/// What is said of a broker's sessions: of made-up observations, and of real brokers with settings that lose.
@Suite(.serialized) struct SessionTrialTests {
  /// Longer than a busy machine may keep a broker waiting.
  private static let silence = Duration.seconds(10)

  private func observations(_ change: (inout SessionObservations) -> Void) -> SessionObservations {
    var seen = SessionObservations(version: .five, published: 2000, resumedSession: true)
    (seen.inFlight, seen.cameAgain, seen.received) = (2000, 2000, 2000)
    seen.redelivery = .samePacketID
    change(&seen)
    return seen
  }

  private func kinds(_ change: (inout SessionObservations) -> Void) -> [SessionFinding.Kind] {
    observations(change).findings.map(\.kind)
  }

  @Test func eachLossHasItsOwnName() {
    #expect(kinds { _ in } == [])
    #expect(kinds { $0.resumedSession = false } == [.sessionLost])
    #expect(kinds { $0.cameAgain = 1999 } == [.notSentAgain(count: 1, of: 2000)])
    #expect(
      kinds { ($0.inFlight, $0.cameAgain, $0.received, $0.firstMissing) = (0, 0, 0, 0) }
        == [.queueLost(published: 2000)])
    #expect(
      kinds { ($0.inFlight, $0.cameAgain, $0.received, $0.firstMissing) = (1000, 1000, 1000, 1000) }
        == [.queueCapped(kept: 1000, published: 2000, isFirst: true)])
    #expect(
      kinds { ($0.received, $0.firstMissing) = (1999, 0) }
        == [.queueCapped(kept: 1999, published: 2000, isFirst: false)])
    #expect(kinds { $0.cameAfterAcknowledgement = 1 } == [.sentAfterAcknowledgement(count: 1)])
    #expect(kinds { ($0.inFlight, $0.cameAgain) = (20, 20) } == [.inFlightCapped(count: 20)])
    #expect(kinds { $0.redelivery = .newPacketID } == [.packetIDsChange(isMarked: true)])
    #expect(kinds { $0.redelivery = .unmarked } == [.packetIDsChange(isMarked: false)])
    #expect(kinds { $0.version = .threeOneOne } == [.noExpiry])
  }

  /// Few messages in flight are no limit where no more were there.
  @Test func aShortQueueIsNoLimit() {
    let kinds = kinds { ($0.inFlight, $0.cameAgain, $0.received, $0.firstMissing) = (100, 100, 100, 100) }
    #expect(kinds == [.queueCapped(kept: 100, published: 2000, isFirst: true)])
  }

  @Test func whatBreaksThePromiseIsAFailureAndWhatCostsIsNot() {
    let lost = observations { $0.resumedSession = false }.findings
    #expect(lost.map(\.severity) == [.failure] && lost[0].remedy?.contains("mqtt.subscription_ttl") == true)
    let capped = observations { ($0.inFlight, $0.cameAgain) = (10, 10) }.findings
    #expect(capped.map(\.severity) == [.warning] && capped[0].remedy?.contains("mqtt.prefetch") == true)
    #expect(capped[0].problem.contains("2000 messages a second"))
    let single = observations { ($0.inFlight, $0.cameAgain) = (1, 1) }.findings
    #expect(single.first?.problem.hasPrefix("it sends one message and then waits") == true)
    #expect(single.first?.problem.contains("200 messages a second") == true)
    #expect(observations { $0.redelivery = .newPacketID }.findings.map(\.severity) == [.note])
    #expect(observations { $0.redelivery = .unmarked }.findings.map(\.severity) == [.warning])
  }

  @Test(.timeLimit(.minutes(30)), arguments: ProtocolVersion.allCases)
  func aBrokerThatKeepsEverythingHasNoLoss(version: ProtocolVersion) async throws {
    try await withTemporaryFolder { folder in
      try await withMosquitto("max_queued_messages 100000", in: folder) { broker in
        let seen = try SessionTrial.run(
          address: broker, clientID: "d", version: version, messages: 300, silence: Self.silence)
        #expect(seen.resumedSession && seen.received == 300 && seen.firstMissing == nil)
        #expect(seen.cameAgain == seen.inFlight && seen.cameAfterAcknowledgement == 0)
        // mosquitto's own limit holds in MQTT 3.1.1; in MQTT 5 ours does.
        #expect(seen.inFlight == (version == .five ? 300 : 20))
      }
    }
  }

  @Test(.timeLimit(.minutes(30)), arguments: ProtocolVersion.allCases)
  func aBoundOfTheQueueShows(version: ProtocolVersion) async throws {
    try await withTemporaryFolder { folder in
      try await withMosquitto("max_queued_messages 100", in: folder) { broker in
        let seen = try SessionTrial.run(
          address: broker, clientID: "d", version: version, messages: 300, silence: Self.silence)
        #expect(seen.resumedSession && seen.received < 300 && seen.received >= 100)
        #expect(
          seen.findings.contains { finding in
            if case .queueCapped(seen.received, 300, true) = finding.kind { true } else { false }
          })
      }
    }
  }

  @Test(.timeLimit(.minutes(30))) func aBrokerThatSendsLittleAtATimeIsNamed() async throws {
    try await withTemporaryFolder { folder in
      try await withMosquitto(
        "max_inflight_messages 7\nmax_queued_messages 100000", in: folder
      ) { broker in
        let seen = try SessionTrial.run(
          address: broker, clientID: "d", version: .threeOneOne, messages: 300, silence: Self.silence)
        #expect(seen.received == 300)
        #expect(seen.findings.map(\.kind) == [.inFlightCapped(count: 7), .noExpiry])
      }
    }
  }

  /// What was published to a topic that is denied is no loss of a session.
  @Test(.timeLimit(.minutes(30)), arguments: ProtocolVersion.allCases)
  func aTopicThatIsNotDeliveredIsNoLostQueue(version: ProtocolVersion) async throws {
    try await withTemporaryFolder { folder in
      try "topic readwrite devices/#\n".write(toFile: "\(folder)/acl", atomically: true, encoding: .utf8)
      try await withMosquitto("acl_file \(folder)/acl", in: folder) { broker in
        #expect(throws: MQTTError.deliversNothing(broker, topic: "sonde/doctor/d-session")) {
          try SessionTrial.run(
            address: broker, clientID: "d", version: version, messages: 10, silence: Self.silence)
        }
      }
    }
  }

  /// Wherever it is stopped, and also where an earlier one was killed.
  @Test(.timeLimit(.minutes(30)), arguments: ProtocolVersion.allCases)
  func aStoppedTrialLeavesNoSession(version: ProtocolVersion) async throws {
    try await withTemporaryFolder { folder in
      try await withMosquitto("max_queued_messages 100000", in: folder) { broker in
        func subscriber(_ expiry: Duration) throws -> CommitGatedConsumer {
          try CommitGatedConsumer(
            address: broker, clientID: "d-session", filter: "sonde/doctor/d-session", sessionExpiry: expiry,
            version: version)
        }
        for lastLook in [0, 2, 5, 10, 20, 40] {
          // Left by one that was killed.
          try subscriber(.seconds(600)).finish()
          var looks = 0
          #expect(throws: MQTTError.stopped) {
            try SessionTrial.run(
              address: broker, clientID: "d", version: version, messages: 100, silence: Self.silence
            ) {
              looks += 1
              return looks > lastLook
            }
          }
          let next = try subscriber(.zero)
          #expect(!next.resumedSession, "stopped at look \(lastLook)")
          next.finish()
          try CommitGatedConsumer.forgetSession(of: "d-session", at: broker, version: version)
        }
        try subscriber(.seconds(600)).finish()
        let seen = try SessionTrial.run(
          address: broker, clientID: "d", version: version, messages: 100, silence: Self.silence)
        #expect(seen.received == 100)
        #expect(try !subscriber(.zero).resumedSession)
      }
    }
  }
}
