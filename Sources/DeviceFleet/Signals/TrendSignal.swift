import Telemetry

/// A steady rise or fall from zero at the start of the clock.
public struct TrendSignal: Signal, SignalCourse, Hashable {
  /// Change in 24 hours, in the sensor's unit.
  public var perDay: Double

  public init(perDay: Double) { self.perDay = perDay }

  /// A trend has no mean to lie around; it sets the level.
  public var standardDeviation: Double { 0 }

  public func begin(_ generator: SeededGenerator) -> any SignalCourse { self }

  public func value(at elapsedMs: Int64) -> Double { perDay * (Double(elapsedMs) / 86_400_000) }
}
