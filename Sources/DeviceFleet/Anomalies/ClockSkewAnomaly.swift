import Telemetry

/// The device's clock is `severity` seconds ahead, or behind: its messages leave when they should and carry the wrong time.
/// It hits the device, not one of its sensors, and its label lies where the wrong times lie.
package struct ClockSkewAnomaly: Anomaly {
  package static let name = "clock-skew"
  package static let about = "The device's clock is ahead or behind, so its messages carry the wrong time."
  package static let origin = AnomalyOrigin.clock
  package static let severity: SeverityMeaning? = .plain(
    60, in: -86_400...86_400, "by how many seconds the clock is ahead")

  package let severity: Double

  package init(severity: Double) { self.severity = severity }

  package func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    let aheadMs = Int64((severity * 1000).rounded())
    return (Course(aheadMs: aheadMs), ["ahead_ms": String(aheadMs)])
  }

  private struct Course: AnomalyCourse {
    let aheadMs: Int64
  }
}
