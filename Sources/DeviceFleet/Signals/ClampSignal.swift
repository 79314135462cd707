import Telemetry

/// The sum of parts, kept between two bounds, as by a sensor that shows no more than its range.
package struct ClampSignal: CompositeSignal {
  /// In the sensor's unit; nil: no bound.
  package var minimum: Varied<Double>?
  package var maximum: Varied<Double>?
  package var parts: [any Signal]

  package init(minimum: Varied<Double>? = nil, maximum: Varied<Double>? = nil, _ parts: [any Signal]) {
    self.minimum = minimum
    self.maximum = maximum
    self.parts = parts
  }

  /// Approximately: the level within the bounds, and a spread of at most half of their distance.
  package func statistics(_ sensors: (SensorID) -> SignalStatistics) -> SignalStatistics {
    var inner = SignalStatistics.sum(parts.map { $0.statistics(sensors) })
    inner.level = clamped(inner.level)
    if let minimum, let maximum {
      inner.standardDeviation = min(inner.standardDeviation, (maximum.middle - minimum.middle) / 2)
    }
    return inner
  }

  private func clamped(_ value: Double) -> Double {
    min(max(value, minimum?.middle ?? -.infinity), maximum?.middle ?? .infinity)
  }

  package func begin(_ context: SignalContext) -> any SignalCourse {
    var generator = context.generator
    return Course(
      minimum: minimum?.draw(&generator) ?? -.infinity, maximum: maximum?.draw(&generator) ?? .infinity,
      sum: SumCourse(parts, context))
  }

  private struct Course: SignalCourse {
    let minimum: Double
    let maximum: Double
    var sum: SumCourse

    mutating func value(at moment: Moment) -> Double { min(max(sum.value(at: moment), minimum), maximum) }
  }
}
