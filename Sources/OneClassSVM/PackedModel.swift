import CKernels
import Foundation

/// A model laid out for the C kernel: blocks of eight support vectors, feature-major, 64-byte aligned.
///
/// `@unchecked Sendable`: the memory is written in `init` and only read afterwards, so threads may share it.
final class PackedModel: @unchecked Sendable {
  private let memory: UnsafeMutableRawPointer
  private let model: sonde_model
  let features: Int
  private let scratchLength: Int

  /// Shapes as in ``OneClassModel``, which has checked them.
  init(
    kernel: Kernel, supportVectors: FeatureMatrix, coefficients: [Double], rho: Double, scaler: Scaler?
  ) {
    let lanes = Int(SONDE_LANES)
    let features = supportVectors.columns
    let count = coefficients.count
    let blocks = (count + lanes - 1) / lanes
    let vectorLength = blocks * features * lanes
    let coefficientLength = blocks * lanes
    let total = vectorLength + coefficientLength + 2 * features
    memory = .allocate(byteCount: total * MemoryLayout<Double>.stride, alignment: 64)
    let vectors = memory.bindMemory(to: Double.self, capacity: total)
    let weights = vectors + vectorLength
    let means = weights + coefficientLength
    let scales = means + features

    var unit = 1.0
    var center = [Double](repeating: 0, count: features)
    if case .rbf(let gamma) = kernel {
      // exp(−gamma d²) = 2^−(unit d)²
      unit = (gamma * log2(exp(1))).squareRoot()
      // Multiplying by `unit` rounds. Without a scaler the rows may be far from the origin, where that rounding would
      // be coarse against their distances; taking the center away first is exact there.
      if scaler == nil { center = Self.center(of: supportVectors) }
    }
    for feature in 0..<features {
      (means + feature).initialize(to: scaler?.mean[feature] ?? center[feature])
      (scales + feature).initialize(to: scaler?.scale[feature] ?? 1)
    }
    for index in 0..<coefficientLength {
      let (block, lane) = index.quotientAndRemainder(dividingBy: lanes)
      // Lanes past the last vector repeat it, with a coefficient of zero: its kernel values are as finite as any.
      let source = min(index, count - 1)
      (weights + index).initialize(to: index < count ? coefficients[index] : 0)
      for feature in 0..<features {
        let prepared = (supportVectors[source, feature] - center[feature]) * unit
        (vectors + ((block * features) + feature) * lanes + lane).initialize(to: prepared)
      }
    }
    model = sonde_model(
      support_vectors: vectors, coefficients: weights, mean: means, scale: scales, blocks: blocks,
      features: features, unit: unit, gamma: kernel.gamma ?? 0, coef0: kernel.coef0 ?? 0, rho: rho,
      degree: Int32(kernel.degree ?? 0), kernel: kernel.family.constant)
    self.features = features
    scratchLength = sonde_scratch_length(features)
  }

  /// The mean of each feature over the support vectors.
  private static func center(of vectors: FeatureMatrix) -> [Double] {
    (0..<vectors.columns).map { column in
      let count = Double(vectors.rowCount)
      // Divided before they are added, so that the sum of large values does not overflow.
      return (0..<vectors.rowCount).reduce(0) { $0 + vectors[$1, column] / count }
    }
  }

  deinit { memory.deallocate() }

  /// Decides `decisions.count` rows, of `features` values each. Returns how many rows got NaN.
  func decide(_ rows: Span<Double>, into decisions: inout MutableSpan<Double>, on path: CPUPath) -> Int {
    precondition(rows.count == decisions.count * features, "rows and decisions differ in length")
    let rowCount = decisions.count
    guard rowCount > 0 else { return 0 }
    return rows.withUnsafeBufferPointer { rows in
      decisions.withUnsafeMutableBufferPointer { decisions in
        withUnsafePointer(to: model) { model in
          if scratchLength == 0 {
            return sonde_decide(model, path.constant, rows.baseAddress, rowCount, nil, decisions.baseAddress)
          }
          return withUnsafeTemporaryAllocation(of: Double.self, capacity: scratchLength) { scratch in
            sonde_decide(
              model, path.constant, rows.baseAddress, rowCount, scratch.baseAddress, decisions.baseAddress)
          }
        }
      }
    }
  }
}

extension KernelFamily {
  fileprivate var constant: sonde_kernel {
    switch self {
    case .linear: SONDE_KERNEL_LINEAR
    case .polynomial: SONDE_KERNEL_POLYNOMIAL
    case .rbf: SONDE_KERNEL_RBF
    case .sigmoid: SONDE_KERNEL_SIGMOID
    }
  }
}
