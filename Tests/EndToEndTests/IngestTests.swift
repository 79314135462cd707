import Foundation
import GRDB
import MQTT
import Supervision
import TestSupport
import Testing
import WindowStore

/// `sonde ingest` and `sonde simulate` by themselves, against a broker that somebody else runs.
@Suite(.serialized) struct IngestTests {
  /// Runs `sonde ingest` on `store` until `body` returns, then stops it with SIGTERM and expects exit code 0.
  private func ingesting(
    _ broker: BrokerAddress, store: String, log: String, _ body: () async throws -> Void
  ) async throws {
    let service = try await Service.start(
      name: "ingest", executable: SondeProgram.path,
      arguments: [
        "ingest", "--broker", "\(broker)", "--topic", "devices/+/telemetry", "--store", store, "--window",
        "60s",
      ],
      log: log)
    try await waitUntil("ingestion listens") {
      (try? String(contentsOfFile: log, encoding: .utf8))?.contains("ingesting devices") ?? false
    }
    try await body()
    // However long it takes on a machine that is busy.
    let exit = try await service.stop(grace: .seconds(600))
    let said = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    // Of a broker that has gone: it gives up after a minute, and a busy machine may tell it to stop later than that.
    let gaveUp = exit == .exited(code: 69) && said.contains("connecting again")
    #expect(exit == .exited(code: 0) || gaveUp, "\(said)")
  }

  @Test func whereTheBrokerHasGoneItStillStopsWhenItIsTold() async throws {
    try await withTemporaryFolder { folder in
      let broker = try await EmbeddedBroker.start(folder: folder, log: "\(folder)/broker.log")
      let log = "\(folder)/ingest.log"
      try await ingesting(broker.address, store: "\(folder)/sonde.sqlite", log: log) {
        await broker.stop()
        try await waitUntil("ingestion misses its broker") {
          try String(contentsOfFile: log, encoding: .utf8).contains("connecting again")
        }
      }
    }
  }

  /// The broker gives the session to the client that came last, and the other wants it back.
  @Test func twoOfOneClientIDTakeTurnsSlowly() async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { broker in
        let log = "\(folder)/1.log"
        try await ingesting(broker, store: "\(folder)/1.sqlite", log: log) {
          try await ingesting(broker, store: "\(folder)/2.sqlite", log: "\(folder)/2.log") {
            try await waitUntil("it is said what may be the reason") {
              try String(contentsOfFile: log, encoding: .utf8).contains("has another client the client id")
            }
          }
        }
        let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
        #expect(lines.count < 100)
      }
    }
  }

  @Test func payloadsThatAreNoMessagesAreKeptWithTheirReason() async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { broker in
        let store = "\(folder)/sonde.sqlite"
        let good = Array(#"{"device":"d1","epoch":1,"seq":0,"ts":1767225600000,"values":{"a":1.5}}"#.utf8)
        let payloads: [[UInt8]] = [
          Array("garbage".utf8), [0xFF, 0xFE, 0x00, 0x80], Array(repeating: 0x20, count: 100_000), [],
          Array(#"{"device":"d2","epoch":1,"seq":0,"ts":1767225600000,"values":{"a":1}}"#.utf8),
          Array(#"{"device":"d1","epoch":1,"seq":1,"ts":1767225600000,"values":{}}"#.utf8),
          Array(#"{"device":"d1","epoch":1,"seq":1,"ts":-5,"values":{"a":1}}"#.utf8),
          Array(#"{"device":"d1","epoch":1,"seq":1,"ts":1,"values":{"a":1e999}}"#.utf8),
          Array(#"{"device":"d1","epoch":1,"seq":1,"ts":1,"values":{"a b":1}}"#.utf8),
        ]
        try await ingesting(broker, store: store, log: "\(folder)/ingest.log") {
          let pool = try PublisherPool(address: broker, clients: [PublisherClient(id: "p")])
          for payload in payloads + [good] {
            try payload.withUnsafeBytes {
              try pool.publish(
                client: 0, topic: "devices/d1/telemetry", payload: $0, as: .messages(1, readings: 1))
            }
          }
          while !pool.isDrained { try pool.pump(.milliseconds(50)) }
          pool.close()
          // A poison message does not block the queue: the good one behind it is stored.
          let reader = try WindowStoreReader(path: store)
          try await waitUntil("the good message is stored") { try reader.progress().storedMessages == 1 }
        }
        let database = try DatabaseQueue(path: store)
        let rows = try database.read { db in
          try Row.fetchAll(db, sql: "SELECT topic, reason, payload FROM rejected_messages ORDER BY rowid")
        }
        #expect(rows.count == payloads.count)
        let reasons = rows.map { $0["reason"] as String }
        for (reason, part) in zip(
          reasons,
          [
            "not valid JSON", "not UTF-8", "at most 65536", "not valid JSON",
            "is of device “d2”, the topic of “d1”",
            "no values", "outside the years", "1e999, which is beyond the range", "“a b” is not a sensor id",
          ])
        {
          #expect(reason.contains(part))
        }
        #expect(rows[1]["payload"] as Data == Data(payloads[1]))
      }
    }
  }

  @Test func simulateReachesAnyBrokerAndIngestGoesOnWhereItWas() async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { broker in
        let store = "\(folder)/sonde.sqlite"
        let simulate = [
          "simulate", "Scenarios/quickstart.yaml", "--broker", "\(broker)", "--set", "clock.duration=1h",
          "--set",
          "fleet[0].count=3", "--set", "fleet[0].anomalies=[]", "--set", "model.train_on=[0m, 30m]", "--set",
          "scoring.from=30m",
        ]
        try await ingesting(broker, store: store, log: "\(folder)/first.log") {}
        // Published while nobody listens: the broker keeps it for the session.
        let outcome = try await SondeProgram.run(simulate)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let ledger = try #require(
          try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        #expect(ledger["planned"] as? Int == 3 * 360)
        #expect(ledger["acknowledged"] as? Int == 3 * 360)
        #expect(ledger["connections"] as? Int == 3)
        try await ingesting(broker, store: store, log: "\(folder)/second.log") {
          let reader = try WindowStoreReader(path: store)
          try await waitUntil("everything is stored") { try reader.progress().storedMessages == 3 * 360 }
        }
        let progress = try WindowStoreReader(path: store).progress()
        #expect(progress.storedReadings == 3 * 360 * 3)
        // The last window of each sensor is not closed early.
        #expect(progress.windowsClosed == 3 * 3 * 59)
      }
    }
  }
}
