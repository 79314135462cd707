import Foundation
import GRDB
import MQTT
import Supervision
import TestSupport
import Testing
import WindowStore

/// `sonde ingest --payload`: what devices of others send, through a real broker into the store.
@Suite(.serialized, .timeLimit(.minutes(30))) struct IngestPayloadTests {
  /// Runs `sonde ingest` until `body` returns, then stops it with SIGTERM.
  private func ingesting(_ arguments: [String], log: String, _ body: () async throws -> Void) async throws {
    let service = try await Service.start(
      name: "ingest", executable: SondeProgram.path, arguments: ["ingest"] + arguments, log: log)
    try await waitUntil("ingestion listens") {
      (try? String(contentsOfFile: log, encoding: .utf8))?.contains("ingesting tele/+/SENSOR, tele/+/STATE")
        ?? false
    }
    try await body()
    #expect(try await service.stop(grace: .seconds(600)) == .exited(code: 0))
  }

  private func publish(_ messages: [(topic: String, payload: String)], to broker: BrokerAddress) async throws
  {
    let pool = try PublisherPool(address: broker, clients: [PublisherClient(id: "devices")])
    for message in messages {
      try Array(message.payload.utf8).withUnsafeBytes {
        try pool.publish(client: 0, topic: message.topic, payload: $0, as: .messages(1, readings: 1))
      }
    }
    while !pool.isDrained { try pool.pump(.milliseconds(50)) }
    pool.close()
  }

  @Test func aPresetStoresReadingsAndNamesWhatItCannotTake() async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { broker in
        let run = "\(folder)/plant"
        let options = ["--run", run, "--broker", "\(broker)", "--payload", "tasmota", "--window", "60s"]
        try await ingesting(options, log: "\(folder)/first.log") {
          try await publish(
            [
              (
                "tele/boiler/SENSOR",
                #"{"Time":"2026-03-02T06:15:00","DS18B20":{"Id":"3C01","Temperature":58.4},"TempUnit":"C"}"#
              ),
              ("tele/boiler/LWT", "Online"),
              ("devices/d/telemetry", #"{"device":"d","ts":1,"values":{"a":1}}"#),
              ("tele/boiler/STATE", #"{"Time":"2026-03-02T06:15:00","POWER":"ON","Vcc":NaN}"#),
              ("tele/boiler/STATE", "garbage"),
            ], to: broker)
          let reader = try WindowStoreReader(path: "\(run)/sonde.sqlite")
          try await waitUntil("all is stored") {
            let progress = try reader.progress()
            return progress.storedMessages == 2 && progress.rejectedMessages == 1
          }
        }
        // The folder knows the mapping: another life is told by its file alone.
        try await ingesting(["--config", "\(run)/ingest.json"], log: "\(folder)/second.log") {
          try await publish(
            [("tele/pump 8/SENSOR", #"{"Time":"2026-03-02T06:16:00","ANALOG":{"A0":512}}"#)], to: broker)
          let reader = try WindowStoreReader(path: "\(run)/sonde.sqlite")
          try await waitUntil("the third message is stored") { try reader.progress().storedMessages == 3 }
        }
        let database = try DatabaseQueue(path: "\(run)/sonde.sqlite")
        let (readings, rejected) = try await database.read { db in
          (
            try Row.fetchAll(
              db, sql: "SELECT device, ts_ms, sensor, value FROM stored_readings ORDER BY ts_ms, sensor"
            )
            .map {
              "\($0["device"] as String) \($0["ts_ms"] as Int64) \($0["sensor"] as String) \($0["value"] as Double)"
            },
            try Row.fetchAll(db, sql: "SELECT topic, reason FROM rejected_messages ORDER BY rowid")
              .map { "\($0["topic"] as String): \($0["reason"] as String)" }
          )
        }
        #expect(
          readings == [
            "boiler 1772432100000 DS18B20.Temperature 58.4", "boiler 1772432100000 POWER 1.0",
            "pump_x208 1772432160000 ANALOG.A0 512.0",
          ])
        #expect(rejected.count == 2)
        #expect(
          rejected.first?.contains("tele/boiler/STATE: one value is not taken: “Vcc” is NaN") == true,
          "\(rejected)")
        #expect(rejected.last?.contains("not valid JSON") == true, "\(rejected)")
      }
    }
  }

  @Test func aMappingThatIsWrongIsRefusedBeforeAnythingIsAsked() async throws {
    try await withTemporaryFolder { folder in
      try "messages:\n  - { topic: \"t/{device}\" }\n".write(
        toFile: "\(folder)/plant.yaml", atomically: true, encoding: .utf8)
      for (payload, reason) in [
        ("\(folder)/plant.yaml", "plant.yaml:2:5: message lacks one of ignore, time"),
        ("tasmotta", "did you mean “tasmota”?"),
      ] {
        let outcome = try await SondeProgram.run([
          "ingest", "--broker", "mqtt://127.0.0.1:1", "--store", "\(folder)/s.sqlite", "--window", "60s",
          "--payload", payload,
        ])
        #expect(outcome.status == 64 && outcome.errors.contains(reason), "\(outcome.errors)")
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/s.sqlite"))
      }
    }
  }
}
