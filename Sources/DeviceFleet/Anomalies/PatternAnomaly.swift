import Telemetry

/// The pattern has another shape: waves keep their zeros and their height, but are flattened towards a square,
/// u(1 + s) / (1 + s|u|) with the severity s. GutenTAG flattens sines so, with an arctangent.
public struct PatternAnomaly: Anomaly {
  public static let name = "pattern"
  public static let about = "The pattern keeps its rhythm and its height, but has another shape."
  public static let origin = AnomalyOrigin.process
  public static let severity: SeverityMeaning? = .plain(
    8, in: 0...1000, "how flat: 0 changes nothing, 8 is nearly a square")
  public static let needs = AnomalyNeed.period

  public let severity: Double

  public init(severity: Double) { self.severity = severity }

  public func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    (Course(flattening: severity), ["flattening": String(severity)])
  }

  private struct Course: AnomalyCourse {
    let flattening: Double

    func bend(_ moment: inout Moment) { moment.flattening += flattening }
  }
}
