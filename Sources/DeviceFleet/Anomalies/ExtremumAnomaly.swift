import Telemetry

/// One reading lies `severity` spreads away. Unlike a spike it is the process that jumps, and what follows it jumps too.
public struct ExtremumAnomaly: Anomaly {
  public static let name = "extremum"
  public static let about = "One reading lies far out."
  public static let origin = AnomalyOrigin.process
  public static let severity: SeverityMeaning? = .spreads(8, "how far out")
  public static let isPoint = true

  public let severity: Double

  public init(severity: Double) { self.severity = severity }

  public func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    let height = severity * context.scale
    return (ShiftCourse(height: height), ["height": String(height)])
  }
}
