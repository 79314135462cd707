import Telemetry

/// Noise is `severity` times as strong; below 1, weaker. Waves stay as they are.
public struct VarianceAnomaly: Anomaly {
  public static let name = "variance"
  public static let about = "Noise is stronger, or weaker, than it is."
  public static let origin = AnomalyOrigin.process
  public static let severity: SeverityMeaning? = .plain(
    4, in: 0...1000, "the factor by which noise is stronger")
  public static let needs = AnomalyNeed.noise

  public let severity: Double

  public init(severity: Double) { self.severity = severity }

  public func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    (GainCourse(factor: severity, strength: \.noiseGain), ["factor": String(severity)])
  }
}
