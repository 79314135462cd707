import Telemetry

/// The sensor adds Gaussian noise with a standard deviation of `severity` spreads, whether it had any or not.
public struct NoiseBurstAnomaly: Anomaly {
  public static let name = "noise-burst"
  public static let about = "The sensor adds noise of its own."
  public static let origin = AnomalyOrigin.sensor
  public static let severity: SeverityMeaning? = .spreads(2, "the standard deviation of the noise")

  public let severity: Double

  public init(severity: Double) { self.severity = severity }

  public func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
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
