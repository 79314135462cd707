import Files
import Foundation
import Scenario
import Supervision
import Telemetry

/// Ingestion's wall clock is wrong, by `by`, for a time or to the end of the run. Event time rules, so nothing may come of it.
struct ClockStepInjector: FaultInjector {
  private let fault: FaultSpecification

  init(_ fault: FaultSpecification) { self.fault = fault }

  func begin(_ parts: any BreakableParts) async throws { try set(fault.by, parts) }

  func happened(_ parts: any BreakableParts) -> String? {
    "ingestion's clock stepped by \(fault.by.text)"
  }

  func end(_ parts: any BreakableParts) async throws {
    if fault.length > .zero { try set(.zero, parts) }
  }

  private func set(_ offset: Duration, _ parts: any BreakableParts) throws {
    try AtomicFile.write(
      "\(offset.milliseconds)\n", to: parts.control(FaultControl.clockOffsetFile), existing: .replace)
  }
}
