/// A heartbeat-like pattern: five bumps a period (P, Q, R, S, T), each a Gaussian at the angle and of the width that
/// McSharry et al. give ("A Dynamical Model for Generating Synthetic Electrocardiogram Signals", IEEE TBME 50(3), 2003);
/// the heights are a textbook's lead II, with R at the amplitude. The offset is the line between beats.
package typealias ECGSignal = PeriodicSignal<ECGShape>

package enum ECGShape: PeriodicShape {
  /// Centre and width as shares of the beat (angles over 360°, widths over 2π), and height.
  private static let bumps: [(centre: Double, width: Double, height: Double)] = [
    (0.5 - 70.0 / 360, 0.25 / 6.283, 0.12), (0.5 - 15.0 / 360, 0.1 / 6.283, -0.12), (0.5, 0.1 / 6.283, 1),
    (0.5 + 15.0 / 360, 0.1 / 6.283, -0.22), (0.5 + 100.0 / 360, 0.4 / 6.283, 0.25),
  ]

  package static func value(at turn: Double) -> Double {
    bumps.reduce(0) { sum, bump in
      let distance = (turn - bump.centre) / bump.width
      // Beyond eight widths a bump is below the last bit of the sum.
      return abs(distance) > 8 ? sum : sum + bump.height * PortableMath.exp(-0.5 * distance * distance)
    }
  }

  /// From a thousand points of a beat.
  package static let statistics = SignalStatistics(values: (0..<1000).map { value(at: Double($0) / 1000) })
}
