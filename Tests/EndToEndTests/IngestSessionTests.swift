import Foundation
import GRDB
import MQTT
import Supervision
import TestSupport
import Testing
import WindowStore

/// What a session at the broker still holds when `sonde ingest` comes again: retained messages, earlier subscriptions.
@Suite struct IngestSessionTests {
  private func ingesting(
    _ broker: BrokerAddress, store: String, _ arguments: [String], _ body: () async throws -> Void
  ) async throws {
    let log = "\(store)-\(UUID().uuidString).log"
    let service = try await Service.start(
      name: "ingest", executable: SondeProgram.path,
      arguments: ["ingest", "--broker", "\(broker)", "--store", store, "--window", "10s"] + arguments,
      log: log)
    try await waitUntil("ingestion listens") {
      (try? String(contentsOfFile: log, encoding: .utf8))?.contains("ingesting ") ?? false
    }
    try await body()
    #expect(try await service.stop() == .exited(code: 0))
  }

  private func publish(
    _ messages: [(topic: String, payload: String)], isRetained: Bool = false, to broker: BrokerAddress
  )
    throws
  {
    var client = PublisherClient(id: "p-\(UUID().uuidString)")
    client.isRetained = isRetained
    let pool = try PublisherPool(address: broker, clients: [client])
    for message in messages {
      try Array(message.payload.utf8).withUnsafeBytes {
        try pool.publish(
          client: 0, topic: message.topic, payload: $0, as: .messages(1, readings: 1))
      }
    }
    while !pool.isDrained { try pool.pump(.milliseconds(50)) }
    pool.close()
  }

  private func reading(_ device: String, at seconds: Int = 1_767_225_600) -> String {
    #"{"device":"\#(device)","ts":\#(seconds)000,"values":{"t":1}}"#
  }

  private func devices(in store: String) throws -> [String] {
    try DatabaseQueue(path: store).read {
      try String.fetchAll($0, sql: "SELECT DISTINCT device FROM stored_readings ORDER BY 1")
    }
  }

  @Test(arguments: ["5", "3.1.1"])
  func anotherTopicTakesThePlaceOfTheEarlierOne(version: String) async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { broker in
        let store = "\(folder)/sonde.sqlite"
        let reader = { try WindowStoreReader(path: store).progress() }
        try await ingesting(broker, store: store, ["--mqtt", version, "--topic", "plant/#"]) {}
        // Queued while nobody listened, under a subscription that stood: it is taken.
        try publish([("plant/hall2/d0/telemetry", reading("d0"))], to: broker)
        try await ingesting(broker, store: store, ["--mqtt", version, "--topic", "plant/hall1/+/telemetry"]) {
          try publish(
            [
              ("plant/hall2/d2/telemetry", reading("d2")), ("plant/office/printer/status", "out of paper"),
              ("plant/hall1/d1/telemetry", reading("d1")),
            ], to: broker)
          try await waitUntil("both are stored") { try reader().storedMessages == 2 }
        }
        try await ingesting(broker, store: store, ["--mqtt", version, "--topic", "plant/#"]) {
          try publish([("plant/hall2/d3/telemetry", reading("d3"))], to: broker)
          try await waitUntil("the first topic is back") { try reader().storedMessages == 3 }
        }
        #expect(try devices(in: store) == ["d0", "d1", "d3"])
        #expect(try reader().messages == 3)
      }
    }
  }

  /// In MQTT 3.1.1 it comes with every connection; by either version it is one reading.
  @Test(arguments: ["5", "3.1.1"])
  func aRetainedReadingCountsOnceForAnotherClientID(version: String) async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { broker in
        let store = "\(folder)/sonde.sqlite"
        let reader = { try WindowStoreReader(path: store).progress() }
        let adjust = [
          "--mqtt", version, "--late-policy", "adjust", "--lateness", "10s", "--out-of-orderness", "0s",
        ]
        try await ingesting(broker, store: store, adjust + ["--client-id", "before"]) {
          try publish([("devices/d1/telemetry", reading("d1"))], isRetained: true, to: broker)
          try publish([("devices/d1/telemetry", reading("d1", at: 1_767_226_600))], to: broker)
          try await waitUntil("both are stored") { try reader().messages == 2 }
        }
        try await ingesting(broker, store: store, adjust + ["--client-id", "after"]) {
          try await waitUntil("the retained one has come again") { try reader().messages == 3 }
        }
        let progress = try reader()
        #expect(progress.storedMessages == 2 && progress.duplicateMessages == 1)
        #expect(progress.adjustedMessages == 0)
      }
    }
  }

  @Test func theValuesThatAreNotTakenAreKeptWithTheirReason() async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { broker in
        let store = "\(folder)/sonde.sqlite"
        try await ingesting(broker, store: store, []) {
          try publish(
            [("devices/d/telemetry", #"{"device":"d","ts":1767225600000,"values":{"t":1,"p":NaN}}"#)],
            to: broker)
          try await waitUntil("it is stored") { try WindowStoreReader(path: store).progress().messages == 1 }
        }
        let progress = try WindowStoreReader(path: store).progress()
        #expect(
          progress.storedReadings == 1 && progress.rejectedReadings == 1 && progress.rejectedMessages == 0)
        let reasons = try await DatabaseQueue(path: store).read {
          try String.fetchAll($0, sql: "SELECT reason FROM rejected_messages")
        }
        #expect(reasons == ["one value is not taken: “p” is NaN, which is no number"])
      }
    }
  }

  @Test(arguments: [
    ["ingest", "--broker", "mqtt://user:secret@host", "--store", "s", "--window", "1s"],
    ["doctor", "--broker=mqtts://user:secret@host:1"],
    ["simulate", "Scenarios/quickstart.yaml", "--broker", "user:secret@host"],
    ["validate", "Scenarios/quickstart.yaml", "--set", "broker=mqtt://user:secret@host"],
  ])
  func aPasswordInAnAddressIsRefusedAndNotShown(arguments: [String]) async throws {
    let outcome = try await SondeProgram.run(arguments)
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains("--password-file") && outcome.errors.contains("--username"))
    #expect(!(outcome.errors + outcome.output).contains("secret"))
  }
}
