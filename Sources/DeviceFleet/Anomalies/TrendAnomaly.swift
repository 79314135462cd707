import Telemetry

/// The process climbs, from nothing to `severity` spreads at the last reading, and falls back. Sensors that follow it
/// climb too, which tells it from a drift of the sensor.
public struct TrendAnomaly: Anomaly {
  public static let name = "trend"
  public static let about = "The level climbs steadily, and then falls back."
  public static let origin = AnomalyOrigin.process
  public static let severity: SeverityMeaning? = .spreads(6, "how far it has climbed at the end")

  public let severity: Double

  public init(severity: Double) { self.severity = severity }

  public func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    let height = severity * context.scale
    return (ClimbCourse(height: height, readings: context.readings), ["height": String(height)])
  }
}
