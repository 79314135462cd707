import Foundation
import MQTT
import Supervision
import Telemetry
import TestSupport
import Testing
import WindowStore

/// `sonde alarms` over runs whose faults are known.
@Suite(.timeLimit(.minutes(30))) struct AlarmsTests {
  private struct Alarm: Decodable, Equatable {
    struct Reason: Decodable, Equatable {
      let feature: String
      let value: Double
      let usualLow: Double
      let usualHigh: Double
      let deviations: Double
    }

    let device: String
    let sensors: [String]
    let from: String
    let to: String
    let windows: Int
    let job: String
    let knownAt: String?
    let strength: Double
    let reasons: [Reason]
  }

  private static let decoder: JSONDecoder = {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
  }()

  /// A run that is trained on its first half, with windows of pump-3 between 18:00 and 18:15 and one of pump-4 at 20:00 that are off.
  private func withFaults(_ body: (ScoringRun) async throws -> Void) async throws {
    try await ScoringRun.trained { run in
      try run.store(
        [
          try window("pump-3", 216, 80), try window("pump-3", 217, 85), try window("pump-3", 218, 80),
          try window("pump-4", 240, 66),
        ], watermark: .seconds(86_340))
      try await body(run)
    }
  }

  /// The second revision of the window of `number`, with another mean.
  private func window(_ device: String, _ number: Int, _ mean: Double) throws -> WindowRow {
    let begin = ScoringRun.start + .seconds(300 * number)
    return WindowRow(
      device: try #require(DeviceID(device)), sensor: try #require(SensorID("temperature")), start: begin,
      end: begin + .seconds(300),
      aggregates: Aggregates(count: 30, mean: mean, stddev: 0.5, min: mean - 1, max: mean + 1), revision: 2,
      visibleFrom: begin + .seconds(301))
  }

  private func alarms(_ run: ScoringRun, _ more: [String] = []) async throws -> [Alarm] {
    try Self.decoder.decode(
      [Alarm].self, from: Data(try await run.sonde(["alarms", run.folder, "--format", "json"] + more).utf8))
  }

  @Test func theFaultIsTheStrongestAlarmWithItsReason() async throws {
    try await withFaults { run in
      _ = try await run.sonde(["score", run.folder] + ScoringRun.noon)
      let found = try await alarms(run)
      let first = try #require(found.first)
      #expect(first.device == "pump-3" && first.sensors == ["temperature"] && first.windows == 3)
      #expect(first.from == "2026-01-01T18:00:00.000Z" && first.to == "2026-01-01T18:15:00.000Z")
      #expect(first.knownAt != nil)
      #expect(
        Set(first.reasons.map(\.feature)) == ["temperature.mean", "temperature.min", "temperature.max"])
      for reason in first.reasons {
        #expect(reason.value > reason.usualHigh && reason.usualLow < reason.usualHigh)
        #expect(reason.deviations > 3)
      }
      let mean = try #require(first.reasons.first { $0.feature == "temperature.mean" })
      #expect(mean.value == 85)
      #expect(found.dropFirst().first?.device == "pump-4")
      #expect(zip(found, found.dropFirst()).allSatisfy { $0.strength >= $1.strength })
      // The two spans do not touch: from 18:15 on all is normal.
      #expect(
        try await alarms(run, ["--since", "2026-01-01T18:15:00Z"]).allSatisfy {
          $0.to > "2026-01-01T18:15:00.000Z"
        })
      // The jobs count the same.
      let list = try await run.sonde(["jobs", "list", run.folder, "--format", "json"])
      let jobs = try #require(try JSONSerialization.jsonObject(with: Data(list.utf8)) as? [[String: Any]])
      #expect(jobs.map { $0["alarms"] as? Int } == [found.count])
      let text = try await run.sonde(["alarms", run.folder])
      #expect(
        text.contains("pump-3  temperature\n          2026-01-01 18:00:00 to 2026-01-01 18:15:00, 3 windows"))
      #expect(text.contains("temperature.mean 85, usually "))
      let table = try await run.sonde(["alarms", run.folder, "--format", "csv"]).split(separator: "\n")
      #expect(table.count == found.count + 1)
      #expect(table[0] == "device,sensors,from,to,windows,job,known_at,strength,reasons")
    }
  }

  @Test func alarmsAreToldAsTheyBecomeKnownAndOnce() async throws {
    try await withFaults { run in
      let arguments = ["alarms", run.folder, "--follow", "--format", "json"]
      #expect(try await SondeProgram.run(arguments).status != 0, "no job has been run")
      _ = try await run.sonde(["score", run.folder, "--through", "2026-01-01T18:06:00Z"] + ScoringRun.noon)
      let service = try await run.start(arguments)
      var told: [Alarm] = []
      var (hasScored, isStopped) = (false, false)
      for await line in service.lines {
        told.append(try Self.decoder.decode(Alarm.self, from: Data(line.utf8)))
        if !hasScored, told.contains(where: { $0.device == "pump-3" && $0.from.contains("T18:00") }) {
          hasScored = true
          _ = try await run.sonde(["score", run.folder])
        }
        if !isStopped, told.contains(where: { $0.device == "pump-4" && $0.from.contains("T20:00") }) {
          isStopped = true
          kill(service.processID, SIGTERM)
        }
      }
      #expect(try await service.exit() == .exited(code: 0))
      // It was known with the first job, and has grown in the second.
      let faults = told.filter { $0.device == "pump-3" && $0.from.contains("T18:") }
      #expect(faults.count == 1 && faults.first?.windows == 1)
      #expect(try await alarms(run).first?.windows == 3)
    }
  }

  @Test func othersAreToldOfAnAlarmOnceAlsoOverRestarts() async throws {
    try await withFaults { run in
      let brokerFolder = "\(run.folder)/mosquitto"
      try FileManager.default.createDirectory(atPath: brokerFolder, withIntermediateDirectories: true)
      try await withBroker(in: brokerFolder) { broker in
        // The broker keeps what comes for a session; a connection that is left alone for long would be closed.
        func heard() throws -> [String] {
          let consumer = try CommitGatedConsumer(
            address: broker, clientID: "listener", filter: "plant/+/alarms", sessionExpiry: .seconds(3600))
          var topics: [String] = []
          var silentSince = ContinuousClock.now
          while ContinuousClock.now - silentSince < .seconds(2) {
            try consumer.receive(limit: 100, byteLimit: 1 << 20, within: .milliseconds(50))
            if !consumer.batch.isEmpty { silentSince = .now }
            consumer.batch.forEachMessage { topic, _, _ in
              topics.append(String(decoding: topic, as: UTF8.self))
            }
            try consumer.acknowledge()
          }
          consumer.finish()
          return topics.sorted()
        }
        #expect(try heard().isEmpty)
        let publish = ["alarms", run.folder, "--publish", "\(broker)", "--topic", "plant/${device}/alarms"]
        _ = try await run.sonde(["score", run.folder, "--through", "2026-01-01T18:06:00Z"] + ScoringRun.noon)
        let first = try await alarms(run)
        _ = try await run.sonde(publish)
        #expect(try heard() == first.map { "plant/\($0.device)/alarms" }.sorted())
        _ = try await run.sonde(publish)
        #expect(try heard().isEmpty)
        _ = try await run.sonde(["score", run.folder])
        let all = try await alarms(run)
        let new = all.filter { alarm in !first.contains { $0.device == alarm.device && $0.from == alarm.from }
        }
        #expect(!new.isEmpty && new.count < all.count)
        _ = try await run.sonde(publish)
        #expect(try heard() == new.map { "plant/\($0.device)/alarms" }.sorted())
        // A row that a power cut has torn is none: its alarm is published again.
        let path = "\(run.folder)/alarms-published.csv"
        let rows = try String(contentsOfFile: path, encoding: .utf8)
        #expect(rows.split(separator: "\n").count == all.count + 1)
        try String(rows.dropLast(3)).write(toFile: path, atomically: true, encoding: .utf8)
        _ = try await run.sonde(publish)
        #expect(try heard().count == 1)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == rows)
      }
    }
  }

  @Test(arguments: [
    (["--topic", "alarms/#"], "is a filter"), (["--topic", "alarms/${pump}"], "there is ${device} alone"),
    (["--since", "yesterday"], "is not an ISO 8601 time"),
    (["--publish", "mqtt://127.0.0.1:9"], "mqtt://127.0.0.1:9"), ([], "no job has been run in this folder"),
  ])
  func whatCannotBeToldIsSaid(arguments: [String], message: String) async throws {
    try await withFaults { run in
      if message.contains("mqtt") { _ = try await run.sonde(["score", run.folder] + ScoringRun.noon) }
      let outcome = try await SondeProgram.run(["alarms", run.folder] + arguments)
      #expect(outcome.status != 0)
      #expect(outcome.errors.contains(message), "\(outcome.errors)")
    }
  }
}
