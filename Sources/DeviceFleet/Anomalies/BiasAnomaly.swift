import Telemetry

/// The sensor reads `severity` spreads too high, or too low. What it measures is as ever, so sensors that follow it show
/// nothing.
public struct BiasAnomaly: Anomaly {
  public static let name = "bias"
  public static let about = "The sensor reads too high, or too low, by the same amount."
  public static let origin = AnomalyOrigin.sensor
  public static let severity: SeverityMeaning? = .spreads(5, "the offset")

  public let severity: Double

  public init(severity: Double) { self.severity = severity }

  public func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    let offset = severity * context.scale
    return (ShiftCourse(height: offset), ["offset": String(offset)])
  }
}
