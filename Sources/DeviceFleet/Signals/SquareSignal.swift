import Telemetry

/// High for a share of each period, low for the rest: `offset ± amplitude`.
package struct SquareSignal: Signal, Hashable {
  /// The middle between high and low, in the sensor's unit.
  package var offset: Varied<Double>
  /// Half the distance between high and low, in the sensor's unit.
  package var amplitude: Varied<Double>
  package var length: Varied<Duration>
  /// The share of the period that is high, of (0, 1).
  package var duty: Varied<Double>
  /// Where in the period the clock starts; nil: each device draws its own.
  package var phase: Varied<Double>?

  package init(
    offset: Varied<Double> = 0, amplitude: Varied<Double>, period: Varied<Duration>,
    duty: Varied<Double> = 0.5,
    phase: Varied<Double>? = nil
  ) {
    self.offset = offset
    self.amplitude = amplitude
    length = period
    self.duty = duty
    self.phase = phase
  }

  package var period: Duration? { length.middle }
  package var swings: Bool { true }

  /// With the share d of the time at +1 and the rest at −1, the mean is 2d − 1 and the variance 4d(1 − d).
  package func statistics(_ sensors: (SensorID) -> SignalStatistics) -> SignalStatistics {
    let share = duty.middle
    return SignalStatistics(
      level: offset.middle + amplitude.middle * (2 * share - 1),
      standardDeviation: abs(amplitude.middle) * (4 * share * (1 - share)).squareRoot())
  }

  package func begin(_ context: SignalContext) -> any SignalCourse {
    var generator = context.generator
    let phase = phase?.draw(&generator) ?? generator.uniform()
    return Course(
      offset: offset.draw(&generator), amplitude: amplitude.draw(&generator),
      periodMs: length.drawMs(&generator), duty: duty.draw(&generator), phase: phase)
  }

  private struct Course: SignalCourse {
    let offset: Double
    let amplitude: Double
    let periodMs: Int64
    let duty: Double
    let phase: Double

    func value(at moment: Moment) -> Double {
      offset + amplitude * moment.wave(moment.turn(periodMs: periodMs, phase: phase) < duty ? 1 : -1)
    }
  }
}
