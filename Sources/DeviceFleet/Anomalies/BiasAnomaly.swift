import Telemetry

/// The sensor reads `severity` spreads too high, or too low. What it measures is as ever, so sensors that follow it show
/// nothing.
package struct BiasAnomaly: Anomaly {
  package static let name = "bias"
  package static let about = "The sensor reads too high, or too low, by the same amount."
  package static let origin = AnomalyOrigin.sensor
  package static let severity: SeverityMeaning? = .spreads(5, "the offset")

  package let severity: Double

  package init(severity: Double) { self.severity = severity }

  package func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    let offset = severity * context.scale
    return (ShiftCourse(height: offset), ["offset": String(offset)])
  }
}
