import Telemetry

/// `Σ coefficients[k] · (t / unit)^k`, with t from the start of the clock.
public struct PolynomialSignal: Signal, Hashable {
  /// From the constant up, in the sensor's unit; at least one.
  public var coefficients: [Double]
  /// The time that counts as 1.
  public var unit: Duration

  public init(coefficients: [Double], unit: Duration = .seconds(86_400)) {
    self.coefficients = coefficients
    self.unit = unit
  }

  /// Like a trend, a polynomial sets the level; it begins at its constant.
  public func statistics(_ sensors: (SensorID) -> SignalStatistics) -> SignalStatistics {
    SignalStatistics(level: coefficients.first ?? 0)
  }

  public func begin(_ context: SignalContext) -> any SignalCourse {
    Course(coefficients: coefficients, unitMs: Double(unit.milliseconds))
  }

  private struct Course: SignalCourse {
    let coefficients: [Double]
    let unitMs: Double

    func value(at moment: Moment) -> Double {
      let x = Double(moment.shapeMs) / unitMs
      return coefficients.reversed().reduce(0) { $0 * x + $1 }
    }
  }
}
