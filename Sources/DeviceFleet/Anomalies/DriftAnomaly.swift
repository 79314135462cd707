import Telemetry

/// The sensor moves away from the truth, from nothing to `severity` spreads at the last reading, and is then right again
/// at once, as after a calibration.
public struct DriftAnomaly: Anomaly {
  public static let name = "drift"
  public static let about = "The sensor moves away from the truth little by little, until it is set right."
  public static let origin = AnomalyOrigin.sensor
  public static let severity: SeverityMeaning? = .spreads(6, "how far it has moved at the end")

  public let severity: Double

  public init(severity: Double) { self.severity = severity }

  public func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    let height = severity * context.scale
    return (ClimbCourse(height: height, readings: context.readings), ["height": String(height)])
  }
}
