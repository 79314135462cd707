import Foundation

/// K(x, y): how alike two scaled rows are. Formulas as in LIBSVM (Chang and Lin, "LIBSVM: a library for support
/// vector machines", 2011) and scikit-learn.
package enum Kernel: Sendable, Equatable {
  /// exp(−gamma · |x − y|²)
  case rbf(gamma: Double)
  /// x · y
  case linear
  /// (gamma · x · y + coef0) to the power of `degree`
  case polynomial(gamma: Double, coef0: Double, degree: Int)
  /// tanh(gamma · x · y + coef0)
  case sigmoid(gamma: Double, coef0: Double)

  /// Which of the four it is, without its parameters.
  package var family: KernelFamily {
    switch self {
    case .rbf: .rbf
    case .linear: .linear
    case .polynomial: .polynomial
    case .sigmoid: .sigmoid
    }
  }

  /// gamma; nil for the linear kernel, which has none.
  package var gamma: Double? {
    switch self {
    case .rbf(let gamma), .polynomial(let gamma, _, _), .sigmoid(let gamma, _): gamma
    case .linear: nil
    }
  }

  /// coef0; nil for the kernels that have none.
  package var coef0: Double? {
    switch self {
    case .polynomial(_, let coef0, _), .sigmoid(_, let coef0): coef0
    case .rbf, .linear: nil
    }
  }

  /// The polynomial's degree.
  package var degree: Int? {
    if case .polynomial(_, _, let degree) = self { degree } else { nil }
  }

  /// Whether the kernel has a finite value for every two of `rows`, and so have sums over all of them. By Cauchy and
  /// Schwarz, no product of two rows is larger than the largest of a row with itself.
  func isFinite(on rows: FeatureMatrix) -> Bool {
    let largest = (0..<rows.rowCount).map { row in rows[row: row].reduce(0) { $0 + $1 * $1 } }.max() ?? 0
    let value: Double =
      switch self {
      case .rbf, .linear, .sigmoid: 4 * largest
      case .polynomial(let gamma, let coef0, let degree): pow(gamma * largest + abs(coef0), Double(degree))
      }
    return (value * Double(max(1, rows.rowCount))).isFinite
  }

  /// What keeps the parameters from being usable; nil where they are sound.
  var fault: String? {
    if let gamma, !(gamma.isFinite && gamma >= 0) {
      return "gamma is \(gamma); it must be finite and not negative"
    }
    if let coef0, !coef0.isFinite { return "coef0 is \(coef0); it must be finite" }
    if let degree, !(0...ModelLimits.degree).contains(degree) {
      return "the degree is \(degree); it must be between 0 and \(ModelLimits.degree)"
    }
    return nil
  }
}

/// The name of a kernel, as scenarios and the command line spell it.
package enum KernelFamily: String, Sendable, CaseIterable, Codable {
  case rbf
  case linear
  case polynomial
  case sigmoid

  /// Takes scikit-learn's and LIBSVM's names too: `poly` and `polynomial` are one.
  package init?(name: String) {
    if name == "poly" { self = .polynomial } else { self.init(rawValue: name) }
  }
}
