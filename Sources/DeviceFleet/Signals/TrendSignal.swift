import Telemetry

/// A steady rise or fall from zero at the start of the clock.
package struct TrendSignal: Signal, Hashable {
  /// Change in 24 hours, in the sensor's unit.
  package var perDay: Varied<Double>

  package init(perDay: Varied<Double>) { self.perDay = perDay }

  /// A trend has no mean to lie around; it sets the level.
  package func statistics(_ sensors: (SensorID) -> SignalStatistics) -> SignalStatistics {
    SignalStatistics()
  }

  package func begin(_ context: SignalContext) -> any SignalCourse {
    var generator = context.generator
    return Course(perDay: perDay.draw(&generator))
  }

  private struct Course: SignalCourse {
    let perDay: Double

    func value(at moment: Moment) -> Double { perDay * (Double(moment.shapeMs) / 86_400_000) }
  }
}
