import Foundation
import Ingestion
import MQTT
import TestSupport
import Testing

/// Commands and runs with brokers that speak MQTT 3.1.1 alone.
@Suite(.serialized) struct ProtocolVersionTests {
  private static let scenario = """
    name: old-broker
    seed: 5
    clock: { duration: 1h, speed: max }
    fleet:
      - device: d
        count: 4
        every: 10s
        sensors: { a: { signal: [{ noise: { stddev: 1 } }] } }
    ingestion: { window: 5m }
    faults: [{ at: 20m, kill: ingestion }]
    expect: [readings.lost == 0, readings.stored == 1440, windows.mismatched == 0]
    """

  @Test(.timeLimit(.minutes(30)), arguments: [OldBroker.Manner.closes, .refuses])
  func aRunOnAnOldBrokerLosesAndDoublesNothing(manner: OldBroker.Manner) async throws {
    try await withTemporaryFolder { folder in
      try Self.scenario.write(toFile: "\(folder)/s.yaml", atomically: true, encoding: .utf8)
      try await withBroker(in: folder) { broker in
        try await withOldBroker(manner, before: broker) { old in
          let outcome = try await SondeProgram.run([
            "run", "\(folder)/s.yaml", "--out", "\(folder)/run", "--set", "broker=\(old.address)",
          ])
          #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
          let log = try String(contentsOfFile: "\(folder)/run/logs/run.log", encoding: .utf8)
          #expect(log.contains("MQTT 3.1.1 is spoken with it"))
          // It is asked once, and the fleet and ingestion are told.
          #expect(old.versions.count { $0 == 5 } == 1 && old.versions.count { $0 == 4 } > 5)
          let settings = try IngestionSettings(path: "\(folder)/run/ingest.json")
          #expect(settings.mqtt == .threeOneOne)
        }
      }
    }
  }

  /// The version can be asked for also where the broker is the run's own.
  @Test(.timeLimit(.minutes(30))) func aRunSpeaksTheVersionThatItIsTold() async throws {
    try await withTemporaryFolder { folder in
      try Self.scenario.write(toFile: "\(folder)/s.yaml", atomically: true, encoding: .utf8)
      for version in ["3.1.1", "5"] {
        let outcome = try await SondeProgram.run([
          "run", "\(folder)/s.yaml", "--out", "\(folder)/\(version)", "--set", "mqtt=\(version)",
        ])
        #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
        let log = try String(contentsOfFile: "\(folder)/\(version)/logs/ingest.log", encoding: .utf8)
        #expect(log.contains("waits for our commit (MQTT \(version))"))
      }
    }
  }

  @Test(.timeLimit(.minutes(30))) func ingestAndDoctorSayWhatTheyHaveFound() async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { broker in
        try await withOldBroker(.closes, before: broker) { old in
          let doctor = try await SondeProgram.run(["doctor", "--broker", "\(old.address)"])
          #expect(
            doctor.output.contains("the broker does not take MQTT 5 (it closed the connection)"))
          #expect(
            doctor.output.contains("ok    acknowledgement") || doctor.output.contains("acknowledgement:"))
          #expect(doctor.output.contains("max_inflight_messages 1000"))
          #expect(doctor.output.contains("mqtt.subscription_ttl"))
          let ingest = try await SondeProgram.run([
            "ingest", "--broker", "\(old.address)", "--mqtt", "5", "--store", "\(folder)/s.sqlite",
            "--window",
            "10s",
          ])
          #expect(ingest.status == 69 && ingest.errors.contains("broke"), "\(ingest.errors)")
        }
        let other = try await SondeProgram.run(["doctor", "--broker", "\(broker)", "--mqtt", "4"])
        #expect(other.status == 64)
      }
    }
  }

  @Test(.timeLimit(.minutes(30)), arguments: ["5", "3.1.1"])
  func theDoctorGoesNoFurtherWhereNobodyAnswers(version: String) async throws {
    let free = BrokerAddress(host: "127.0.0.1", port: try ListeningPort.free())
    // The other takes the connection and says nothing: it waits for the end of a web request.
    let silence: ScriptedServer.Script = { _ in .silence }
    try await withScriptedServer(silence) { server in
      for address in [free, BrokerAddress(host: "127.0.0.1", port: server.port)] {
        let outcome = try await SondeProgram.run([
          "doctor", "--broker", "\(address)", "--mqtt", version,
        ])
        #expect(outcome.status != 0)
        #expect(outcome.output.contains("look whether a broker is running there"), "\(outcome.output)")
        #expect(!outcome.output.contains("is spoken with"), "\(outcome.output)")
        #expect(!outcome.output.contains("acknowledgement:"), "\(outcome.output)")
      }
    }
  }
}
