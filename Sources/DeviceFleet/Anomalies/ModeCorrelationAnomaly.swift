import Telemetry

/// Waves are upside down: up where they should go down. A sensor that moved with another moves against it, which no look at
/// the one sensor alone tells.
package struct ModeCorrelationAnomaly: Anomaly {
  package static let name = "mode-correlation"
  package static let about =
    "Waves are upside down, so that sensors that moved together move against each other."
  package static let origin = AnomalyOrigin.process
  package static let severity: SeverityMeaning? = nil
  package static let needs = AnomalyNeed.swing

  package init(severity: Double) {}

  package func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    (Course(), [:])
  }

  private struct Course: AnomalyCourse {
    func bend(_ moment: inout Moment) { moment.swing *= -1 }
  }
}
