import Telemetry

/// A part of what a sensor measures while all is well. One kind a file, in `Signals/`. The parts of a sensor's list are
/// added up.
///
/// A signal is a description; ``begin(_:)`` turns it into the course of one sensor of one device.
package protocol Signal: Sendable {
  /// Where the values lie in the long run, in the sensor's unit. Parts that only set the level have no spread.
  ///
  /// - Parameter sensors: The statistics of the device's other sensors, for signals that follow one.
  func statistics(_ sensors: (SensorID) -> SignalStatistics) -> SignalStatistics
  /// The length of the pattern that repeats; nil where none does.
  var period: Duration? { get }
  /// Whether readings are scattered at random, so that ``Moment/noiseGain`` changes something.
  var isNoisy: Bool { get }
  /// Whether ``Moment/wave(_:)`` shapes it, so that its swing can be changed.
  var swings: Bool { get }
  /// The sensors of the same device that it depends on.
  var sources: [SensorID] { get }

  /// The course for one sensor of one device, which draws from the context's stream and nothing else.
  func begin(_ context: SignalContext) -> any SignalCourse
}

extension Signal {
  package var period: Duration? { nil }
  package var isNoisy: Bool { false }
  package var swings: Bool { false }
  package var sources: [SensorID] { [] }

  /// As ``statistics(_:)``, for a signal that follows no sensor.
  package var standardDeviation: Double { statistics { _ in SignalStatistics() }.standardDeviation }
}

/// A signal as it unfolds for one sensor of one device.
package protocol SignalCourse: Sendable {
  /// The value at a moment. Called once a reading, in order of time.
  mutating func value(at moment: Moment) -> Double
}

/// Where values lie in the long run, in the sensor's unit.
package struct SignalStatistics: Hashable, Sendable {
  /// Their mean.
  package var level: Double
  /// How far they usually lie from it.
  package var standardDeviation: Double

  package init(level: Double = 0, standardDeviation: Double = 0) {
    self.level = level
    self.standardDeviation = standardDeviation
  }

  /// Of the sum of independent parts.
  static func sum(_ parts: some Sequence<SignalStatistics>) -> SignalStatistics {
    var level = 0.0
    var variance = 0.0
    for part in parts {
      level += part.level
      variance += part.standardDeviation * part.standardDeviation
    }
    return SignalStatistics(level: level, standardDeviation: variance.squareRoot())
  }
}

/// What a signal is given to begin with on one sensor of one device.
package struct SignalContext: Sendable {
  package var seed: UInt64
  /// The name of the signal's own stream of random numbers.
  package var stream: String
  /// The sensors of the device, in the order of ``Moment/values``.
  package var sensors: [SensorID]
  /// Their statistics, in the same order.
  package var statistics: [SignalStatistics]

  /// The signal's own random numbers.
  package var generator: SeededGenerator { SeededGenerator(seed: seed, stream: stream) }

  /// For part `number` of a signal that is made of others.
  func part(_ number: Int) -> SignalContext {
    var part = self
    part.stream = RandomStream.part(number, of: stream)
    return part
  }
}

/// One reading's time, and how anomalies bend what the signals make of it.
package struct Moment: Sendable {
  /// Milliseconds since the start of the clock.
  package var elapsedMs: Int64
  /// The same for shapes: what repeats or rises is where it would be at this time. Differs from ``elapsedMs`` while an
  /// anomaly bends time.
  package var shapeMs: Int64
  /// The start of the clock, in milliseconds since 1970 UTC.
  package var startMs: Int64
  /// Multiplies the swing of every wave.
  package var swing = 1.0
  /// Flattens waves: 0 leaves them as they are, and the higher, the more they look like a square.
  package var flattening = 0.0
  /// Multiplies noise.
  package var noiseGain = 1.0
  /// What the device's sensors would show at this reading if they were without fault; those that depend on others come
  /// after these.
  package var values: [Double]

  init(startMs: Int64, sensors: Int) {
    elapsedMs = 0
    shapeMs = 0
    self.startMs = startMs
    values = Array(repeating: 0, count: sensors)
  }

  /// Moves to a reading, unbent.
  mutating func move(to elapsedMs: Int64) {
    self.elapsedMs = elapsedMs
    shapeMs = elapsedMs
    swing = 1
    flattening = 0
    noiseGain = 1
  }

  /// A wave between −1 and 1, as anomalies bend it.
  func wave(_ unit: Double) -> Double {
    guard flattening > 0 else { return swing * unit }
    return swing * (unit * (1 + flattening) / (1 + flattening * abs(unit)))
  }

  /// Where in a period that began `phase` of it before the clock, of [0, 1).
  func turn(periodMs: Int64, phase: Double) -> Double {
    // The remainder first: whole milliseconds keep a pattern exact however long the clock runs.
    let remainder = shapeMs % periodMs
    let turns = Double(remainder < 0 ? remainder + periodMs : remainder) / Double(periodMs) + phase
    return turns - turns.rounded(.down)
  }
}
