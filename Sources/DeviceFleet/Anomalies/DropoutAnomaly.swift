import Telemetry

/// The sensor reports nothing: its value is left out of the messages, in the share `severity` of them. A message that would
/// have no value at all is not published.
package struct DropoutAnomaly: Anomaly {
  package static let name = "dropout"
  package static let about = "The sensor reports nothing."
  package static let origin = AnomalyOrigin.sensor
  package static let severity: SeverityMeaning? = .plain(
    1, in: 0.001...1, "the share of readings that are missing")
  package static let needs = AnomalyNeed.nothing

  package let severity: Double

  package init(severity: Double) { self.severity = severity }

  package func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    (Course(share: severity, generator: context.generator), ["share": String(severity)])
  }

  private struct Course: AnomalyCourse {
    let share: Double
    var generator: SeededGenerator

    mutating func value(insteadOf value: Double) -> Double? { generator.uniform() < share ? nil : value }
  }
}
