import Telemetry

/// The process climbs, from nothing to `severity` spreads at the last reading, and falls back. Sensors that follow it
/// climb too, which tells it from a drift of the sensor.
package struct TrendAnomaly: Anomaly {
  package static let name = "trend"
  package static let about = "The level climbs steadily, and then falls back."
  package static let origin = AnomalyOrigin.process
  package static let severity: SeverityMeaning? = .spreads(6, "how far it has climbed at the end")

  package let severity: Double

  package init(severity: Double) { self.severity = severity }

  package func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    let height = severity * context.scale
    return (ClimbCourse(height: height, readings: context.readings), ["height": String(height)])
  }
}
