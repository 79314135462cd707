import Telemetry

/// The same value for ever.
package struct ConstantSignal: Signal, Hashable {
  /// In the sensor's unit.
  package var value: Varied<Double>

  package init(value: Varied<Double>) { self.value = value }

  package func statistics(_ sensors: (SensorID) -> SignalStatistics) -> SignalStatistics {
    SignalStatistics(level: value.middle)
  }

  package func begin(_ context: SignalContext) -> any SignalCourse {
    var generator = context.generator
    return Course(value: value.draw(&generator))
  }

  private struct Course: SignalCourse {
    let value: Double

    func value(at moment: Moment) -> Double { value }
  }
}
