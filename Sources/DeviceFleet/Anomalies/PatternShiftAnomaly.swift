import Telemetry

/// The pattern is ahead of its time by the share `severity` of its period; behind where it is negative.
package struct PatternShiftAnomaly: Anomaly {
  package static let name = "pattern-shift"
  package static let about = "The pattern comes too early, or too late."
  package static let origin = AnomalyOrigin.process
  package static let severity: SeverityMeaning? = .plain(
    0.25, in: -1...1, "the share of a period by which it is early")
  package static let needs = AnomalyNeed.period

  package let severity: Double

  package init(severity: Double) { self.severity = severity }

  package func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    let shiftMs = Int64((severity * Double(context.periodMs ?? 0)).rounded())
    return (Course(shiftMs: shiftMs), ["shift_ms": String(shiftMs)])
  }

  private struct Course: AnomalyCourse {
    let shiftMs: Int64

    func bend(_ moment: inout Moment) { moment.shapeMs += shiftMs }
  }
}
