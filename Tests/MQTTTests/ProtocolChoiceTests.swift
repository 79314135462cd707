import Foundation
import MQTT
import TestSupport
import Testing

/// Which version of MQTT is spoken with whom, and that what was tried is said.
@Suite struct ProtocolChoiceTests {
  private static let nowhere = BrokerAddress(host: "127.0.0.1", port: 1)

  private func find(
    _ choice: ProtocolChoice, _ tried: inout [ProtocolVersion], five: MQTTError?,
    threeOneOne: MQTTError? = nil
  ) throws -> AgreedProtocol {
    try AgreedProtocol.find(choice, at: Self.nowhere) { version in
      tried.append(version)
      if let error = version == .five ? five : threeOneOne { throw error }
    }
  }

  @Test func whatIsChosenIsTriedAlone() throws {
    for choice in [ProtocolChoice.five, .threeOneOne] {
      var tried: [ProtocolVersion] = []
      let agreed = try find(choice, &tried, five: nil)
      #expect(agreed.version == choice.version && agreed.againstFive == nil)
      #expect(tried.map(ProtocolChoice.init) == [choice])
    }
    var tried: [ProtocolVersion] = []
    let refused = MQTTError.versionRefused(Self.nowhere, .five, reason: "no")
    #expect(throws: refused) { try find(.five, &tried, five: refused) }
    #expect(tried == [.five])
  }

  @Test func autoGoesOnOnlyWhereAnotherVersionMayHelp() throws {
    let mayHelp: [MQTTError] = [
      .versionRefused(Self.nowhere, .five, reason: "no"), .disconnected(Self.nowhere, reason: "gone"),
      .timedOut(Self.nowhere, waitingFor: "answer"),
    ]
    for error in mayHelp {
      var tried: [ProtocolVersion] = []
      let agreed = try find(.auto, &tried, five: error)
      #expect(tried == [.five, .threeOneOne] && agreed.version == .threeOneOne)
      #expect(agreed.notice?.hasSuffix("MQTT 3.1.1 is spoken with it") == true)
    }
    let doesNotHelp: [MQTTError] = [
      .unreachable(Self.nowhere, reason: "refused"), .refused(Self.nowhere, reason: "not authorized"),
    ]
    for error in doesNotHelp {
      var tried: [ProtocolVersion] = []
      #expect(throws: error) { try find(.auto, &tried, five: error) }
      #expect(tried == [.five])
    }
    var tried: [ProtocolVersion] = []
    let agreed = try find(.auto, &tried, five: nil)
    #expect(tried == [.five] && agreed == AgreedProtocol(.five) && agreed.notice == nil)
  }

  @Test func whereBothFailBothReasonsAreSaid() throws {
    var tried: [ProtocolVersion] = []
    let error = #expect(throws: MQTTError.self) {
      try find(
        .auto, &tried, five: .disconnected(Self.nowhere, reason: "a reset"),
        threeOneOne: .refused(Self.nowhere, reason: "not authorised"))
    }
    let text = try #require(error.map { "\($0)" })
    #expect(text.contains("does not take MQTT 5 (the connection broke: a reset)"))
    #expect(text.hasSuffix("refused the connection over MQTT 3.1.1: not authorised"))
  }

  /// Before a real mosquitto stands somebody who does not know MQTT 5.
  @Test(.timeLimit(.minutes(30)), arguments: OldBroker.Manner.allCases.filter { $0 != .turnsAway })
  func oldBrokersAreSpokenToAsTheyUnderstand(manner: OldBroker.Manner) async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { broker in
        try await withOldBroker(manner, before: broker) { old in
          let agreed = try AgreedProtocol.ask(old.address, clientID: "c", .auto)
          #expect(agreed.version == .threeOneOne)
          let said = try #require(agreed.againstFive)
          switch manner {
          case .refuses, .refusesInItsOwnVersion: #expect(said.lowercased().contains("protocol version"))
          case .closes: #expect(said == "it closed the connection")
          case .isSilent: #expect(said.contains("no answer"))
          case .answersInItsOwnVersion, .turnsAway: #expect(said.contains("the connection broke"))
          }
          #expect(old.versions == [5, 4])
          // What is agreed on carries what ingestion needs.
          let form = try AcknowledgementSelfTest.run(
            address: old.address, clientID: "c", version: agreed.version)
          #expect(form == .samePacketID)
          #expect(old.versions.dropFirst(2).allSatisfy { $0 == 4 })
        }
      }
    }
  }

  /// The acknowledgement of one who has died comes after the CONNECT of the next.
  @Test(.timeLimit(.minutes(30))) func whatTheDeadSaidLastMayComeLate() async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { broker in
        try await withOldBroker(.refuses, before: broker, delayMilliseconds: 400) { old in
          let form = try AcknowledgementSelfTest.run(
            address: old.address, clientID: "c", version: .threeOneOne)
          #expect(form == .samePacketID)
        }
      }
    }
  }

  @Test func aBrokerThatTurnsUsAwayIsNotAskedAgain() async throws {
    try await withOldBroker(.turnsAway, before: nil) { old in
      let error = #expect(throws: MQTTError.self) {
        try AgreedProtocol.ask(old.address, clientID: "c", .auto)
      }
      guard case .refused? = error else {
        Issue.record("it says \(error.map { "\($0)" } ?? "nothing")")
        return
      }
      #expect(old.versions == [5])
    }
  }

  @Test func whoWantsToSeeABrokerConnectsWithAChosenVersionToo() async throws {
    let free = BrokerAddress(host: "127.0.0.1", port: try ListeningPort.free())
    for choice in [ProtocolChoice.five, .threeOneOne] {
      #expect(try AgreedProtocol.ask(free, clientID: "c", choice).version == choice.version)
      let error = #expect(throws: MQTTError.self) {
        try AgreedProtocol.ask(free, clientID: "c", choice, alwaysConnects: true)
      }
      guard case .unreachable? = error else {
        Issue.record("it says \(error.map { "\($0)" } ?? "nothing")")
        return
      }
    }
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { broker in
        try await withOldBroker(.refuses, before: broker) { old in
          let agreed = try AgreedProtocol.ask(
            old.address, clientID: "c", .threeOneOne, alwaysConnects: true)
          #expect(agreed == AgreedProtocol(.threeOneOne) && old.versions == [4])
        }
      }
    }
  }

  /// CONNACK of MQTT 3.1.1 with code 5.
  @Test func aRefusalOverMQTT311IsNoQuestionWhetherABrokerIsThere() async throws {
    try await withOldBroker(.refuses, before: nil, lastWords: [0x20, 0x02, 0x00, 0x05]) { old in
      let error = #expect(throws: MQTTError.self) {
        try AgreedProtocol.ask(old.address, clientID: "c", .auto)
      }
      let text = error.map { "\($0)" } ?? ""
      #expect(text.contains("over MQTT 3.1.1: ") && text.lowercased().contains("authori"), "\(text)")
      #expect(!text.contains("Is an MQTT broker listening there?"), "\(text)")
    }
  }

  @Test(arguments: [ProtocolChoice.auto, .five, .threeOneOne])
  func aWebServerIsNoSuccess(choice: ProtocolChoice) async throws {
    let page = Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)
    try await withOldBroker(nil, before: nil, lastWords: page) { old in
      let error = #expect(throws: MQTTError.self) {
        try AgreedProtocol.ask(old.address, clientID: "c", choice, alwaysConnects: true)
      }
      let text = error.map { "\($0)" } ?? ""
      #expect(text.contains("what came is no MQTT") && !text.contains("Success"), "\(text)")
    }
  }

  @Test func whoTakesNeitherVersionIsToldApartFromNobody() async throws {
    try await withOldBroker(.refuses, before: nil) { old in
      let error = #expect(throws: MQTTError.self) {
        try AgreedProtocol.ask(old.address, clientID: "c", .auto)
      }
      guard case .noVersion(_, let five, let threeOneOne)? = error else {
        Issue.record("it says \(error.map { "\($0)" } ?? "nothing")")
        return
      }
      #expect(five.lowercased().contains("protocol version") && threeOneOne == "it closed the connection")
    }
    let free = BrokerAddress(host: "127.0.0.1", port: try ListeningPort.free())
    let error = #expect(throws: MQTTError.self) { try AgreedProtocol.ask(free, clientID: "c", .auto) }
    guard case .unreachable? = error else {
      Issue.record("it says \(error.map { "\($0)" } ?? "nothing")")
      return
    }
  }
}
