import OneClassSVM
import Telemetry

/// A small model with everything that its files can say.
enum ModelFileExample {
  static func model(_ family: KernelFamily = .rbf, seed: UInt64 = 1, device: String = "pump-1") throws
    -> OneClassModel
  {
    var generator = SeededGenerator(seed: seed, stream: family.rawValue)
    let draft = try generator.model(features: 3, vectors: 9, family: family)
    return try OneClassModel(
      kernel: draft.kernel, supportVectors: draft.supportVectors, coefficients: draft.coefficients,
      rho: draft.rho,
      scaler: draft.scaler, featureNames: ["mean", "stddev", "p95"],
      metadata: ModelMetadata(
        device: device, sensor: "temperature", nu: 0.01, trainedRows: 900,
        trainingRange: 1_767_225_600_000...1_767_268_800_000, seed: .max, tolerance: 1e-7,
        flaggedTrainingShare: 0.0125, constantFeatures: ["p95"], source: nil))
  }
}
