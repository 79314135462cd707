import Telemetry

/// The level shifts: every reading lies `severity` spreads higher. A negative severity shifts down.
package struct MeanAnomaly: Anomaly {
  package static let name = "mean"
  package static let about = "The level shifts up, or down."
  package static let origin = AnomalyOrigin.process
  package static let severity: SeverityMeaning? = .spreads(5, "the shift")

  package let severity: Double

  package init(severity: Double) { self.severity = severity }

  package func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    let shift = severity * context.scale
    return (ShiftCourse(height: shift), ["shift": String(shift)])
  }
}
