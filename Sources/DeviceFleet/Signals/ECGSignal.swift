import Telemetry

/// A heartbeat-like pattern: five bumps a period (P, Q, R, S, T), each a Gaussian at the angle and of the width that
/// McSharry et al. give ("A Dynamical Model for Generating Synthetic Electrocardiogram Signals", IEEE TBME 50(3), 2003);
/// the heights are a textbook's lead II, with R at the amplitude.
public struct ECGSignal: Signal, Hashable {
  /// The line between beats, in the sensor's unit.
  public var offset: Varied<Double>
  /// The height of the highest bump above the line, in the sensor's unit.
  public var amplitude: Varied<Double>
  /// The length of one beat.
  public var length: Varied<Duration>
  /// Where in the beat the clock starts; nil: each device draws its own.
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

  /// Centre and width as shares of the beat (angles over 360°, widths over 2π), and height.
  private static let bumps: [(centre: Double, width: Double, height: Double)] = [
    (0.5 - 70.0 / 360, 0.25 / 6.283, 0.12), (0.5 - 15.0 / 360, 0.1 / 6.283, -0.12), (0.5, 0.1 / 6.283, 1),
    (0.5 + 15.0 / 360, 0.1 / 6.283, -0.22), (0.5 + 100.0 / 360, 0.4 / 6.283, 0.25),
  ]

  static func shape(_ turn: Double) -> Double {
    bumps.reduce(0) { sum, bump in
      let distance = (turn - bump.centre) / bump.width
      // Beyond eight widths a bump is below the last bit of the sum.
      return abs(distance) > 8 ? sum : sum + bump.height * PortableMath.exp(-0.5 * distance * distance)
    }
  }

  /// Mean and spread of the shape, from a thousand points of a beat.
  private static let unit = SignalStatistics(values: (0..<1000).map { shape(Double($0) / 1000) })

  public func statistics(_ sensors: (SensorID) -> SignalStatistics) -> SignalStatistics {
    SignalStatistics(
      level: offset.middle + amplitude.middle * Self.unit.level,
      standardDeviation: abs(amplitude.middle) * Self.unit.standardDeviation)
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
      offset + amplitude * moment.wave(ECGSignal.shape(moment.turn(periodMs: periodMs, phase: phase)))
    }
  }
}
