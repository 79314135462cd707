/// The step in which a sensor reports: values are rounded to its multiples, so that payloads stay short.
package struct Resolution: Hashable, Sendable {
  /// A thousandth of the unit: finer than most sensors, and three decimals in a payload.
  package static let standard = Resolution(step: 0.001)!

  /// In the sensor's unit.
  package let step: Double
  private let stepsPerUnit: Double?

  /// Nil unless `step` is finite and above zero.
  package init?(step: Double) {
    guard step.isFinite, step > 0 else { return nil }
    self.step = step
    let inverse = 1 / step
    // 1/0.001 is 1000.0000000000001 or so; the whole number is what was meant.
    stepsPerUnit = abs(inverse - inverse.rounded()) < 1e-6 && inverse >= 1 ? inverse.rounded() : nil
  }

  /// The multiple of the step nearest to `value`. Dividing by a whole number gives the double nearest to the decimal,
  /// which prints short; multiplying by 0.001 would not. Never −0. A value that is too large for its steps to be counted is
  /// one of their multiples as it is.
  package func round(_ value: Double) -> Double {
    let rounded =
      stepsPerUnit.map { (value * $0).rounded() / $0 } ?? (value / step).rounded() * step
    return (rounded.isFinite ? rounded : value) + 0
  }
}
