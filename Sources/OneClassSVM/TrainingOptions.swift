/// How a model is trained. The defaults are those of scikit-learn's `OneClassSVM` where Sonde has no reason to differ.
package struct TrainingOptions: Sendable, Equatable {
  package var kernel: KernelFamily
  /// The share of training rows that may be outliers, in ``Nu/range``; also a lower bound of the share that become
  /// support vectors. 0.01: one window of a hundred.
  package var nu: Double
  package var gamma: Gamma
  /// Of the polynomial and the sigmoid kernel.
  package var coef0: Double
  /// Of the polynomial kernel.
  package var degree: Int
  /// Whether a ``Scaler`` is fitted to the rows and made part of the model.
  package var scaling: Bool
  package var tolerance: Tolerance
  package var threshold: Threshold
  /// Fewer usable rows than these are refused: a boundary around less is a guess.
  package var minimumRows: Int
  /// Memory for kernel rows while training, in MiB, for each model that is being trained. 100 holds all rows of a
  /// problem of 5,000.
  package var cacheMebibytes: Int

  package init(
    kernel: KernelFamily = .rbf, nu: Double = 0.01, gamma: Gamma = .scale, coef0: Double = 0, degree: Int = 3,
    scaling: Bool = true, tolerance: Tolerance = .scaled, threshold: Threshold = .training,
    minimumRows: Int = 10,
    cacheMebibytes: Int = 100
  ) {
    self.kernel = kernel
    self.nu = nu
    self.gamma = gamma
    self.coef0 = coef0
    self.degree = degree
    self.scaling = scaling
    self.tolerance = tolerance
    self.threshold = threshold
    self.minimumRows = minimumRows
    self.cacheMebibytes = cacheMebibytes
  }

  /// What keeps these options from being usable, in a sentence; nil where they are sound.
  package var fault: String? {
    if let fault = Nu.fault(nu) { return fault }
    if case .value(let value) = gamma, !(value.isFinite && value > 0) {
      return "gamma is \(value); it must be above 0, or `scale`, or `auto`"
    }
    if !coef0.isFinite { return "coef0 is \(coef0); it must be finite" }
    if !(1...ModelLimits.degree).contains(degree) {
      return "the degree is \(degree); it must be between 1 and \(ModelLimits.degree)"
    }
    if case .value(let value) = tolerance, !(value.isFinite && value > 0) {
      return "the tolerance is \(value); it must be above 0"
    }
    if case .value(let value) = threshold, !value.isFinite {
      return "the threshold is \(value); it must be finite"
    }
    if let folds = threshold.folds, folds < 2 { return "\(folds) folds; a cross-validation has at least 2" }
    if minimumRows < 2 { return "the minimum of rows is \(minimumRows); it must be at least 2" }
    if cacheMebibytes < 1 { return "the cache is \(cacheMebibytes) MiB; it must be at least 1" }
    return nil
  }
}

/// How gamma is chosen.
package enum Gamma: Sendable, Equatable, CustomStringConvertible {
  /// 1 / (features · variance of all scaled values), as scikit-learn's `gamma="scale"`.
  case scale
  /// 1 / features, as scikit-learn's `gamma="auto"`.
  case auto
  /// This number, above zero.
  case value(Double)

  /// Reads `scale`, `auto` or a number; nil for anything else.
  package init?(_ text: String) {
    switch text {
    case "scale": self = .scale
    case "auto": self = .auto
    default:
      guard let value = Double(text), value.isFinite, value > 0 else { return nil }
      self = .value(value)
    }
  }

  package var description: String {
    switch self {
    case .scale: "scale"
    case .auto: "auto"
    case .value(let value): "\(value)"
    }
  }

  func resolved(for rows: FeatureMatrix) -> Double {
    switch self {
    case .value(let value): return value
    case .auto: return 1 / Double(rows.columns)
    case .scale:
      let count = Double(rows.values.count)
      let mean = rows.values.reduce(0, +) / count
      let variance = rows.values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
      return variance > 0 ? 1 / (Double(rows.columns) * variance) : 1
    }
  }
}

/// How closely the optimality conditions must hold for training to stop.
package enum Tolerance: Sendable, Equatable, CustomStringConvertible {
  /// ``relative`` · Σα, and never above ``ceiling``. The conditions are differences of Σα·K, so what a tolerance means
  /// depends on Σα = nu · rows: LIBSVM's default of 1e-3 stops at once where Σα is 0.03, with a boundary that flags
  /// a third of the training rows.
  case scaled
  /// This number, above zero, whatever Σα is.
  case value(Double)

  /// Measured on the reference models: refits at 3e-5 of Σα flag 0.4% of normal rows, where 3% of Σα flagged 38%.
  package static let relative = 1e-5
  /// LIBSVM's default, fine enough for the large Σα it was chosen for.
  package static let ceiling = 1e-3

  /// Reads `scaled` or a number; nil for anything else.
  package init?(_ text: String) {
    if text == "scaled" {
      self = .scaled
    } else if let value = Double(text), value.isFinite, value > 0 {
      self = .value(value)
    } else {
      return nil
    }
  }

  package var description: String {
    switch self {
    case .scaled: "scaled"
    case .value(let value): "\(value)"
    }
  }

  /// The number for a problem whose coefficients sum up to `coefficientSum`.
  package func resolved(coefficientSum: Double) -> Double {
    switch self {
    case .scaled: min(Self.ceiling, Self.relative * coefficientSum)
    case .value(let value): value
    }
  }
}
