import CKernels

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
    let scalerLength = scaler == nil ? 0 : features
    let total = vectorLength + coefficientLength + 2 * scalerLength
    memory = .allocate(byteCount: total * MemoryLayout<Double>.stride, alignment: 64)
    let start = memory.bindMemory(to: Double.self, capacity: total)
    let vectors = start
    let weights = vectors + vectorLength
    for index in 0..<coefficientLength {
      let (block, lane) = index.quotientAndRemainder(dividingBy: lanes)
      // Lanes past the last vector repeat it, with a coefficient of zero: its kernel values are as finite as any.
      let source = min(index, count - 1)
      (weights + index).initialize(to: index < count ? coefficients[index] : 0)
      for feature in 0..<features {
        (vectors + ((block * features) + feature) * lanes + lane).initialize(
          to: supportVectors[source, feature])
      }
    }
    var mean: UnsafePointer<Double>?
    var scale: UnsafePointer<Double>?
    if let scaler {
      let means = weights + coefficientLength
      let scales = means + features
      for feature in 0..<features {
        (means + feature).initialize(to: scaler.mean[feature])
        (scales + feature).initialize(to: scaler.scale[feature])
      }
      mean = UnsafePointer(means)
      scale = UnsafePointer(scales)
    }
    model = sonde_model(
      support_vectors: vectors, coefficients: weights, mean: mean, scale: scale, blocks: blocks,
      features: features, gamma: kernel.gamma ?? 0, coef0: kernel.coef0 ?? 0, rho: rho,
      degree: Int32(kernel.degree ?? 0), kernel: kernel.family.constant)
    self.features = features
    scratchLength = sonde_scratch_length(features)
  }

  deinit { memory.deallocate() }

  /// Decides `decisions.count` rows, of `features` values each. Returns how many rows got NaN.
  func decide(_ rows: Span<Double>, into decisions: inout MutableSpan<Double>, on path: CPUPath) -> Int {
    precondition(rows.count == decisions.count * features, "rows and decisions differ in length")
    let rowCount = decisions.count
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: scratchLength) { scratch in
      rows.withUnsafeBufferPointer { rows in
        decisions.withUnsafeMutableBufferPointer { decisions in
          guard let source = rows.baseAddress, let target = decisions.baseAddress else { return 0 }
          return withUnsafePointer(to: model) {
            sonde_decide($0, path.constant, source, rowCount, scratch.baseAddress, target)
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
