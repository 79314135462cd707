import Telemetry

/// `Σ coefficients[k] · (t / unit)^k`, with t from the start of the clock.
package struct PolynomialSignal: Signal, Hashable {
  /// From the constant up, in the sensor's unit; at least one.
  package var coefficients: [Varied<Double>]
  /// The time that counts as 1.
  package var unit: Varied<Duration>

  package init(coefficients: [Varied<Double>], unit: Varied<Duration> = .seconds(86_400)) {
    self.coefficients = coefficients
    self.unit = unit
  }

  /// Like a trend, a polynomial sets the level; it begins at its constant.
  package func statistics(_ sensors: (SensorID) -> SignalStatistics) -> SignalStatistics {
    SignalStatistics(level: coefficients.first?.middle ?? 0)
  }

  package func begin(_ context: SignalContext) -> any SignalCourse {
    var generator = context.generator
    let drawn = coefficients.map { $0.draw(&generator) }
    return Course(coefficients: drawn, unitMs: Double(unit.drawMs(&generator)))
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
