import Foundation

/// The power of ingestion's machine is cut: the process dies, and of what it has written only what SQLite had synced is sure to
/// be in the files, with an arbitrary choice of the rest. The shared-memory index beside the store is gone as well, as it is after
/// a reboot, so that SQLite recovers from its log alone.
struct PowerCutFault: PipelineFault {
  static let name = "power_cut"
  static let about = "Ingestion's machine loses its power: what was not synced is lost, or torn."
  static let targets = [FaultTarget.ingestion]
  static let length = FaultLength.optional
  static let stopsProcess = true

  static func needs(_ fault: ScenarioDocument.Fault) -> FaultNeeds { [.control, .heldWrites, .noScoring] }

  init(_ fault: ScenarioDocument.Fault) {}

  func canBegin(_ parts: RunningParts) -> Bool { parts.ingestion != nil }

  func begin(_ parts: RunningParts) async throws {
    await parts.killIngestion()
    parts.forgetSharedMemory()
  }

  func happened(_ parts: RunningParts) -> String? { "power cut of ingestion" }

  func end(_ parts: RunningParts) async throws { parts.ingestionMayRun() }
}
