import Foundation
import MQTT
import Supervision
import TestSupport
import Testing

/// What `sonde ingest` and `sonde doctor` say of brokers that turn them away, and how they end while they wait for one.
@Suite(.serialized, .timeLimit(.minutes(30))) struct BrokerRefusalTests {
  private func withIngestion(
    on broker: BrokerAddress, in folder: String, _ arguments: [String] = [],
    _ body: (Service) async throws -> Void
  ) async throws {
    let service = try await Service.start(
      name: "ingest", executable: SondeProgram.path,
      arguments: [
        "ingest", "--broker", "\(broker)", "--store", "\(folder)/s.sqlite", "--window", "10s", "--client-id",
        "reader",
      ] + arguments, log: "\(folder)/ingest.log")
    do {
      try await body(service)
    } catch {
      service.send(signal: SIGKILL)
      throw error
    }
  }

  private func log(_ folder: String, _ name: String = "ingest.log") -> String {
    (try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)) ?? ""
  }

  /// Where the broker's log has a text; nil while it has none.
  private func logged(_ text: String, in folder: String) -> Range<String.Index>? {
    log(folder, "m.log").range(of: text)
  }

  /// Somebody takes the connection and says nothing, for which it would wait ten seconds a version.
  @Test func aStopWhileABrokerIsWaitedForIsObeyed() async throws {
    try await withTemporaryFolder { folder in
      try await withOldBroker(.isSilent, before: nil) { old in
        let stop = PromptAction(when: "it has asked", { old.versions.first }) { _ in
          Processes.send(signal: SIGTERM, toThoseNaming: "\(folder)/s.sqlite")
        }
        try await withIngestion(on: old.address, in: folder) { service in
          try await stop.finish()
          let exit = try await service.exit()
          #expect(exit == .exited(code: 0))
          #expect(log(folder).contains("stopped before it began"), "\(log(folder))")
          // Over MQTT 3.1.1 it was not asked any more.
          #expect(old.versions == [5])
        }
      }
    }
  }

  @Test func aStopWhileABrokerIsWaitedForEndsDiscoveryToo() async throws {
    try await withOldBroker(.isSilent, before: nil) { old in
      let stop = PromptAction(when: "it has asked", { old.versions.first }) { _ in
        Processes.send(signal: SIGTERM, toThoseNaming: "\(old.address)")
      }
      let outcome = try await SondeProgram.run([
        "ingest", "--broker", "\(old.address)", "--discover", "60s",
      ])
      try await stop.finish()
      #expect(outcome.status == 130 && outcome.errors.contains("stopped while connecting"), "\(outcome)")
      #expect(outcome.output.isEmpty && old.versions == [5])
    }
  }

  /// In the self-test, whose messages do not come.
  @Test(arguments: ["5", "3.1.1"]) func aStopInTheSelfTestLeavesNoSession(version: String) async throws {
    try await withTemporaryFolder { folder in
      try "topic readwrite devices/#\n".write(toFile: "\(folder)/acl", atomically: true, encoding: .utf8)
      try await withMosquitto("acl_file \(folder)/acl", in: folder) { broker in
        let stop = PromptAction(when: "the self-test is on", { logged("reader-selftest-p", in: folder) }) {
          _ in
          Processes.send(signal: SIGTERM, toThoseNaming: "\(folder)/s.sqlite")
        }
        try await withIngestion(on: broker, in: folder, ["--mqtt", version]) { service in
          try await stop.finish()
          let exit = try await service.exit()
          #expect(exit == .exited(code: 0))
          #expect(log(folder).contains("stopped before it began"), "\(log(folder))")
        }
        let next = try CommitGatedConsumer(
          address: broker, clientID: "reader-selftest", filter: "devices/#", sessionExpiry: .zero,
          version: version == "5" ? .five : .threeOneOne)
        #expect(!next.resumedSession)
      }
    }
  }

  @Test func ingestionNamesTheTopicThatIsDenied() async throws {
    try await withTemporaryFolder { folder in
      try "topic readwrite devices/#\n".write(toFile: "\(folder)/acl", atomically: true, encoding: .utf8)
      try await withMosquitto("acl_file \(folder)/acl", in: folder) { broker in
        let outcome = try await SondeProgram.run([
          "ingest", "--broker", "\(broker)", "--store", "\(folder)/s.sqlite", "--window", "10s",
          "--client-id", "reader",
        ])
        #expect(outcome.status == 69)
        #expect(
          outcome.errors.contains("“sonde/selftest/reader-selftest”") && outcome.errors.contains("denied"),
          "\(outcome.errors)")
      }
    }
  }

  @Test(arguments: [
    // (settings, what is to be said, what is not)
    (
      "allow_anonymous false", ["--username", "clientid_prefixes"], ["look whether a broker is running there"]
    ),
    ("clientid_prefixes plant-", ["--username", "sonde-"], ["look whether a broker is running there"]),
    (
      "acl_file FOLDER/acl",
      ["acknowledgement: ", "session: what it keeps of a session cannot be tried", "acl_file"],
      ["an absence loses all", "max_queued_messages 1000000; RabbitMQ"]
    ),
    ("max_packet_size 60", ["max_packet_size", "smaller packets"], ["an absence loses all"]),
    ("message_size_limit 10", ["message_size_limit"], ["an absence loses all"]),
  ])
  func theDoctorNamesTheCause(settings: String, said: [String], unsaid: [String]) async throws {
    try await withTemporaryFolder { folder in
      try "topic readwrite devices/#\n".write(toFile: "\(folder)/acl", atomically: true, encoding: .utf8)
      let settings = settings.replacing("FOLDER", with: folder)
      // What it says of an installed mosquitto is none of this broker's.
      try "max_queued_messages 1000000\nautosave_interval 1\n".write(
        toFile: "\(folder)/audited.conf", atomically: true, encoding: .utf8)
      try await withMosquitto(settings, in: folder) { broker in
        for version in ["auto", "3.1.1"] {
          let outcome = try await SondeProgram.run([
            "doctor", "--broker", "\(broker)", "--mqtt", version, "--mosquitto-conf",
            "\(folder)/audited.conf",
          ])
          #expect(outcome.status == 69)
          for text in said { #expect(outcome.output.contains(text), "\(version): \(outcome.output)") }
          for text in unsaid { #expect(!outcome.output.contains(text), "\(version): \(outcome.output)") }
        }
      }
    }
  }

  @Test(arguments: [SIGINT, SIGTERM]) func aDoctorThatIsInterruptedLeavesNoSession(signal: Int32) async throws
  {
    try await withTemporaryFolder { folder in
      try await withMosquitto("max_queued_messages 100000", in: folder) { broker in
        let stop = PromptAction(when: "its trial publishes", { logged("-session-p", in: folder) }) { _ in
          Processes.send(signal: signal, toThoseNaming: "\(broker)")
        }
        let doctor = try await Service.start(
          name: "doctor", executable: SondeProgram.path,
          arguments: ["doctor", "--broker", "\(broker)", "--mqtt", "3.1.1"], log: "\(folder)/doctor.log")
        try await stop.finish()
        #expect(try await doctor.exit() == .exited(code: 130))
        let identity = try #require(
          log(folder, "m.log").firstMatch(of: #/ as (sonde-doctor-[0-9a-f]+-session) /#)?.output.1)
        let next = try CommitGatedConsumer(
          address: broker, clientID: String(identity), filter: "devices/#", sessionExpiry: .zero,
          version: .threeOneOne)
        #expect(!next.resumedSession)
      }
    }
  }

  /// A broker without a memory takes the place of one that knew the session.
  @Test func aSessionThatIsLostWithTheBrokerIsWarnedOf() async throws {
    try await withTemporaryFolder { folder in
      let port = try ListeningPort.free()
      var ingestion: Service?
      try await withMosquitto("", in: folder, port: port) { broker in
        try await withIngestion(on: broker, in: folder) { service in
          try await waitUntil("ingestion listens") { log(folder).contains("ingesting ") }
          ingestion = service
        }
      }
      let service = try #require(ingestion)
      try await withMosquitto("", in: folder, port: port) { _ in
        try await waitUntil("it is connected again") { log(folder).contains("connected again") }
        try await waitUntil("it has said what is lost") { log(folder).contains("listened is lost") }
        let line = log(folder).split(separator: "\n").first { $0.contains("listened is lost") }
        #expect(line?.contains(" warning ") == true, "\(log(folder))")
        #expect(try await service.stop() == .exited(code: 0))
      }
    }
  }
}
