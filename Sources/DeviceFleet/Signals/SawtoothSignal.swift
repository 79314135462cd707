/// Rises evenly from `offset − amplitude` to `offset + amplitude` in each period, and falls back at once.
public typealias SawtoothSignal = PeriodicSignal<SawtoothShape>

public enum SawtoothShape: PeriodicShape {
  public static func value(at turn: Double) -> Double { 2 * turn - 1 }

  /// The spread is that of an even distribution, 1 / √3.
  public static let statistics = SignalStatistics(standardDeviation: 1 / 3.0.squareRoot())
}
