import Telemetry

/// The pattern runs `severity` times as fast, from where it was when the anomaly began; below 1, slower.
package struct FrequencyAnomaly: Anomaly {
  package static let name = "frequency"
  package static let about = "The pattern runs faster, or slower, than it does."
  package static let origin = AnomalyOrigin.process
  package static let severity: SeverityMeaning? = .plain(
    2, in: 0.001...1000, "the factor by which it is faster")
  package static let needs = AnomalyNeed.period

  package let severity: Double

  package init(severity: Double) { self.severity = severity }

  package func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    (Course(factor: severity, beginMs: context.beginMs), ["factor": String(severity)])
  }

  private struct Course: AnomalyCourse {
    let factor: Double
    let beginMs: Int64

    func bend(_ moment: inout Moment) {
      moment.shapeMs = beginMs + Int64((Double(moment.shapeMs - beginMs) * factor).rounded())
    }
  }
}
