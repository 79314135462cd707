import Foundation
import MQTT

/// `kill -9` of a part, which is started again at once or after a time.
///
/// A broker that is killed forgets what it has acknowledged since it last saved its state. With `saved` the fleet and
/// ingestion are halted first and the broker saves until nothing changes any more: it then dies with everything that it has
/// promised on disk, whatever its queue holds.
struct KillFault: PipelineFault {
  static let name = "kill"
  static let about = "kill -9 of a part, which is started again, at once or after a time."
  static let targets = [FaultTarget.ingestion, .broker]
  static let length = FaultLength.optional
  static let stopsProcess = true

  /// How often a broker may save until two saves agree.
  private static let mostSaves = 500

  private let fault: ScenarioDocument.Fault
  private var what = ""

  static func needs(_ fault: ScenarioDocument.Fault) -> FaultNeeds {
    fault.target == .broker ? .ownBroker : []
  }

  init(_ fault: ScenarioDocument.Fault) { self.fault = fault }

  func canBegin(_ parts: RunningParts) -> Bool {
    switch fault.target {
    // To save, the broker must run, and what is halted for it must not be halted already.
    case .broker: parts.broker != nil && (!fault.saved || parts.paused.isEmpty)
    default: parts.ingestion != nil
    }
  }

  mutating func begin(_ parts: RunningParts) async throws {
    guard fault.target == .broker else {
      await parts.killIngestion()
      what = "kill -9 of ingestion"
      return
    }
    guard let broker = parts.broker else { return }
    var saves = 0
    if fault.saved {
      let halted = [parts.fleet, parts.ingestion].compactMap { $0 }
      for part in halted { part.send(signal: SIGSTOP) }
      defer { for part in halted { part.send(signal: SIGCONT) } }
      var digest = try await broker.save()
      saves = 1
      while saves < Self.mostSaves {
        let next = try await broker.save()
        saves += 1
        if next == digest { break }
        digest = next
      }
      try await kill(broker, parts)
      what = "kill -9 of the broker, its state saved (\(saves) saves until nothing changed)"
    } else {
      try await kill(broker, parts)
      what = "kill -9 of the broker"
    }
  }

  private func kill(_ broker: EmbeddedBroker, _ parts: RunningParts) async throws {
    broker.service.send(signal: SIGKILL)
    _ = try await broker.service.exit()
    parts.broker = nil
    parts.deadBroker = broker
  }

  func happened(_ parts: RunningParts) -> String? { what }

  func end(_ parts: RunningParts) async throws {
    switch fault.target {
    case .broker:
      parts.broker = try await parts.deadBroker?.restarted()
      parts.deadBroker = nil
    default: parts.ingestionMayRun()
    }
  }
}
