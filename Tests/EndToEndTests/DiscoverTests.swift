import Foundation
import GRDB
import MQTT
import Supervision
import TestSupport
import Testing
import WindowStore

/// `sonde ingest --discover`: from a plant that nobody has described to all of its readings in a store.
@Suite(.serialized, .timeLimit(.minutes(30))) struct DiscoverTests {
  private func publish(_ messages: [(topic: String, payload: String)], to broker: BrokerAddress) throws {
    let pool = try PublisherPool(address: broker, clients: [PublisherClient(id: "devices")])
    for message in messages {
      try Array(message.payload.utf8).withUnsafeBytes {
        try pool.publish(client: 0, topic: message.topic, payload: $0, as: .messages(1, readings: 1))
      }
    }
    while !pool.isDrained { try pool.pump(.milliseconds(50)) }
    pool.close()
  }

  private static let rounds = 20
  /// What two presses send, a topic a sensor, and a gateway for two nodes.
  private func plant(beginning: Date) -> [(topic: String, payload: String)] {
    var messages: [(topic: String, payload: String)] = []
    for round in 0..<Self.rounds {
      for press in 1...2 {
        messages.append(("hall/press-\(press)/temperature", "\(40 + round).\(press)"))
        messages.append(("hall/press-\(press)/valve", round % 2 == 0 ? "open" : "closed"))
      }
      let seconds = Int(beginning.timeIntervalSince1970) + round
      let records = (1...2).map { #"{"id":"node-\#($0)","t":\#(seconds),"temp":\#(round).5,"ok":true}"# }
      messages.append(
        ("gateway/data", #"{"gateway":"g1","readings":[\#(records.joined(separator: ","))]}"#))
    }
    return messages
  }

  /// Runs `sonde ingest --discover` until `count` messages were heard, and ends it with `signal`. Returns what it has printed.
  private func discovered(
    _ broker: BrokerAddress, _ arguments: [String] = [], log: String, signal: Int32,
    messages: [(topic: String, payload: String)]
  ) async throws -> String {
    let service = try await Service.start(
      name: "discover", executable: SondeProgram.path,
      arguments: ["ingest", "--broker", "\(broker)", "--discover", "1h"] + arguments, log: log)
    func said() -> String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
    try await waitUntil("it listens") { said().contains("listening") }
    try publish(messages, to: broker)
    try await waitUntil("it has heard all") { said().contains(" \(messages.count) messages on ") }
    service.send(signal: signal)
    var lines: [String] = []
    for await line in service.lines { lines.append(line) }
    #expect(try await service.exit() == .exited(code: 0), "\(said())")
    return lines.joined(separator: "\n") + "\n"
  }

  @Test func whatItPrintsTakesThePlant() async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { broker in
        let text = try await discovered(
          broker, log: "\(folder)/discover.log", signal: SIGINT, messages: plant(beginning: .now - 3_600))
        let file = "\(folder)/plant.yaml"
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        #expect(text.contains("hall/{device}/temperature") && text.contains("readings.*"), "\(text)")

        // Its session has gone with it: nobody keeps anything for the id that it had.
        let brokerLog = try String(contentsOfFile: "\(folder)/broker.log", encoding: .utf8)
        let id = try #require(
          brokerLog.matches(of: #/as (sonde-discover-[0-9a-f]+) /#).last.map { String($0.1) })
        let successor = try CommitGatedConsumer(
          address: broker, clientID: id, filter: "t", sessionExpiry: .seconds(0))
        #expect(!successor.resumedSession)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(!files.contains { $0.hasSuffix(".sqlite") }, "\(files)")

        // The file, as it was printed, takes everything.
        let store = "\(folder)/plant.sqlite"
        let log = "\(folder)/ingest.log"
        let service = try await Service.start(
          name: "ingest", executable: SondeProgram.path,
          arguments: [
            "ingest", "--broker", "\(broker)", "--payload", file, "--store", store, "--window", "60s",
          ], log: log)
        try await waitUntil("ingestion listens") {
          (try? String(contentsOfFile: log, encoding: .utf8))?.contains("ingesting ") ?? false
        }
        let messages = plant(beginning: .now - 1_800)
        let reader = try WindowStoreReader(path: store)
        for round in 0..<Self.rounds {
          // One after another: what has no time has that of its arrival, and a sensor has one value at a time.
          try publish(Array(messages[round * 5..<round * 5 + 5]), to: broker)
          try await waitUntil("a round is stored") {
            let progress = try reader.progress()
            return progress.storedReadings >= (round + 1) * 8 || progress.rejectedMessages > 0
          }
        }
        #expect(try await service.stop(grace: .seconds(600)) == .exited(code: 0))
        let database = try DatabaseQueue(path: store)
        let (counts, rejected) = try await database.read { db in
          (
            try Row.fetchAll(
              db,
              sql:
                "SELECT device, sensor, count(*) AS n FROM stored_readings GROUP BY device, sensor ORDER BY 1, 2"
            ).map { "\($0["device"] as String) \($0["sensor"] as String) \($0["n"] as Int)" },
            try String.fetchAll(db, sql: "SELECT reason FROM rejected_messages")
          )
        }
        #expect(rejected.isEmpty, "\(rejected)")
        #expect(
          counts == [
            "node-1 ok 20", "node-1 temp 20", "node-2 ok 20", "node-2 temp 20", "press-1 temperature 20",
            "press-1 valve 20", "press-2 temperature 20", "press-2 valve 20",
          ])
      }
    }
  }

  /// MQTT 3.1.1, one topic alone, and JSON.
  @Test func itTellsProgramsWhatItTellsPeople() async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { broker in
        let all = plant(beginning: .now)
        let gateway = all.filter { $0.topic == "gateway/data" }
        let text = try await discovered(
          broker, ["--mqtt", "3.1.1", "--topic", "gateway/#", "--format", "json"],
          log: "\(folder)/discover.log", signal: SIGTERM, messages: gateway)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(json["messages"] as? Int == Self.rounds)
        #expect(json["advice"] as? String == "mapping")
        let patterns = try #require(json["patterns"] as? [[String: Any]])
        #expect(patterns.map { $0["topic"] as? String } == ["gateway/data"])
        let proof = try #require(json["proof"] as? [String: Any])
        #expect(proof["readings"] as? Int == Self.rounds * 4)
        #expect((json["mapping_yaml"] as? String)?.contains("records: \"readings.*\"") == true)
      }
    }
  }

  @Test func silenceIsSaidAndIsNoSuccess() async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { broker in
        let outcome = try await SondeProgram.run(["ingest", "--broker", "\(broker)", "--discover", "1s"])
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("# no message came"))
      }
    }
  }

  @Test func whatStoresAndWhatListensExcludeEachOther() async throws {
    let broker = ["ingest", "--broker", "mqtt://127.0.0.1:1"]
    for options in [
      ["--store", "s.sqlite"], ["--run", "r"], ["--window", "60s"], ["--payload", "tasmota"],
      ["--client-id", "c"],
    ] {
      let outcome = try await SondeProgram.run(broker + ["--discover", "1s"] + options)
      #expect(outcome.status == 64)
      #expect(outcome.errors.contains("--discover and \(options[0]) exclude each other"), "\(outcome.errors)")
    }
    let format = try await SondeProgram.run(broker + ["--format", "json"])
    #expect(format.status == 64 && format.errors.contains("--discover is not given"), "\(format.errors)")
    let absent = try await SondeProgram.run(["ingest", "--discover", "1s"])
    #expect(absent.status == 64 && absent.errors.contains("--broker"), "\(absent.errors)")
    let unreachable = try await SondeProgram.run(broker + ["--discover", "1s"])
    #expect(unreachable.status == 69)
  }
}
