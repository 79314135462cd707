import Telemetry

/// `offset + amplitude · sin(2π (t / period + phase))`.
public struct SineSignal: Signal, Hashable {
  /// The level it swings around, in the sensor's unit.
  public var offset: Varied<Double>
  /// Half the distance from trough to crest, in the sensor's unit.
  public var amplitude: Varied<Double>
  /// The length of one swing; above zero.
  public var length: Varied<Duration>
  /// Where in the swing the clock starts, as a share of the period. Nil: each device draws its own, so that the
  /// fleet does not swing as one.
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

  /// The spread is |amplitude| / √2, the root mean square of a sine.
  public func statistics(_ sensors: (SensorID) -> SignalStatistics) -> SignalStatistics {
    SignalStatistics(level: offset.middle, standardDeviation: abs(amplitude.middle) / 2.0.squareRoot())
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
      offset + amplitude
        * moment.wave(PortableMath.sine(turns: moment.turn(periodMs: periodMs, phase: phase)))
    }
  }
}
