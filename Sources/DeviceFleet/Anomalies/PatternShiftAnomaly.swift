import Telemetry

/// The pattern is ahead of its time by the share `severity` of its period; behind where it is negative.
public struct PatternShiftAnomaly: Anomaly {
  public static let name = "pattern-shift"
  public static let about = "The pattern comes too early, or too late."
  public static let origin = AnomalyOrigin.process
  public static let severity: SeverityMeaning? = .plain(
    0.25, in: -1...1, "the share of a period by which it is early")
  public static let needs = AnomalyNeed.period

  public let severity: Double

  public init(severity: Double) { self.severity = severity }

  public func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    let shiftMs = Int64((severity * Double(context.periodMs ?? 0)).rounded())
    return (Course(shiftMs: shiftMs), ["shift_ms": String(shiftMs)])
  }

  private struct Course: AnomalyCourse {
    let shiftMs: Int64

    func bend(_ moment: inout Moment) { moment.shapeMs += shiftMs }
  }
}
