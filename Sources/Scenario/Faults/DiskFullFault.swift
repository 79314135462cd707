import Files
import Foundation
import Supervision

/// The disk of the store is full: every write fails with SQLite's own error for it. There is evidence as soon as ingestion says
/// that it cannot store.
struct DiskFullFault: PipelineFault {
  static let name = "disk_full"
  static let about = "The disk of the store is full for a time."
  static let targets = [FaultTarget.store]
  static let length = FaultLength.required

  private var logBytesBefore = 0

  static func needs(_ fault: ScenarioDocument.Fault) -> FaultNeeds { .control }

  init(_ fault: ScenarioDocument.Fault) {}

  private func log(_ parts: RunningParts) -> [UInt8] {
    (try? TextFile.bytes(of: parts.layout.log("ingest"))) ?? []
  }

  func canBegin(_ parts: RunningParts) -> Bool { parts.ingestion != nil }

  mutating func begin(_ parts: RunningParts) async throws {
    logBytesBefore = log(parts).count
    try AtomicFile.write("", to: parts.control(FaultControl.diskFullFile), existing: .replace)
  }

  func happened(_ parts: RunningParts) -> String? {
    let said = String(decoding: log(parts).dropFirst(logBytesBefore), as: UTF8.self)
    return said.contains("disk is full") ? "the disk of the store is full" : nil
  }

  func end(_ parts: RunningParts) async throws {
    try FileManager.default.removeItem(atPath: parts.control(FaultControl.diskFullFile))
  }
}
