import Telemetry

/// Waves swing `severity` times as far; below 1, less far. Noise stays as it is.
public struct AmplitudeAnomaly: Anomaly {
  public static let name = "amplitude"
  public static let about = "Waves swing further, or less far, than they do."
  public static let origin = AnomalyOrigin.process
  public static let severity: SeverityMeaning? = .plain(
    2, in: 0...1000, "the factor by which waves are larger")
  public static let needs = AnomalyNeed.swing

  public let severity: Double

  public init(severity: Double) { self.severity = severity }

  public func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    (GainCourse(factor: severity, strength: \.swing), ["factor": String(severity)])
  }
}
