import Telemetry

/// Waves are upside down: up where they should go down. A sensor that moved with another moves against it, which no look at
/// the one sensor alone tells.
public struct ModeCorrelationAnomaly: Anomaly {
  public static let name = "mode-correlation"
  public static let about =
    "Waves are upside down, so that sensors that moved together move against each other."
  public static let origin = AnomalyOrigin.process
  public static let severity: SeverityMeaning? = nil
  public static let needs = AnomalyNeed.swing

  public init(severity: Double) {}

  public func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    (Course(), [:])
  }

  private struct Course: AnomalyCourse {
    func bend(_ moment: inout Moment) { moment.swing *= -1 }
  }
}
