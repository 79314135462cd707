import Telemetry

/// A machine that is in one of several states, such as off, idle and load, and shows that state's level. It stays for a
/// time drawn from an exponential distribution, then enters one of the other states at random.
package struct MachineStatesSignal: Signal, Hashable {
  /// One of the states.
  package struct State: Hashable, Sendable {
    package var name: String
    /// What is measured in it, in the sensor's unit.
    package var level: Varied<Double>
    /// How long it lasts on average.
    package var dwell: Varied<Duration>

    package init(name: String, level: Varied<Double>, dwell: Varied<Duration>) {
      self.name = name
      self.level = level
      self.dwell = dwell
    }
  }

  /// At least two.
  package var states: [State]

  package init(states: [State]) { self.states = states }

  package var swings: Bool { true }

  /// Every state is entered as often as the others, so its share of the time is its share of the dwell times.
  package func statistics(_ sensors: (SensorID) -> SignalStatistics) -> SignalStatistics {
    let states = states.map { (level: $0.level.middle, seconds: $0.dwell.middle.seconds) }
    let total = states.reduce(0) { $0 + $1.seconds }
    guard total > 0 else { return SignalStatistics() }
    let level = states.reduce(0) { $0 + $1.level * $1.seconds } / total
    let variance = states.reduce(0) { $0 + ($1.level - level) * ($1.level - level) * $1.seconds } / total
    return SignalStatistics(level: level, standardDeviation: variance.squareRoot())
  }

  package func begin(_ context: SignalContext) -> any SignalCourse {
    var generator = context.generator
    let drawn = states.map { (level: $0.level.draw(&generator), dwellMs: $0.dwell.drawMs(&generator)) }
    return Course(states: drawn, mean: statistics { _ in SignalStatistics() }.level, generator: generator)
  }

  private struct Course: SignalCourse {
    let states: [(level: Double, dwellMs: Int64)]
    let mean: Double
    var generator: SeededGenerator
    var state = 0
    /// When the state ends, in milliseconds from the start of the clock; nil before the first reading.
    var untilMs: Int64?

    init(states: [(level: Double, dwellMs: Int64)], mean: Double, generator: SeededGenerator) {
      self.states = states
      self.mean = mean
      self.generator = generator
    }

    mutating func value(at moment: Moment) -> Double {
      if untilMs == nil {
        state = generator.index(below: states.count)
        untilMs = moment.elapsedMs + dwellMs()
      }
      while let end = untilMs, end <= moment.elapsedMs {
        let next = generator.index(below: states.count - 1)
        state = next >= state ? next + 1 : next
        untilMs = end + dwellMs()
      }
      return mean + moment.swing * (states[state].level - mean)
    }

    private mutating func dwellMs() -> Int64 {
      let share = -PortableMath.log(1 - generator.uniform())
      return max(1, Int64(share * Double(states[state].dwellMs)))
    }
  }
}
