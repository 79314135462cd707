import Telemetry

/// The sensor reports nothing: its value is left out of the messages, in the share `severity` of them. A message that would
/// have no value at all is not published.
public struct DropoutAnomaly: Anomaly {
  public static let name = "dropout"
  public static let about = "The sensor reports nothing."
  public static let origin = AnomalyOrigin.sensor
  public static let severity: SeverityMeaning? = .plain(
    1, in: 0.001...1, "the share of readings that are missing")
  public static let needs = AnomalyNeed.nothing

  public let severity: Double

  public init(severity: Double) { self.severity = severity }

  public func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    (Course(share: severity, generator: context.generator), ["share": String(severity)])
  }

  private struct Course: AnomalyCourse {
    let share: Double
    var generator: SeededGenerator

    mutating func value(insteadOf value: Double) -> Double? { generator.uniform() < share ? nil : value }
  }
}
