import Telemetry

/// One reading lies `severity` spreads away. Unlike a spike it is the process that jumps, and what follows it jumps too.
package struct ExtremumAnomaly: Anomaly {
  package static let name = "extremum"
  package static let about = "One reading lies far out."
  package static let origin = AnomalyOrigin.process
  package static let severity: SeverityMeaning? = .spreads(8, "how far out")
  package static let isPoint = true

  package let severity: Double

  package init(severity: Double) { self.severity = severity }

  package func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    let height = severity * context.scale
    return (ShiftCourse(height: height), ["height": String(height)])
  }
}
