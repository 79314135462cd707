import Telemetry

/// The sensor moves away from the truth, from nothing to `severity` spreads at the last reading, and is then right again
/// at once, as after a calibration.
package struct DriftAnomaly: Anomaly {
  package static let name = "drift"
  package static let about = "The sensor moves away from the truth little by little, until it is set right."
  package static let origin = AnomalyOrigin.sensor
  package static let severity: SeverityMeaning? = .spreads(6, "how far it has moved at the end")

  package let severity: Double

  package init(severity: Double) { self.severity = severity }

  package func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    let height = severity * context.scale
    return (ClimbCourse(height: height, readings: context.readings), ["height": String(height)])
  }
}
