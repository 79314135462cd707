import Foundation
import MQTT
import TestSupport
import Testing

/// What a consumer has seen, by payload.
private func payloads(_ consumer: CommitGatedConsumer) -> [String] {
  var texts: [String] = []
  consumer.batch.forEachMessage { _, payload, _ in texts.append(String(decoding: payload, as: UTF8.self)) }
  return texts
}

private func consumer(_ address: BrokerAddress, _ version: ProtocolVersion = .five) throws
  -> CommitGatedConsumer
{
  try CommitGatedConsumer(
    address: address, clientID: "consumer", filter: "t/#", sessionExpiry: .seconds(60), version: version)
}

private func publish(_ range: Range<Int>, to address: BrokerAddress) throws {
  let pool = try PublisherPool(address: address, clients: [PublisherClient(id: "publisher")])
  for number in range {
    try Array("\(number)".utf8).withUnsafeBytes {
      try pool.publish(client: 0, topic: "t/x", payload: $0, as: .messages(1, readings: 1))
    }
  }
  while !pool.isDrained { try pool.pump(.milliseconds(100)) }
  #expect(pool.counters.acknowledged == range.count)
  pool.close()
}

@Suite struct AcknowledgementTests {
  @Test(arguments: ProtocolVersion.allCases)
  func theSelfTestPassesAgainstTheEmbeddedBroker(version: ProtocolVersion) async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { address in
        let form = try AcknowledgementSelfTest.run(address: address, clientID: "someone", version: version)
        #expect(form == .samePacketID)
        // A second run beside what the first has left must pass as well.
        try AcknowledgementSelfTest.run(address: address, clientID: "someone", version: version)
      }
    }
  }

  /// A client as the library has it acknowledges what it hands over at once, and a crash would lose that.
  @Test(arguments: ProtocolVersion.allCases)
  func theSelfTestRefusesAClientThatAcknowledgesEarly(version: ProtocolVersion) async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { address in
        let error = #expect(throws: MQTTError.self) {
          try AcknowledgementSelfTest.run(
            address: address, clientID: "hasty", version: version, gatesAcknowledgements: false)
        }
        guard case .acknowledgesEarly(_, let observed)? = error else {
          Issue.record("it says \(error.map { "\($0)" } ?? "nothing")")
          return
        }
        #expect(observed == "an unacknowledged message did not come again")
      }
    }
  }

  @Test func whatWasReadAndNotAcknowledgedComesAgain() async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { address in
        let numbers = (0..<500).map(String.init)
        do {
          let first = try consumer(address)
          #expect(!first.resumedSession)
          try publish(0..<500, to: address)
          try first.receive(limit: 500, byteLimit: .max, within: .seconds(600))
          #expect(payloads(first) == numbers)
        }
        let second = try consumer(address)
        #expect(second.resumedSession)
        try second.receive(limit: 500, byteLimit: .max, within: .seconds(600))
        #expect(payloads(second) == numbers)
        try second.acknowledge()
        second.finish()
        let third = try consumer(address)
        try third.receive(limit: 1, byteLimit: .max, within: .milliseconds(100))
        #expect(third.batch.isEmpty)
      }
    }
  }

  /// MQTT 3.1.1 has no receive maximum: mosquitto sends twenty at a time, and those come again, marked, under their packet ids.
  @Test func inMQTT311WhatWasNotAcknowledgedComesAgainMarked() async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { address in
        var before: [MessageBatch.Delivery] = []
        do {
          let first = try consumer(address, .threeOneOne)
          #expect(try first.awaitSubscription(within: .seconds(600)))
          try publish(0..<100, to: address)
          try first.receive(limit: 20, byteLimit: .max, within: .seconds(600))
          try first.receive(limit: 100, byteLimit: .max, within: .milliseconds(200))
          first.batch.forEachDelivery { _, _, delivery in before.append(delivery) }
          #expect(before.count == 20 && before.allSatisfy { !$0.isRepetition && $0.packetID != 0 })
        }
        let second = try consumer(address, .threeOneOne)
        #expect(second.resumedSession)
        var seen: [String] = []
        var again: [MessageBatch.Delivery] = []
        while seen.count < 100 {
          try second.receive(limit: 100, byteLimit: .max, within: .milliseconds(100))
          seen += payloads(second)
          second.batch.forEachDelivery { _, _, delivery in again.append(delivery) }
          try second.acknowledge()
        }
        #expect(seen == (0..<100).map(String.init))
        #expect(again.prefix(20).map(\.packetID) == before.map(\.packetID))
        #expect(again.prefix(20).allSatisfy { $0.isRepetition })
        #expect(again.dropFirst(20).allSatisfy { !$0.isRepetition })
        second.finish()
        try CommitGatedConsumer.forgetSession(of: "consumer", at: address, version: .threeOneOne)
        let third = try consumer(address, .threeOneOne)
        #expect(!third.resumedSession)
      }
    }
  }

  @Test func aBrokerKeepsWhatComesWhileTheConsumerIsAway() async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { address in
        try consumer(address).finish()
        // mosquitto's own default would keep 1000 of these.
        try publish(0..<5000, to: address)
        let back = try consumer(address)
        try back.receive(limit: 5000, byteLimit: .max, within: .seconds(600))
        #expect(payloads(back) == (0..<5000).map(String.init))
      }
    }
  }

  @Test func aPortThatNobodyListensOnIsUnreachable() throws {
    let port = try ListeningPort.free()
    let address = BrokerAddress(host: "127.0.0.1", port: port)
    let error = #expect(throws: MQTTError.self) { try consumer(address) }
    #expect("\(try #require(error))".contains("no broker answers at mqtt://127.0.0.1:\(port)"))
  }
}
