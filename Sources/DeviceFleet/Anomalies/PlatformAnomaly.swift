import Telemetry

/// The process stays at one value, `severity` spreads from its level; GutenTAG calls it a platform. A sensor that is
/// stuck stays where it happened to be, a platform lies where it is put, and what follows the sensor follows it there.
package struct PlatformAnomaly: Anomaly {
  package static let name = "platform"
  package static let about = "The value is the same for a while, away from its level."
  package static let origin = AnomalyOrigin.process
  package static let severity: SeverityMeaning? = .spreads(2, "how far the platform lies from the level")

  package let severity: Double

  package init(severity: Double) { self.severity = severity }

  package func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    let height = context.statistics.level + severity * context.scale
    return (Course(height: height), ["height": String(height)])
  }

  private struct Course: AnomalyCourse {
    let height: Double

    func value(insteadOf value: Double) -> Double? { height }
  }
}
