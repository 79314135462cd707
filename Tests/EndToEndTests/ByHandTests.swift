import Foundation
import MQTT
import Supervision
import Telemetry
import TestSupport
import Testing
import WindowStore

/// What somebody meets who runs the parts by hand.
@Suite(.timeLimit(.minutes(30))) struct ByHandTests {
  /// Starts `arguments` on a run that is being ingested, to one minute before noon, waits for `word` in what they say on standard error,
  /// and then lets the readings go on.
  private func waiting(_ arguments: [String], for word: String, in run: ScoringRun) async throws
    -> ServiceExit
  {
    let writer = try WindowStoreWriter(
      path: "\(run.folder)/sonde.sqlite",
      settings: WindowSettings(
        window: .seconds(300), outOfOrderness: .seconds(30), allowedLateness: .seconds(300)))
    let service = try await run.start(arguments)
    try await waitUntil("\(word) is said") {
      try String(contentsOfFile: "\(run.folder)/schedule.err", encoding: .utf8).contains(word)
    }
    #expect(kill(service.processID, 0) == 0)
    var batch = StoreBatch()
    batch.progress.fleetWatermark = ScoringRun.start + .seconds(86_340)
    try writer.commit(batch)
    try writer.close()
    return try await service.exit()
  }

  @Test func aTimeThatTheReadingsHaveNotComeToIsWaitedForAndSaid() async throws {
    try await ScoringRun.with(watermark: .seconds(12 * 3600 - 60)) { run in
      let train = ["train", run.folder, "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T12:00:00Z"]
      let word =
        "waiting for --to 2026-01-01T12:00:00.000Z: the readings have come to 2026-01-01T11:59:00.000Z"
      #expect(try await waiting(train, for: word, in: run) == .exited(code: 0))
      try run.store(watermark: .seconds(12 * 3600))
      let score = ["score", run.folder, "--through", "2026-01-01T18:00:00Z"] + ScoringRun.noon
      #expect(
        try await waiting(score, for: "waiting for --through 2026-01-01T18:00:00.000Z", in: run)
          == .exited(code: 0))
    }
  }

  @Test func whereNobodyIngestsNothingIsWaitedFor() async throws {
    try await ScoringRun.with { run in
      let train = try await SondeProgram.run(
        ["train", run.folder, "--from", "2026-01-01T00:00:00Z", "--to", "2026-02-01T00:00:00Z"])
      #expect(train.status == 0)
      #expect(
        train.errors.contains(
          "the readings end at 2026-01-01T23:59:00.000Z, before --to 2026-02-01T00:00:00.000Z, and nobody ingests"
        ),
        "\(train.errors)")
      let score = try await SondeProgram.run(["score", run.folder, "--through", "2026-02-01T00:00:00Z"])
      #expect(score.status != 0)
      #expect(score.errors.contains("is later than the store's watermark"), "\(score.errors)")
    }
  }

  @Test func aSchedulerWithoutAStoreSaysSoAtOnce() async throws {
    try await withTemporaryFolder { folder in
      let run = ScoringRun(folder: folder)
      try Data().write(to: URL(fileURLWithPath: "\(folder)/other.sqlite"))
      let service = try await run.start(run.arguments(["--cron", "0 * * * *"]))
      for await line in service.lines {
        #expect(line.contains("waiting for the store"), "\(line)")
        #expect(line.contains("has other.sqlite, but the store of a run is called sonde.sqlite"), "\(line)")
        kill(service.processID, SIGTERM)
        break
      }
      _ = try await service.exit()
    }
  }

  @Test func twoIngestersWithAFolderEachHaveASessionEach() async throws {
    try await withTemporaryFolder { folder in
      let brokerFolder = "\(folder)/broker"
      try FileManager.default.createDirectory(atPath: brokerFolder, withIntermediateDirectories: false)
      try await withBroker(in: brokerFolder) { broker in
        func ingest(_ name: String) async throws -> Service {
          let service = try await Service.start(
            name: name, executable: SondeProgram.path,
            arguments: [
              "ingest", "--run", "\(folder)/plants/\(name)", "--broker", "\(broker)", "--window", "5m",
              "--events",
            ],
            log: "\(folder)/\(name).log")
          for await _ in service.lines { break }
          return service
        }
        func clientID(_ name: String) throws -> String {
          try String(contentsOfFile: "\(folder)/plants/\(name)/client-id", encoding: .utf8)
        }
        var services = [try await ingest("north"), try await ingest("south")]
        let north = try clientID("north")
        #expect(try clientID("south") != north)
        let fleet = try await SondeProgram.run(
          ["simulate", "Scenarios/presses.yaml", "--broker", "\(broker)"])
        #expect(fleet.status == 0, "\(fleet.errors)")
        for name in ["north", "south"] {
          let reader = try WindowStoreReader(path: "\(folder)/plants/\(name)/sonde.sqlite")
          try await waitUntil("\(name) has all") {
            try reader.progress().storedMessages == 6 * 8640
          }
        }
        for service in services { kill(service.processID, SIGTERM) }
        for service in services { #expect(try await service.exit() == .exited(code: 0)) }
        // The session is the folder's, also in a second life.
        services = [try await ingest("north")]
        #expect(try clientID("north") == north)
        kill(services[0].processID, SIGTERM)
        #expect(try await services[0].exit() == .exited(code: 0))
        #expect(
          try String(contentsOfFile: "\(folder)/north.log", encoding: .utf8).contains("resumed the session"))
      }
    }
  }

  @Test(arguments: [
    (["--run", "x", "--store", "y"], "--run and --store exclude each other"),
    ([], "Missing expected argument '--run'"),
  ])
  func whereToIngestIsSaidOnce(arguments: [String], message: String) async throws {
    let outcome = try await SondeProgram.run(
      ["ingest", "--broker", "mqtt://127.0.0.1:1", "--window", "5m"] + arguments)
    #expect(outcome.status == 64 && outcome.errors.contains(message), "\(outcome.errors)")
  }

  @Test func theFolderOfAScenarioIsNotIngestedInto() async throws {
    try await withTemporaryFolder { folder in
      try "{}".write(toFile: "\(folder)/manifest.json", atomically: true, encoding: .utf8)
      let outcome = try await SondeProgram.run(
        ["ingest", "--broker", "mqtt://127.0.0.1:1", "--window", "5m", "--run", folder])
      #expect(
        outcome.status == 64 && outcome.errors.contains("is the folder of a scenario's run"),
        "\(outcome.errors)")
    }
  }

  @Test func theFolderOfAStoreIsMade() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await SondeProgram.run(
        [
          "ingest", "--broker", "mqtt://127.0.0.1:1", "--window", "5m", "--store",
          "\(folder)/a/b/store.sqlite",
        ])
      #expect(outcome.errors.contains("127.0.0.1:1"), "\(outcome.errors)")
      #expect(FileManager.default.fileExists(atPath: "\(folder)/a/b/store.sqlite"))
    }
  }
}
