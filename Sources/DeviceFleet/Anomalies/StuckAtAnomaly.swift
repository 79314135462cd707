import Telemetry

/// The sensor keeps reporting the value it had when the fault began.
package struct StuckAtAnomaly: Anomaly {
  package static let name = "stuck-at"
  package static let about = "The sensor repeats the value it had when the fault began."
  package static let origin = AnomalyOrigin.sensor
  package static let severity: SeverityMeaning? = nil

  package init(severity: Double) {}

  package func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
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
