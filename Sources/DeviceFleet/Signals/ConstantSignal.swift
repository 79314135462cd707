import Telemetry

/// The same value for ever.
public struct ConstantSignal: Signal, SignalCourse, Hashable {
  /// In the sensor's unit.
  public var value: Double

  public init(value: Double) { self.value = value }

  public var standardDeviation: Double { 0 }

  public func begin(_ generator: SeededGenerator) -> any SignalCourse { self }

  public func value(at elapsedMs: Int64) -> Double { value }
}
