import Telemetry

/// A way in which a sensor's values go wrong for a while. One kind a file, in `Anomalies/`; ``AnomalyCatalogue`` lists them.
public protocol Anomaly: Sendable {
  /// The kind, as scenarios and labels spell it.
  static var name: String { get }
  /// The severity where a scenario gives none; nil for a kind that has no strength.
  static var defaultSeverity: Double? { get }

  /// An anomaly of the given strength, in multiples of the sensor's scale (``SensorPlan/scale``). Kinds without a
  /// strength ignore it.
  init(severity: Double)

  /// The anomaly as it unfolds on one sensor of one device, with what labels should say of it.
  func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String])
}

/// Where an anomaly falls.
public struct AnomalyContext: Sendable {
  /// The usual spread of the sensor, in its unit (``SensorPlan/scale``).
  public var scale: Double
  /// How many readings the anomaly covers; at least one.
  public var readings: Int
  /// For whatever the anomaly draws.
  public var generator: SeededGenerator
}

/// An anomaly as it unfolds on one sensor of one device.
public protocol AnomalyCourse: Sendable {
  /// What the sensor reports instead of `value`. Called once for each reading covered, in order of time.
  mutating func value(insteadOf value: Double) -> Double
}

/// The kinds of anomaly there are.
public enum AnomalyCatalogue {
  /// Every kind, by name.
  public static let kinds: [any Anomaly.Type] = [MeanAnomaly.self, SpikeAnomaly.self, StuckAtAnomaly.self]

  /// The kind called `name`; underscores may stand for hyphens. Nil where there is none.
  public static func kind(named name: String) -> (any Anomaly.Type)? {
    let name = name.replacing("_", with: "-")
    return kinds.first { $0.name == name }
  }
}
