import Files
import Foundation
import Scenario
import Supervision

/// The disk of the store is full: every write fails with SQLite's own error for it. There is evidence as soon as ingestion says
/// that it cannot store.
struct DiskFullInjector: FaultInjector {
  private var logBytesBefore = 0

  init(_ fault: FaultSpecification) {}

  private func log(_ parts: any BreakableParts) -> [UInt8] {
    (try? TextFile.bytes(of: parts.log("ingest"))) ?? []
  }

  func canBegin(_ parts: any BreakableParts) -> Bool { parts.isPresent(.ingestion) }

  mutating func begin(_ parts: any BreakableParts) async throws {
    logBytesBefore = log(parts).count
    try AtomicFile.write("", to: parts.control(FaultControl.diskFullFile), existing: .replace)
  }

  func happened(_ parts: any BreakableParts) -> String? {
    let said = String(decoding: log(parts).dropFirst(logBytesBefore), as: UTF8.self)
    return said.contains("disk is full") ? "the disk of the store is full" : nil
  }

  func end(_ parts: any BreakableParts) async throws {
    try FileManager.default.removeItem(atPath: parts.control(FaultControl.diskFullFile))
  }
}
