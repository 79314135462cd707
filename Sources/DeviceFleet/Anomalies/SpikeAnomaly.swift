import Telemetry

/// Single readings jump by `severity` spreads, up or down, and are back at once: the first reading of the anomaly, and
/// then one, drawn at random, of every ``spacing`` readings. With the length of one reading it is a single spike.
package struct SpikeAnomaly: Anomaly {
  package static let name = "spike"
  package static let about = "Single readings jump, one in ten, and are back at once."
  package static let origin = AnomalyOrigin.sensor
  package static let severity: SeverityMeaning? = .spreads(8, "the height")
  /// One reading in this many is a spike.
  package static let spacing = 10

  package let severity: Double

  package init(severity: Double) { self.severity = severity }

  package func begin(_ context: AnomalyContext) -> (course: any AnomalyCourse, parameters: [String: String]) {
    let height = severity * context.scale
    return (
      Course(height: height, generator: context.generator),
      ["height": String(abs(height)), "one_in": String(Self.spacing)]
    )
  }

  private struct Course: AnomalyCourse {
    let height: Double
    var generator: SeededGenerator
    var reading = 0
    /// Which reading of the present ten is the spike.
    var chosen = 0

    init(height: Double, generator: SeededGenerator) {
      self.height = height
      self.generator = generator
    }

    mutating func value(insteadOf value: Double) -> Double? {
      let place = reading % SpikeAnomaly.spacing
      if place == 0, reading > 0 { chosen = generator.index(below: SpikeAnomaly.spacing) }
      reading += 1
      guard place == chosen else { return value }
      return generator.index(below: 2) == 0 ? value + height : value - height
    }
  }
}
