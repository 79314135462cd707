import Telemetry

/// The level shifts: every reading lies `severity × scale` higher. A negative severity shifts down.
public struct MeanAnomaly: Anomaly {
  public static let name = "mean"
  public static let defaultSeverity: Double? = 5

  /// In multiples of the sensor's scale.
  public let severity: Double

  public init(severity: Double) { self.severity = severity }

  public func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    let shift = severity * context.scale
    return (Course(shift: shift), ["shift": String(shift)])
  }

  private struct Course: AnomalyCourse {
    let shift: Double

    func value(insteadOf value: Double) -> Double { value + shift }
  }
}
