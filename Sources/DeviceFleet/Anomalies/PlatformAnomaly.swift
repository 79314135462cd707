import Telemetry

/// The process stays at one value, `severity` spreads from its level; GutenTAG calls it a platform. A sensor that is
/// stuck stays where it happened to be, a platform lies where it is put, and what follows the sensor follows it there.
public struct PlatformAnomaly: Anomaly {
  public static let name = "platform"
  public static let about = "The value is the same for a while, away from its level."
  public static let origin = AnomalyOrigin.process
  public static let severity: SeverityMeaning? = .spreads(2, "how far the platform lies from the level")

  public let severity: Double

  public init(severity: Double) { self.severity = severity }

  public func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    let height = context.statistics.level + severity * context.scale
    return (Course(height: height), ["height": String(height)])
  }

  private struct Course: AnomalyCourse {
    let height: Double

    func value(insteadOf value: Double) -> Double? { height }
  }
}
