import Telemetry

/// The level shifts: every reading lies `severity` spreads higher. A negative severity shifts down.
public struct MeanAnomaly: Anomaly {
  public static let name = "mean"
  public static let about = "The level shifts up, or down."
  public static let origin = AnomalyOrigin.process
  public static let severity: SeverityMeaning? = .spreads(5, "the shift")

  public let severity: Double

  public init(severity: Double) { self.severity = severity }

  public func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    let shift = severity * context.scale
    return (ShiftCourse(height: shift), ["shift": String(shift)])
  }
}
