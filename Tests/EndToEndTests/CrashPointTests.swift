import Foundation
import GRDB
import MQTT
import Supervision
import TestSupport
import Testing
import WindowStore

/// Kills ingestion at every step where dying could matter, at the first passage, the second, …, until a run comes through,
/// starts it again, and looks whether the windows are those of a run that nobody disturbed.
@Suite(.serialized) struct CrashPointTests {
  private static let scenario = """
    name: crash
    seed: 11
    clock: { duration: 40m, speed: max }
    fleet:
      - device: d
        count: 3
        every: 10s
        sensors:
          a: { signal: [{ sine: { offset: 10, amplitude: 2, period: 10m } }, { noise: { stddev: 1 } }] }
          b: { signal: [{ noise: { stddev: 1 } }] }
    """
  private static let messages = 3 * 240
  /// Of a foreign device, which numbers nothing: some that are stored, and some that come too late.
  private static let foreign = (stored: 20, late: 10)
  /// The same few bytes again and again: no messages, and each counts.
  private static let garbage = 40
  /// A bound on the passages, far beyond what the scenario's batches make.
  private static let mostPassages = 40

  /// One ingestion that is started again whenever it has died.
  private final class Ingestion {
    let arguments: [String]
    let folder: String
    let environment: [String: String]
    var service: Service?
    var deaths = 0

    init(_ broker: BrokerAddress, _ folder: String, _ version: ProtocolVersion, crashAt: String?) {
      self.folder = folder
      arguments = [
        "ingest", "--broker", "\(broker)", "--mqtt", version.rawValue, "--store", "\(folder)/s.sqlite",
        "--window", "60s", "--client-id",
        "ingest-\(UUID().uuidString)", "--messages-per-commit", "150", "--messages-per-checkpoint", "200",
        "--retain", "2h",
        "--events",
      ]
      environment = crashAt.map { ["SONDE_CRASH_AT": "\($0)@\(folder)/crashed"] } ?? [:]
    }

    /// Starts it, as often as it dies on the way, and returns when it listens.
    func start() async throws {
      while true {
        let started = try await Service.start(
          name: "ingest", executable: SondeProgram.path, arguments: arguments, log: "\(folder)/ingest.log",
          environment: environment)
        service = started
        for await line in started.lines where line.contains("ready") { return }
        let exit = try await started.exit()
        guard exit == .killed(signal: SIGKILL), deaths < 3 else { throw CrashTestError.ended("\(exit)") }
        deaths += 1
      }
    }

    /// Waits until `count` messages are stored, starting it again where it dies.
    func waitUntilStored(_ count: Int) async throws {
      for _ in 0..<30_000 {
        if let progress = try? WindowStoreReader(path: "\(folder)/s.sqlite").progress(),
          progress.storedMessages + progress.lateMessages + progress.rejectedMessages >= count
        {
          return
        }
        if let service, kill(service.processID, 0) != 0 {
          deaths += 1
          try await start()
        }
        try await Task.sleep(for: .milliseconds(10))
      }
      throw CrashTestError.ended("only some of \(count) messages were taken in 30 s")
    }

    /// Stops it with SIGTERM, once more where it dies over that.
    func stop() async throws {
      guard let service else { return }
      if try await service.stop() == .exited(code: 0) { return }
      deaths += 1
      try await start()
      let exit = try await self.service?.stop()
      guard exit == .exited(code: 0) else { throw CrashTestError.ended("\(String(describing: exit))") }
    }
  }

  private enum CrashTestError: Error { case ended(String) }

  /// Publishes what carries no epoch and sequence: readings, readings that are late, and garbage.
  private func publishForeign(_ broker: BrokerAddress) throws {
    let pool = try PublisherPool(
      address: broker, clients: [PublisherClient(id: "foreign-\(UUID().uuidString)")])
    let start = 1_767_225_600_000
    let times = (0..<Self.foreign.stored).map { $0 * 30_000 } + (0..<Self.foreign.late).map { 5000 + $0 }
    var payloads = times.map { #"{"device":"f","ts":\#(start + $0),"values":{"a":\#($0)}}"# }
    payloads += (0..<Self.garbage).map { _ in "garbage" }
    for payload in payloads {
      try Array(payload.utf8).withUnsafeBytes {
        try pool.publish(client: 0, topic: "devices/f/telemetry", payload: $0, as: .messages(1, readings: 1))
      }
    }
    while !pool.isDrained { try pool.pump(.milliseconds(50)) }
    pool.close()
  }

  /// The windows that ingestion makes of the scenario, and how often it died over it.
  private func windows(
    _ broker: BrokerAddress, _ scenario: String, _ version: ProtocolVersion = .five, crashAt: String?
  ) async throws -> (windows: [String], deaths: Int) {
    try await withTemporaryFolder { folder in
      let ingestion = Ingestion(broker, folder, version, crashAt: crashAt)
      try await ingestion.start()
      let outcome = try await SondeProgram.run(["simulate", scenario, "--broker", "\(broker)"])
      #expect(outcome.status == 0, "\(outcome.errors)")
      try publishForeign(broker)
      let stored = Self.messages + Self.foreign.stored
      try await ingestion.waitUntilStored(stored + Self.foreign.late + Self.garbage)
      try await ingestion.stop()
      let progress = try WindowStoreReader(path: "\(folder)/s.sqlite").progress()
      #expect(progress.storedMessages == stored, "\(crashAt ?? "undisturbed")")
      // Neither has a number by which it could be told from its repetition.
      #expect(progress.lateMessages == Self.foreign.late, "\(crashAt ?? "undisturbed")")
      #expect(progress.rejectedMessages == Self.garbage, "\(crashAt ?? "undisturbed")")
      let rows = try DatabaseQueue(path: "\(folder)/s.sqlite").read { db in
        let doubled = try Int.fetchOne(
          db,
          sql: """
            SELECT count(*) - count(DISTINCT device || '/' || coalesce(epoch, '') || '/' || coalesce(seq, ts_ms))
            FROM journal
            """)
        #expect(doubled == 0, "\(crashAt ?? "undisturbed")")
        return try Row.fetchAll(db, sql: "SELECT * FROM window_values ORDER BY 1, 2, 3")
      }
      return (rows.map { "\($0)" }, ingestion.deaths)
    }
  }

  /// MQTT 3.1.1 sends little at a time, so that batches are small and passages many: the steps around the commit, and the first
  /// passages of each.
  @Test(arguments: [CrashPoint.subscribed, .beforeCommit, .committed, .acknowledged])
  func noCrashChangesTheWindowsInMQTT311(point: CrashPoint) async throws {
    try await withTemporaryFolder { folder in
      let scenario = "\(folder)/crash.yaml"
      try Self.scenario.write(toFile: scenario, atomically: true, encoding: .utf8)
      try await withBroker(in: folder) { broker in
        let reference = try await windows(broker, scenario, .threeOneOne, crashAt: nil)
        #expect(reference.windows == (try await windows(broker, scenario, crashAt: nil)).windows)
        for passage in point == .subscribed ? [1] : [1, 2, 7] {
          let outcome = try await windows(
            broker, scenario, .threeOneOne, crashAt: "\(point.rawValue)#\(passage)")
          #expect(outcome.windows == reference.windows, "\(point) at passage \(passage)")
          #expect(outcome.deaths == 1, "\(point) at passage \(passage)")
        }
      }
    }
  }

  @Test(arguments: CrashPoint.ingestion) func noCrashChangesTheWindows(point: CrashPoint) async throws {
    try await withTemporaryFolder { folder in
      let scenario = "\(folder)/crash.yaml"
      try Self.scenario.write(toFile: scenario, atomically: true, encoding: .utf8)
      try await withBroker(in: folder) { broker in
        let reference = try await windows(broker, scenario, crashAt: nil)
        // Two sensors of three devices, and one of the foreign device.
        let expected: Int = 3 * 2 * 39 + 9
        #expect(reference.windows.count == expected)
        var passage = 1
        while passage <= Self.mostPassages {
          let outcome = try await windows(broker, scenario, crashAt: "\(point.rawValue)#\(passage)")
          #expect(outcome.windows == reference.windows, "\(point) at passage \(passage)")
          if outcome.deaths == 0 { break }
          passage += 1
        }
        #expect(passage > 1, "\(point) is never passed")
        #expect(passage <= Self.mostPassages)
        print(
          "crash point \(point.rawValue): killed at passages 1 to \(passage - 1), nothing lost, nothing doubled"
        )
      }
    }
  }
}
