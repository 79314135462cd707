import Telemetry

/// A way in which a sensor's values go wrong for a while. One kind a file, in `Anomalies/`; ``AnomalyCatalogue`` lists them,
/// and `docs/anomalies.md` says how to add the next.
package protocol Anomaly: Sendable {
  /// The kind, as scenarios and labels spell it.
  static var name: String { get }
  /// What happens, in a sentence.
  static var about: String { get }
  /// Whether the thing that is measured goes wrong, or its sensor.
  static var origin: AnomalyOrigin { get }
  /// What severity means where a scenario gives none, and in words; nil for a kind that has no strength.
  static var severity: SeverityMeaning? { get }
  /// What the sensor's signal must have for the anomaly to show.
  static var needs: AnomalyNeed { get }
  /// Whether it is a single reading, whatever length is asked for.
  static var isPoint: Bool { get }

  /// An anomaly of the given strength. Kinds without a strength ignore it.
  init(severity: Double)

  /// The anomaly as it unfolds on one sensor of one device, with what labels should say of it.
  func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String])
}

extension Anomaly {
  package static var needs: AnomalyNeed { severity?.countsInSpread == true ? .spread : .nothing }
  package static var isPoint: Bool { false }
  /// The severity where a scenario gives none; nil for a kind that has no strength.
  package static var defaultSeverity: Double? { severity?.standard }
}

/// What an anomaly is a fault of.
package enum AnomalyOrigin: String, Hashable, Sendable {
  /// The process that is measured: sensors that follow this one show it too.
  case process
  /// The sensor: sensors that follow the process do not notice.
  case sensor
  /// The device's clock: readings carry the wrong time.
  case clock
}

/// What the severity of a kind of anomaly means.
package struct SeverityMeaning: Hashable, Sendable {
  /// Where a scenario gives none.
  package var standard: Double
  /// Whether it counts in the sensor's spread (``SignalStatistics/standardDeviation``).
  package var countsInSpread: Bool
  /// The severities that make sense.
  package var range: ClosedRange<Double>
  /// In words, after “severity is”.
  package var about: String

  /// A multiple of the sensor's spread, up or down.
  package static func spreads(_ standard: Double, _ about: String) -> SeverityMeaning {
    SeverityMeaning(
      standard: standard, countsInSpread: true, range: -1e6...1e6,
      about: about + ", in multiples of the sensor's spread")
  }

  /// A plain factor or share.
  package static func plain(_ standard: Double, in range: ClosedRange<Double>, _ about: String)
    -> SeverityMeaning
  {
    SeverityMeaning(standard: standard, countsInSpread: false, range: range, about: about)
  }
}

/// What a signal must have for an anomaly to show.
package enum AnomalyNeed: Hashable, Sendable {
  case nothing
  /// A spread: a severity counts in it.
  case spread
  /// Waves, whose swing can change.
  case swing
  /// A pattern that repeats, whose time can change.
  case period
  /// Noise, whose strength can change.
  case noise
}

/// Where an anomaly falls.
package struct AnomalyContext: Sendable {
  /// Where the sensor's values usually lie, in its unit.
  package var statistics: SignalStatistics
  /// The length of the sensor's pattern; nil where none repeats.
  package var periodMs: Int64?
  /// From the start of the clock to the anomaly's first reading.
  package var beginMs: Int64
  /// How many readings the anomaly covers; at least one.
  package var readings: Int
  /// For whatever the anomaly draws.
  package var generator: SeededGenerator

  /// The usual spread of the sensor, in its unit.
  package var scale: Double { statistics.standardDeviation }
}

/// An anomaly as it unfolds on one sensor of one device. For each reading covered, in order of time, first ``bend(_:)`` is
/// called, and then ``value(insteadOf:)``.
package protocol AnomalyCourse: Sendable {
  /// Changes what the sensor's signals make of the moment.
  func bend(_ moment: inout Moment)
  /// What the sensor reports instead of `value`; nil: nothing.
  mutating func value(insteadOf value: Double) -> Double?
  /// By how many milliseconds the device's clock is ahead.
  var aheadMs: Int64 { get }
}

extension AnomalyCourse {
  package var aheadMs: Int64 { 0 }
  package func bend(_ moment: inout Moment) {}
  package mutating func value(insteadOf value: Double) -> Double? { value }
}

/// The kinds of anomaly there are.
package enum AnomalyCatalogue {
  /// Every kind, by name: first what goes wrong with the process, then what goes wrong with its sensor or
  /// the device's clock.
  package static let kinds: [any Anomaly.Type] = [
    AmplitudeAnomaly.self, ExtremumAnomaly.self, FrequencyAnomaly.self, MeanAnomaly.self,
    ModeCorrelationAnomaly.self, PatternAnomaly.self, PatternShiftAnomaly.self, PlatformAnomaly.self,
    TrendAnomaly.self, VarianceAnomaly.self,
    BiasAnomaly.self, ClockSkewAnomaly.self, DriftAnomaly.self, DropoutAnomaly.self, NoiseBurstAnomaly.self,
    SpikeAnomaly.self,
    StuckAtAnomaly.self,
  ]

  /// The kind called `name`; underscores may stand for hyphens. Nil where there is none.
  package static func kind(named name: String) -> (any Anomaly.Type)? {
    let name = name.replacing("_", with: "-")
    return kinds.first { $0.name == name }
  }
}
