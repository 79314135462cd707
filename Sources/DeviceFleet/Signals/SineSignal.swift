import Telemetry

/// `offset + amplitude · sin(2π (t / period + phase))`.
public struct SineSignal: Signal, Hashable {
  /// The level it swings around, in the sensor's unit.
  public var offset: Double
  /// Half the distance from trough to crest, in the sensor's unit.
  public var amplitude: Double
  /// The length of one swing; above zero.
  public var period: Duration
  /// Where in the swing the clock starts, as a share of the period. Nil: each device draws its own, so that the
  /// fleet does not swing as one.
  public var phase: Double?

  public init(offset: Double = 0, amplitude: Double, period: Duration, phase: Double? = nil) {
    self.offset = offset
    self.amplitude = amplitude
    self.period = period
    self.phase = phase
  }

  /// |amplitude| / √2, the root mean square of a sine.
  public var standardDeviation: Double { abs(amplitude) / 2.0.squareRoot() }

  public func begin(_ generator: SeededGenerator) -> any SignalCourse {
    var generator = generator
    return Course(
      offset: offset, amplitude: amplitude, periodMs: period.milliseconds, phase: phase ?? generator.uniform()
    )
  }

  private struct Course: SignalCourse {
    let offset: Double
    let amplitude: Double
    let periodMs: Int64
    let phase: Double

    func value(at elapsedMs: Int64) -> Double {
      // The remainder first: whole milliseconds keep the swing exact however long the clock runs.
      let turns = Double(elapsedMs % periodMs) / Double(periodMs) + phase
      return offset + amplitude * PortableMath.sine(turns: turns)
    }
  }
}
