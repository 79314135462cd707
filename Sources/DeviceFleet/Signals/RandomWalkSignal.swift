import Telemetry

/// Wanders from zero: after each reading it stands where it stood, moved by a Gaussian step whose variance grows with the
/// time passed. With a `memory` it is drawn back to zero (an Ornstein-Uhlenbeck process, exact for any interval).
package struct RandomWalkSignal: Signal, Hashable {
  /// The standard deviation of its change in an hour, were nothing to draw it back; in the sensor's unit.
  package var perHour: Varied<Double>
  /// The time in which a deviation shrinks to 1/e of itself; nil: nothing draws it back.
  package var memory: Varied<Duration>?

  package init(perHour: Varied<Double>, memory: Varied<Duration>? = nil) {
    self.perHour = perHour
    self.memory = memory
  }

  package var isNoisy: Bool { true }

  /// With a memory τ the spread is perHour · √(τ/2); without, it grows for ever, and the spread after an hour counts.
  package func statistics(_ sensors: (SensorID) -> SignalStatistics) -> SignalStatistics {
    let hours = memory.map { $0.middle.seconds / 3600 / 2 } ?? 1
    return SignalStatistics(standardDeviation: perHour.middle * hours.squareRoot())
  }

  package func begin(_ context: SignalContext) -> any SignalCourse {
    var generator = context.generator
    let perHour = perHour.draw(&generator)
    let memoryHours = memory.map { Double($0.drawMs(&generator)) / 3_600_000 }
    return Course(perHour: perHour, memoryHours: memoryHours, normal: NormalGenerator(generator))
  }

  private struct Course: SignalCourse {
    let perHour: Double
    let memoryHours: Double?
    var normal: NormalGenerator
    var position = 0.0
    var lastMs: Int64?

    mutating func value(at moment: Moment) -> Double {
      let hours = Double(moment.elapsedMs - (lastMs ?? moment.elapsedMs)) / 3_600_000
      lastMs = moment.elapsedMs
      guard hours > 0 else { return position }
      let step: Double
      if let memoryHours {
        let kept = PortableMath.exp(-hours / memoryHours)
        position *= kept
        step = (memoryHours / 2 * (1 - kept * kept)).squareRoot()
      } else {
        step = hours.squareRoot()
      }
      position += moment.noiseGain * perHour * step * normal.next()
      return position
    }
  }
}
