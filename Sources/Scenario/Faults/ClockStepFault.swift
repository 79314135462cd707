import Files
import Foundation
import Supervision
import Telemetry

/// Ingestion's wall clock is wrong, by `by`, for a time or to the end of the run. Event time rules, so nothing may come of it.
struct ClockStepFault: PipelineFault {
  static let name = "clock_step"
  static let about = "Ingestion's wall clock steps forth or back, for a time or to the end."
  static let targets = [FaultTarget.ingestion]
  static let length = FaultLength.optional

  private let fault: ScenarioDocument.Fault

  static func needs(_ fault: ScenarioDocument.Fault) -> FaultNeeds { .control }

  init(_ fault: ScenarioDocument.Fault) { self.fault = fault }

  func begin(_ parts: RunningParts) async throws { try set(fault.by, parts) }

  func happened(_ parts: RunningParts) -> String? {
    "ingestion's clock stepped by \(fault.by.text)"
  }

  func end(_ parts: RunningParts) async throws {
    if fault.length > .zero { try set(.zero, parts) }
  }

  private func set(_ offset: Duration, _ parts: RunningParts) throws {
    try AtomicFile.write(
      "\(offset.milliseconds)\n", to: parts.control(FaultControl.clockOffsetFile), existing: .replace)
  }
}
