import Telemetry

/// The pattern has another shape: waves keep their zeros and their height, but are flattened towards a square,
/// u(1 + s) / (1 + s|u|) with the severity s. GutenTAG flattens sines so, with an arctangent.
package struct PatternAnomaly: Anomaly {
  package static let name = "pattern"
  package static let about = "The pattern keeps its rhythm and its height, but has another shape."
  package static let origin = AnomalyOrigin.process
  package static let severity: SeverityMeaning? = .plain(
    8, in: 0...1000, "how flat: 0 changes nothing, 8 is nearly a square")
  package static let needs = AnomalyNeed.period

  package let severity: Double

  package init(severity: Double) { self.severity = severity }

  package func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    (Course(flattening: severity), ["flattening": String(severity)])
  }

  private struct Course: AnomalyCourse {
    let flattening: Double

    func bend(_ moment: inout Moment) { moment.flattening += flattening }
  }
}
