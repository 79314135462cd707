import Foundation
import MQTT
import Supervision
import TestSupport
import WindowStore

/// `sonde ingest` on a broker of somebody else's, with a store of its own.
final class BrokerIngestion {
  let store: String
  private let arguments: [String]
  private let environment: [String: String]
  private let log: String
  private let clientID = "ingest-\(UUID().uuidString)"
  private let broker: BrokerAddress
  private var service: Service?
  /// How often it was killed at the step where it was to die.
  private(set) var deaths = 0

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// - Parameters:
  ///   - mqtt: The version of MQTT, as `--mqtt` has it.
  ///   - crashAt: The step at which it dies once, and the passage of it.
  init(_ broker: BrokerAddress, in folder: String, mqtt: String, crashAt: (CrashPoint, Int)? = nil) {
    self.broker = broker
    store = "\(folder)/s.sqlite"
    log = "\(folder)/ingest.log"
    arguments =
      [
        "ingest", "--broker", "\(broker)", "--store", store, "--window", "60s", "--client-id", clientID,
        "--messages-per-commit", "50", "--messages-per-checkpoint", "100", "--events", "--mqtt", mqtt,
      ] + broker.access.arguments
    environment =
      crashAt.map { ["SONDE_CRASH_AT": "\($0.0.rawValue)#\($0.1)@\(folder)/crashed"] } ?? [:]
  }

  /// Starts it, once more where it dies at the step where it is to, and returns when it listens. Throws ``Failure`` with what it has said
  /// where it ends.
  func start() async throws {
    while true {
      let started = try await Service.start(
        name: "ingest", executable: SondeProgram.path, arguments: arguments, log: log,
        environment: environment)
      service = started
      for await line in started.lines where line.contains("ready") { return }
      let exit = try await started.exit()
      guard exit == .killed(signal: SIGKILL), deaths == 0 else {
        let said = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        throw Failure(description: "ingestion ended with \(exit): \(said.suffix(2000))")
      }
      deaths += 1
    }
  }

  /// Waits until `count` messages are taken, or `isThere` holds of the account, and starts it again where it has died at its step.
  func wait(forAtLeast count: Int = .max, or isThere: (BrokerAccount) -> Bool = { _ in false }) async throws {
    let deadline = ContinuousClock.now + .seconds(600)
    while ContinuousClock.now < deadline {
      if let account = try? BrokerAccount(store: store), account.count >= count || isThere(account) { return }
      if let service, Processes.state(of: service.processID).map({ $0 == "Z" }) ?? true {
        guard try await service.exit() == .killed(signal: SIGKILL), deaths == 0 else {
          throw Failure(description: "ingestion ended: \(said)")
        }
        deaths += 1
        try await start()
      }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw Failure(
      description: "in ten minutes only \((try? account().count) ?? 0) messages were taken: \(said)")
  }

  private var said: Substring { ((try? String(contentsOfFile: log, encoding: .utf8)) ?? "").suffix(2000) }

  /// `kill -9`, and its end.
  func kill() async throws {
    service?.send(signal: SIGKILL)
    _ = try await service?.exit()
    service = nil
  }

  /// Ends it with SIGTERM, once more where it dies over that at its step, and has the broker forget its session.
  func stop() async throws {
    guard let service else { return }
    self.service = nil
    var exit = try await service.stop(grace: .seconds(600))
    if exit == .killed(signal: SIGKILL), deaths == 0 {
      deaths += 1
      try await start()
      exit = try await self.service?.stop(grace: .seconds(600)) ?? exit
      self.service = nil
    }
    guard exit == .exited(code: 0) else {
      throw Failure(description: "ingestion ended with \(exit): \(said)")
    }
    try CommitGatedConsumer.forgetSession(of: clientID, at: broker, version: .threeOneOne)
  }

  func account() throws -> BrokerAccount { try BrokerAccount(store: store) }
}
