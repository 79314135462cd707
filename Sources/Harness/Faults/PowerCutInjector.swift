import Foundation
import Scenario

/// The power of ingestion's machine is cut: the process dies, and of what it has written only what SQLite had synced is sure to
/// be in the files, with an arbitrary choice of the rest. The shared-memory index beside the store is gone as well, as it is after
/// a reboot, so that SQLite recovers from its log alone.
struct PowerCutInjector: FaultInjector {
  init(_ fault: FaultSpecification) {}

  func canBegin(_ parts: any BreakableParts) -> Bool { parts.isPresent(.ingestion) }

  func begin(_ parts: any BreakableParts) async throws {
    await parts.killIngestion()
    parts.forgetSharedMemory()
  }

  func happened(_ parts: any BreakableParts) -> String? { "power cut of ingestion" }

  func end(_ parts: any BreakableParts) async throws { parts.ingestionMayRun() }
}
