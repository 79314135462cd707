import Telemetry

/// Waves swing `severity` times as far; below 1, less far. Noise stays as it is.
package struct AmplitudeAnomaly: Anomaly {
  package static let name = "amplitude"
  package static let about = "Waves swing further, or less far, than they do."
  package static let origin = AnomalyOrigin.process
  package static let severity: SeverityMeaning? = .plain(
    2, in: 0...1000, "the factor by which waves are larger")
  package static let needs = AnomalyNeed.swing

  package let severity: Double

  package init(severity: Double) { self.severity = severity }

  package func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    (GainCourse(factor: severity, strength: \.swing), ["factor": String(severity)])
  }
}
