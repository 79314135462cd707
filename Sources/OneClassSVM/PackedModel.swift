import CKernels
import Foundation

/// A model laid out for the C kernel: blocks of eight support vectors, feature-major, 64-byte aligned.
///
/// `@unchecked Sendable`: the memory is written in `init` and only read afterwards, so threads may share it.
final class PackedModel: @unchecked Sendable {
  private let shape: Shape
  private let memory: UnsafeMutableBufferPointer<Double>
  private let model: sonde_model
  private let scratchLength: Int

  var features: Int { shape.features }
  /// With those that fill the last block.
  var vectors: Int { shape.blocks * Shape.lanes }

  /// Shapes as in ``OneClassModel``, which has checked them.
  convenience init(
    kernel: Kernel, supportVectors: FeatureMatrix, coefficients: [Double], rho: Double, scaler: Scaler?
  ) {
    let lanes = Shape.lanes
    let features = supportVectors.columns
    let count = coefficients.count
    var unit = 1.0
    var center = [Double](repeating: 0, count: features)
    if case .rbf(let gamma) = kernel {
      // exp(−gamma d²) = 2^−(unit d)²
      unit = (gamma * log2(exp(1))).squareRoot()
      // Multiplying by `unit` rounds. Without a scaler the rows may be far from the origin, where that rounding would
      // be coarse against their distances; taking the center away first is exact there.
      if scaler == nil { center = Self.center(of: supportVectors) }
    }
    let shape = Shape(
      kernel: kernel, features: features, blocks: (count + lanes - 1) / lanes, isScaled: scaler != nil,
      unit: unit, rho: rho)
    self.init(shape) { numbers in
      for feature in 0..<features {
        numbers[shape.means + feature] = scaler?.mean[feature] ?? center[feature]
        numbers[shape.scales + feature] = scaler?.scale[feature] ?? 1
      }
      for index in 0..<shape.blocks * lanes {
        let (block, lane) = index.quotientAndRemainder(dividingBy: lanes)
        // Lanes past the last vector repeat it, with a coefficient of zero: its kernel values are as finite as any.
        let source = min(index, count - 1)
        numbers[shape.coefficients + index] = index < count ? coefficients[index] : 0
        for feature in 0..<features {
          numbers[((block * features) + feature) * lanes + lane] =
            (supportVectors[source, feature] - center[feature]) * unit
        }
      }
    }
  }

  /// Takes what ``bytes`` gave on a machine of the same byte order; nil where `bytes` are something else.
  convenience init?(bytes: UnsafeRawBufferPointer) {
    guard let shape = Shape(bytes: bytes), bytes.count == Shape.byteCount + 8 * shape.numberCount else {
      return nil
    }
    self.init(shape) { numbers in
      UnsafeMutableRawBufferPointer(numbers)
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[Shape.byteCount...]))
    }
  }

  /// `fill` writes all of the numbers, in the order of ``Shape``.
  private init(_ shape: Shape, fill: (UnsafeMutableBufferPointer<Double>) -> Void) {
    let raw = UnsafeMutableRawPointer.allocate(byteCount: 8 * shape.numberCount, alignment: 64)
    let first = raw.bindMemory(to: Double.self, capacity: shape.numberCount)
    memory = UnsafeMutableBufferPointer(start: first, count: shape.numberCount)
    fill(memory)
    model = sonde_model(
      support_vectors: first, coefficients: first + shape.coefficients, mean: first + shape.means,
      scale: first + shape.scales, blocks: shape.blocks, features: shape.features, unit: shape.unit,
      gamma: shape.gamma, coef0: shape.coef0, rho: shape.rho, degree: Int32(shape.degree),
      kernel: shape.family.constant)
    scratchLength = sonde_scratch_length(shape.features)
    self.shape = shape
  }

  /// The mean of each feature over the support vectors.
  private static func center(of vectors: FeatureMatrix) -> [Double] {
    (0..<vectors.columns).map { column in
      let count = Double(vectors.rowCount)
      // Divided before they are added, so that the sum of large values does not overflow.
      return (0..<vectors.rowCount).reduce(0) { $0 + vectors[$1, column] / count }
    }
  }

  deinit { memory.baseAddress?.deallocate() }

  /// The shape and the numbers, from which the same model can be made without any arithmetic.
  var bytes: [UInt8] { shape.bytes + Array(UnsafeRawBufferPointer(memory)) }

  /// The scaler's mean and scale of `feature`; nil where raw rows go into the kernel.
  func scaling(of feature: Int) -> (mean: Double, scale: Double)? {
    shape.isScaled ? (memory[shape.means + feature], memory[shape.scales + feature]) : nil
  }

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

/// What there is to know of a packed model besides its numbers: support vectors, coefficients, means and scales, in this
/// order.
private struct Shape {
  static let lanes = Int(SONDE_LANES)

  let family: KernelFamily
  let degree: Int
  let features: Int
  let blocks: Int
  let isScaled: Bool
  let unit: Double
  let gamma: Double
  let coef0: Double
  let rho: Double

  init(kernel: Kernel, features: Int, blocks: Int, isScaled: Bool, unit: Double, rho: Double) {
    family = kernel.family
    degree = kernel.degree ?? 0
    self.features = features
    self.blocks = blocks
    self.isScaled = isScaled
    self.unit = unit
    gamma = kernel.gamma ?? 0
    coef0 = kernel.coef0 ?? 0
    self.rho = rho
  }

  /// Where the coefficients begin.
  var coefficients: Int { blocks * features * Self.lanes }
  /// Where the means begin.
  var means: Int { coefficients + blocks * Self.lanes }
  /// Where the scales begin.
  var scales: Int { means + features }
  /// How many numbers there are.
  var numberCount: Int { scales + features }

  // MARK: - Bytes

  /// Tells the layout, the width of blocks and the order of bytes from others; changes with any of them.
  private static let mark = UInt64(0x5344_4D31_0000_0000) + UInt64(lanes)
  private static let families: [KernelFamily] = [.linear, .polynomial, .rbf, .sigmoid]

  static let byteCount = 10 * 8

  var bytes: [UInt8] {
    let words: [UInt64] = [
      Self.mark, UInt64(Self.families.firstIndex(of: family) ?? 0), UInt64(degree), UInt64(features),
      UInt64(blocks), isScaled ? 1 : 0, unit.bitPattern, gamma.bitPattern, coef0.bitPattern, rho.bitPattern,
    ]
    return words.withUnsafeBytes { Array($0) }
  }

  init?(bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= Self.byteCount else { return nil }
    func word(_ index: Int) -> UInt64 { bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self) }
    func count(_ index: Int, _ range: ClosedRange<Int>) -> Int? {
      Int(exactly: word(index)).flatMap { range.contains($0) ? $0 : nil }
    }
    guard word(0) == Self.mark, let family = count(1, 0...Self.families.count - 1),
      let degree = count(2, 0...ModelLimits.degree), let features = count(3, 1...ModelLimits.features),
      let blocks = count(4, 1...ModelLimits.supportVectors), let isScaled = count(5, 0...1)
    else { return nil }
    self.family = Self.families[family]
    self.degree = degree
    self.features = features
    self.blocks = blocks
    self.isScaled = isScaled == 1
    unit = Double(bitPattern: word(6))
    gamma = Double(bitPattern: word(7))
    coef0 = Double(bitPattern: word(8))
    rho = Double(bitPattern: word(9))
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
