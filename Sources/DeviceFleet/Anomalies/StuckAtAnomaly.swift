import Telemetry

/// The sensor keeps reporting the value it had when the fault began.
public struct StuckAtAnomaly: Anomaly {
  public static let name = "stuck-at"
  public static let about = "The sensor repeats the value it had when the fault began."
  public static let origin = AnomalyOrigin.sensor
  public static let severity: SeverityMeaning? = nil

  public init(severity: Double) {}

  public func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    (Course(), [:])
  }

  private struct Course: AnomalyCourse {
    var held: Double?

    mutating func value(insteadOf value: Double) -> Double? {
      if let held { return held }
      held = value
      return value
    }
  }
}
