import Telemetry

/// The swing of a day: highest at `peak`, lowest twelve hours from it, the same on every device.
package struct DiurnalSignal: Signal, Hashable {
  /// The level it swings around, in the sensor's unit.
  package var offset: Varied<Double>
  /// Half the distance from the lowest to the highest, in the sensor's unit.
  package var amplitude: Varied<Double>
  /// The time of day, in UTC, at which it is highest.
  package var peak: Varied<Duration>

  static let dayMs: Int64 = 86_400_000

  package init(
    offset: Varied<Double> = 0, amplitude: Varied<Double>, peak: Varied<Duration> = .seconds(15 * 3600)
  ) {
    self.offset = offset
    self.amplitude = amplitude
    self.peak = peak
  }

  package var period: Duration? { .milliseconds(Self.dayMs) }
  package var swings: Bool { true }

  package func statistics(_ sensors: (SensorID) -> SignalStatistics) -> SignalStatistics {
    SignalStatistics(level: offset.middle, standardDeviation: abs(amplitude.middle) / 2.0.squareRoot())
  }

  package func begin(_ context: SignalContext) -> any SignalCourse {
    var generator = context.generator
    return Course(
      offset: offset.draw(&generator), amplitude: amplitude.draw(&generator), peakMs: peak.drawMs(&generator))
  }

  private struct Course: SignalCourse {
    let offset: Double
    let amplitude: Double
    let peakMs: Int64

    func value(at moment: Moment) -> Double {
      let sincePeak = (moment.startMs + moment.shapeMs - peakMs) % DiurnalSignal.dayMs
      let turns = Double(sincePeak) / Double(DiurnalSignal.dayMs)
      return offset + amplitude * moment.wave(PortableMath.sine(turns: turns + 0.25))
    }
  }
}
