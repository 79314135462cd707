import Telemetry

/// The sum of parts, kept between two bounds, as by a sensor that shows no more than its range.
public struct ClampSignal: CompositeSignal {
  /// In the sensor's unit; nil: no bound.
  public var minimum: Double?
  public var maximum: Double?
  public var parts: [any Signal]

  public init(minimum: Double? = nil, maximum: Double? = nil, _ parts: [any Signal]) {
    self.minimum = minimum
    self.maximum = maximum
    self.parts = parts
  }

  /// Approximately: the level within the bounds, and a spread of at most half of their distance.
  public func statistics(_ sensors: (SensorID) -> SignalStatistics) -> SignalStatistics {
    var inner = SignalStatistics.sum(parts.map { $0.statistics(sensors) })
    inner.level = clamped(inner.level)
    if let minimum, let maximum {
      inner.standardDeviation = min(inner.standardDeviation, (maximum - minimum) / 2)
    }
    return inner
  }

  private func clamped(_ value: Double) -> Double {
    min(max(value, minimum ?? -.infinity), maximum ?? .infinity)
  }

  public func begin(_ context: SignalContext) -> any SignalCourse {
    Course(minimum: minimum ?? -.infinity, maximum: maximum ?? .infinity, sum: SumCourse(parts, context))
  }

  private struct Course: SignalCourse {
    let minimum: Double
    let maximum: Double
    var sum: SumCourse

    mutating func value(at moment: Moment) -> Double { min(max(sum.value(at: moment), minimum), maximum) }
  }
}
