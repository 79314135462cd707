import Telemetry

/// Values that were recorded, one after another at a fixed interval, and again from the beginning after the last. Between
/// two of them lies the straight line.
package struct RecordedSignal: Signal, Hashable {
  /// At least one; finite.
  package var values: [Double]
  package var every: Varied<Duration>
  /// Where in the recording the clock starts; nil: each device draws its own.
  package var phase: Varied<Double>?

  package init(values: [Double], every: Varied<Duration>, phase: Varied<Double>? = nil) {
    self.values = values
    self.every = every
    self.phase = phase
  }

  package var period: Duration? { every.middle * values.count }
  package var swings: Bool { true }

  package func statistics(_ sensors: (SensorID) -> SignalStatistics) -> SignalStatistics {
    SignalStatistics(values: values)
  }

  package func begin(_ context: SignalContext) -> any SignalCourse {
    var generator = context.generator
    let phase = phase?.draw(&generator) ?? generator.uniform()
    return Course(
      values: values, periodMs: every.drawMs(&generator) * Int64(values.count), phase: phase,
      mean: statistics { _ in SignalStatistics() }.level)
  }

  private struct Course: SignalCourse {
    let values: [Double]
    let periodMs: Int64
    let phase: Double
    let mean: Double

    func value(at moment: Moment) -> Double {
      let place = moment.turn(periodMs: periodMs, phase: phase) * Double(values.count)
      let first = min(Int(place), values.count - 1)
      let next = (first + 1) % values.count
      let value = values[first] + (place - Double(first)) * (values[next] - values[first])
      return mean + moment.swing * (value - mean)
    }
  }
}
