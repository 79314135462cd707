import Telemetry

/// A pattern that repeats. One a file; ``PeriodicSignal`` makes a signal of it.
package protocol PeriodicShape: Hashable, Sendable {
  /// The pattern at a place of its period, from 0 to below 1, around 0 and with an amplitude of 1.
  static func value(at turn: Double) -> Double
  /// Where its values lie.
  static var statistics: SignalStatistics { get }
}

/// `offset + amplitude · shape(t / period + phase)`.
package struct PeriodicSignal<Shape: PeriodicShape>: Signal, Hashable {
  /// The level that it swings around, in the sensor's unit.
  package var offset: Varied<Double>
  /// What the shape is multiplied by, in the sensor's unit.
  package var amplitude: Varied<Double>
  /// The length of one period; above zero.
  package var length: Varied<Duration>
  /// Where in the period the clock starts, as a share of it. Nil: each device draws its own, so that the fleet does not
  /// swing as one.
  package var phase: Varied<Double>?

  package init(
    offset: Varied<Double> = 0, amplitude: Varied<Double>, period: Varied<Duration>,
    phase: Varied<Double>? = nil
  ) {
    self.offset = offset
    self.amplitude = amplitude
    length = period
    self.phase = phase
  }

  package var period: Duration? { length.middle }
  package var swings: Bool { true }

  package func statistics(_ sensors: (SensorID) -> SignalStatistics) -> SignalStatistics {
    SignalStatistics(
      level: offset.middle + amplitude.middle * Shape.statistics.level,
      standardDeviation: abs(amplitude.middle) * Shape.statistics.standardDeviation)
  }

  package func begin(_ context: SignalContext) -> any SignalCourse {
    var generator = context.generator
    let phase = phase?.draw(&generator) ?? generator.uniform()
    return Course(
      offset: offset.draw(&generator), amplitude: amplitude.draw(&generator),
      periodMs: length.drawMs(&generator), phase: phase)
  }

  private struct Course: SignalCourse {
    let offset: Double
    let amplitude: Double
    let periodMs: Int64
    let phase: Double

    func value(at moment: Moment) -> Double {
      offset + amplitude * moment.wave(Shape.value(at: moment.turn(periodMs: periodMs, phase: phase)))
    }
  }
}
