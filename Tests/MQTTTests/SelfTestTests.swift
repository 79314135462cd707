import MQTT
import TestSupport
import Testing

/// What the self-test leaves behind, and what it says where it cannot be carried out.
@Suite(.serialized, .timeLimit(.minutes(30))) struct SelfTestTests {
  /// As the self-test of a client `someone` has it.
  private func subscriber(_ broker: BrokerAddress, _ version: ProtocolVersion, _ expiry: Duration = .zero)
    throws -> CommitGatedConsumer
  {
    try CommitGatedConsumer(
      address: broker, clientID: "someone-selftest", filter: "sonde/selftest/someone-selftest",
      sessionExpiry: expiry, version: version)
  }

  private func publish(_ count: Int, to broker: BrokerAddress) throws {
    let pool = try PublisherPool(address: broker, clients: [PublisherClient(id: "publisher")])
    for _ in 0..<count {
      try Array("self-test, second".utf8).withUnsafeBytes {
        try pool.publish(
          client: 0, topic: "sonde/selftest/someone-selftest", payload: $0, as: .messages(1, readings: 0))
      }
    }
    while !pool.isDrained { try pool.pump(.milliseconds(100)) }
    pool.close()
  }

  /// A start that was killed leaves its session, with what was queued in it, which MQTT 3.1.1 keeps for ever.
  @Test(arguments: ProtocolVersion.allCases)
  func theNextOneRemovesWhatOneThatWasKilledHasLeft(version: ProtocolVersion) async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { broker in
        do {
          let killed = try subscriber(broker, version, .seconds(600))
          #expect(try killed.awaitSubscription(within: .seconds(600)))
          // Dropped here, without a word.
        }
        try publish(2, to: broker)
        #expect(
          try AcknowledgementSelfTest.run(address: broker, clientID: "someone", version: version)
            == .samePacketID)
        #expect(try !subscriber(broker, version).resumedSession)
      }
    }
  }

  @Test(arguments: ProtocolVersion.allCases)
  func oneThatIsStoppedLeavesNoSession(version: ProtocolVersion) async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { broker in
        for lastLook in 0..<10 {
          var looks = 0
          #expect(throws: MQTTError.stopped, "at look \(lastLook)") {
            try AcknowledgementSelfTest.run(address: broker, clientID: "someone", version: version) {
              looks += 1
              return looks > lastLook
            }
          }
          #expect(try !subscriber(broker, version).resumedSession, "stopped at look \(lastLook)")
          try CommitGatedConsumer.forgetSession(of: "someone-selftest", at: broker, version: version)
        }
      }
    }
  }

  /// Somebody takes the connection, and says nothing.
  @Test(arguments: [ProtocolChoice.auto, .five, .threeOneOne])
  func theQuestionForTheVersionEndsWhenItIsStopped(choice: ProtocolChoice) async throws {
    let silence: ScriptedServer.Script = { _ in .silence }
    try await withScriptedServer(silence) { server in
      var looks = 0
      #expect(throws: MQTTError.stopped) {
        try AgreedProtocol.ask(
          BrokerAddress(host: "127.0.0.1", port: server.port), clientID: "c", choice, alwaysConnects: true
        ) {
          looks += 1
          return looks > 3
        }
      }
      // Not asked again in another version.
      #expect(looks == 4)
    }
  }

  @Test(arguments: ProtocolVersion.allCases)
  func aTopicThatIsDeniedIsNamed(version: ProtocolVersion) async throws {
    try await withTemporaryFolder { folder in
      try "topic readwrite devices/#\n".write(toFile: "\(folder)/acl", atomically: true, encoding: .utf8)
      try await withMosquitto("acl_file \(folder)/acl", in: folder) { broker in
        let error = #expect(throws: MQTTError.self) {
          try AcknowledgementSelfTest.run(address: broker, clientID: "someone", version: version)
        }
        #expect(error == .deliversNothing(broker, topic: "sonde/selftest/someone-selftest"))
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains("“sonde/selftest/someone-selftest”") && text.contains("denied"), "\(text)")
      }
    }
  }

  @Test(arguments: ProtocolVersion.allCases)
  func packetsThatAreTooLargeAreNamed(version: ProtocolVersion) async throws {
    try await withTemporaryFolder { folder in
      // Enough for what comes before the messages.
      try await withMosquitto("max_packet_size 50", in: folder) { broker in
        let error = #expect(throws: MQTTError.self) {
          try AcknowledgementSelfTest.run(address: broker, clientID: "someone", version: version)
        }
        guard case .publicationRefused(broker, "sonde/selftest/someone-selftest", 48, _)? = error else {
          Issue.record("it says \(error.map { "\($0)" } ?? "nothing")")
          return
        }
        #expect(error.map { "\($0)" }?.contains("smaller packets") == true)
      }
    }
  }

  @Test(
    .enabled(
      if: ForeignBroker.missingProgram == nil, "mosquitto, mosquitto_passwd and openssl are not all installed"
    ), arguments: [ProtocolChoice.auto, .threeOneOne])
  func aCertificateOfAnUnknownAuthorityIsNoMissingBroker(choice: ProtocolChoice) async throws {
    try await withTemporaryFolder { folder in
      try await withForeignBroker(in: folder) { broker in
        var address = broker.address
        address.access.authorityFile = nil
        let error = #expect(throws: MQTTError.self) {
          try AgreedProtocol.ask(address, clientID: "c", choice, alwaysConnects: true)
        }
        guard case .handshakeFailed? = error else {
          Issue.record("it says \(error.map { "\($0)" } ?? "nothing")")
          return
        }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains("--ca-file") && text.contains("certificate"), "\(text)")
        #expect(!text.contains("..") && !text.contains("no broker answers"), "\(text)")
      }
    }
  }
}
