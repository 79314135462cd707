import Telemetry

/// A part of what a sensor measures while all is well. The parts of a sensor's list are added up.
///
/// A signal is a description; ``begin(_:)`` turns it into the course of one sensor of one device.
public protocol Signal: Sendable {
  /// How far the values usually lie from their long-run mean, as a standard deviation in the sensor's unit.
  /// Parts that only set the level (constants, trends) have none.
  var standardDeviation: Double { get }

  /// The course for one sensor of one device, which draws from `generator` and nothing else.
  func begin(_ generator: SeededGenerator) -> any SignalCourse
}

/// A signal as it unfolds for one sensor of one device.
public protocol SignalCourse: Sendable {
  /// The value `elapsedMs` milliseconds after the start of the clock. Called once a reading, in order of time.
  mutating func value(at elapsedMs: Int64) -> Double
}
