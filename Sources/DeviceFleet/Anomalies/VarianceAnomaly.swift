import Telemetry

/// Noise is `severity` times as strong; below 1, weaker. Waves stay as they are.
package struct VarianceAnomaly: Anomaly {
  package static let name = "variance"
  package static let about = "Noise is stronger, or weaker, than it is."
  package static let origin = AnomalyOrigin.process
  package static let severity: SeverityMeaning? = .plain(
    4, in: 0...1000, "the factor by which noise is stronger")
  package static let needs = AnomalyNeed.noise

  package let severity: Double

  package init(severity: Double) { self.severity = severity }

  package func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    (GainCourse(factor: severity, strength: \.noiseGain), ["factor": String(severity)])
  }
}
