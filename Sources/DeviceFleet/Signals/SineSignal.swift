/// `offset + amplitude · sin(2π (t / period + phase))`.
public typealias SineSignal = PeriodicSignal<SineShape>

public enum SineShape: PeriodicShape {
  public static func value(at turn: Double) -> Double { PortableMath.sine(turns: turn) }

  /// The spread is the root mean square of a sine, 1 / √2.
  public static let statistics = SignalStatistics(standardDeviation: 1 / 2.0.squareRoot())
}
