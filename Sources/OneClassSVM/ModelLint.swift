/// Finds models that cannot be trusted.
public enum ModelLint {
  /// Whether `share` of `rows` training rows flagged is more than nu and chance explain. The solver holds the share
  /// of rows outside the boundary to nu, and the vectors on it fall to either side by rounding; on top of both, three
  /// standard deviations of a binomial count, and a few rows, are let pass.
  static func flagsTooMany(share: Double, nu: Double, rows: Int, supportVectors: Int) -> Bool {
    let count = Double(rows)
    let expected = nu * count
    let chance = 3 * (expected * (1 - nu)).squareRoot() + 5
    return share * count > max(expected, Double(supportVectors)) + chance
  }
}
