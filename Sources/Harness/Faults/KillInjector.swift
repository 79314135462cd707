import Foundation
import Scenario

/// `kill -9` of a part, which is started again at once or after a time.
///
/// A broker that is killed forgets what it has acknowledged since it last saved its state. With `saved` the fleet and
/// ingestion are halted first and the broker saves until nothing changes any more: it then dies with everything that it has
/// promised on disk, whatever its queue holds.
struct KillInjector: FaultInjector {
  /// How often a broker may save until two saves agree.
  private static let mostSaves = 500

  private let fault: FaultSpecification
  private var what = ""

  init(_ fault: FaultSpecification) { self.fault = fault }

  func canBegin(_ parts: any BreakableParts) -> Bool {
    // To save, the broker must run, and what is halted for it must not be halted already.
    parts.isPresent(fault.target) && (!fault.saved || parts.halted.isEmpty)
  }

  mutating func begin(_ parts: any BreakableParts) async throws {
    switch fault.target {
    case .stream:
      await parts.killStream()
      what = "kill -9 of what scores inside the stream"
      return
    case .replica, .haproxy:
      // The service sees to what it has started.
      guard let process = parts.processID(of: fault.target) else { return }
      kill(process, SIGKILL)
      what = "kill -9 of \(fault.target == .replica ? "a replica" : "haproxy")"
      return
    case .broker: break
    case .ingestion, .fleet, .store:
      await parts.killIngestion()
      what = "kill -9 of ingestion"
      return
    }
    guard fault.saved else {
      try await parts.killBroker()
      what = "kill -9 of the broker"
      return
    }
    let resume = [FaultTarget.fleet, .ingestion].compactMap { parts.halt($0) }
    defer { for resume in resume { resume() } }
    var digest = try await parts.saveBroker()
    var saves = 1
    while saves < Self.mostSaves {
      let next = try await parts.saveBroker()
      saves += 1
      if next == digest { break }
      digest = next
    }
    try await parts.killBroker()
    what = "kill -9 of the broker, its state saved (\(saves) saves until nothing changed)"
  }

  func happened(_ parts: any BreakableParts) -> String? { what.isEmpty ? nil : what }

  func end(_ parts: any BreakableParts) async throws {
    switch fault.target {
    case .broker: try await parts.restartBroker()
    case .stream: parts.streamMayRun()
    case .replica, .haproxy: break
    case .ingestion, .fleet, .store: parts.ingestionMayRun()
    }
  }
}
