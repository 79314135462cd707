/// Rises evenly from `offset − amplitude` to `offset + amplitude` in each period, and falls back at once.
package typealias SawtoothSignal = PeriodicSignal<SawtoothShape>

package enum SawtoothShape: PeriodicShape {
  package static func value(at turn: Double) -> Double { 2 * turn - 1 }

  /// The spread is that of an even distribution, 1 / √3.
  package static let statistics = SignalStatistics(standardDeviation: 1 / 3.0.squareRoot())
}
