import Telemetry

/// The same value for ever.
public struct ConstantSignal: Signal, Hashable {
  /// In the sensor's unit.
  public var value: Varied<Double>

  public init(value: Varied<Double>) { self.value = value }

  public func statistics(_ sensors: (SensorID) -> SignalStatistics) -> SignalStatistics {
    SignalStatistics(level: value.middle)
  }

  public func begin(_ context: SignalContext) -> any SignalCourse {
    var generator = context.generator
    return Course(value: value.draw(&generator))
  }

  private struct Course: SignalCourse {
    let value: Double

    func value(at moment: Moment) -> Double { value }
  }
}
