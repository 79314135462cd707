import OneClassSVM
import Wording

/// How models are trained: the part of `TrainingOptions` that people set.
package struct ModelSettings: Hashable, Sendable, Codable {
  package var nu: Double
  /// `scale`, `auto` or a number.
  package var gamma: String
  /// `rbf`, `linear`, `polynomial` or `sigmoid`.
  package var kernel: String
  /// `training`, `cross_validated` or a number: where the boundary is drawn, see `Threshold`.
  package var threshold: String
  /// Goes into the model files; training itself draws no random numbers.
  package var seed: UInt64?

  package init(
    nu: Double = 0.01, gamma: String = "scale", kernel: String = "rbf", threshold: String = "training",
    seed: UInt64? = nil
  ) {
    self.nu = nu
    self.gamma = gamma
    self.kernel = kernel
    self.threshold = threshold
    self.seed = seed
  }

  /// The options for training. Throws ``ScoringError`` where they are unsound.
  package func options() throws(ScoringError) -> TrainingOptions {
    guard let gamma = Gamma(gamma) else {
      throw ScoringError("gamma is \(gamma.quoted); it must be scale, auto or a number above 0")
    }
    guard let kernel = KernelFamily(name: kernel) else {
      throw ScoringError(
        "the kernel is \(kernel.quoted); it must be one of \(KernelFamily.allCases.map(\.rawValue).joined(separator: ", "))"
      )
    }
    guard let threshold = Threshold(threshold) else {
      throw ScoringError(
        "the threshold is \(threshold.quoted); it must be \(Threshold.wanted)")
    }
    let options = TrainingOptions(kernel: kernel, nu: nu, gamma: gamma, threshold: threshold)
    if let fault = options.fault { throw ScoringError(fault) }
    return options
  }
}
