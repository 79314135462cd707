/// `offset + amplitude · sin(2π (t / period + phase))`.
package typealias SineSignal = PeriodicSignal<SineShape>

package enum SineShape: PeriodicShape {
  package static func value(at turn: Double) -> Double { PortableMath.sine(turns: turn) }

  /// The spread is the root mean square of a sine, 1 / √2.
  package static let statistics = SignalStatistics(standardDeviation: 1 / 2.0.squareRoot())
}
