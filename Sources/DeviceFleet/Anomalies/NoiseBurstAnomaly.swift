import Telemetry

/// The sensor adds Gaussian noise with a standard deviation of `severity` spreads, whether it had any or not.
package struct NoiseBurstAnomaly: Anomaly {
  package static let name = "noise-burst"
  package static let about = "The sensor adds noise of its own."
  package static let origin = AnomalyOrigin.sensor
  package static let severity: SeverityMeaning? = .spreads(2, "the standard deviation of the noise")

  package let severity: Double

  package init(severity: Double) { self.severity = severity }

  package func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    let stddev = abs(severity) * context.scale
    return (
      Course(stddev: stddev, normal: NormalGenerator(context.generator)), ["stddev": String(stddev)]
    )
  }

  private struct Course: AnomalyCourse {
    let stddev: Double
    var normal: NormalGenerator

    mutating func value(insteadOf value: Double) -> Double? { value + stddev * normal.next() }
  }
}
