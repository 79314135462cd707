import Telemetry

/// Rises evenly from `offset − amplitude` to `offset + amplitude` in each period, and falls back at once.
public struct SawtoothSignal: Signal, Hashable {
  /// The middle, in the sensor's unit.
  public var offset: Varied<Double>
  /// Half the distance from bottom to top, in the sensor's unit.
  public var amplitude: Varied<Double>
  public var length: Varied<Duration>
  /// Where in the period the clock starts; nil: each device draws its own.
  public var phase: Double?

  public init(
    offset: Varied<Double> = 0, amplitude: Varied<Double>, period: Varied<Duration>, phase: Double? = nil
  ) {
    self.offset = offset
    self.amplitude = amplitude
    length = period
    self.phase = phase
  }

  public var period: Duration? { length.middle }
  public var swings: Bool { true }

  /// The spread is |amplitude| / √3, that of an even distribution.
  public func statistics(_ sensors: (SensorID) -> SignalStatistics) -> SignalStatistics {
    SignalStatistics(level: offset.middle, standardDeviation: abs(amplitude.middle) / 3.0.squareRoot())
  }

  public func begin(_ context: SignalContext) -> any SignalCourse {
    var generator = context.generator
    let phase = phase ?? generator.uniform()
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
      offset + amplitude * moment.wave(2 * moment.turn(periodMs: periodMs, phase: phase) - 1)
    }
  }
}
