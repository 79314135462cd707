import Files
import Foundation
import OneClassSVM
import Telemetry
import Testing

/// The real data beside the project: `../shared/data` from the package's root, or where `SONDE_DATA` says.
enum RealData {
  static let folder: String = {
    if let folder = ProcessInfo.processInfo.environment["SONDE_DATA"] { return folder }
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return root.deletingLastPathComponent().appending(path: "shared/data").path
  }()

  static let batchReference = folder + "/batch-reference"

  static var isThere: Bool { FileManager.default.fileExists(atPath: batchReference) }

  static let condition = ConditionTrait.enabled(
    if: isThere, "the real data is not at \(folder); set SONDE_DATA to its folder")
}

/// A folder that is gone after the test.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "/sonde-svm-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ text: String, _ name: String) throws { try write(text.utf8, name) }

  /// Through C's library: Foundation flushes to disk, which would take most of a test's time.
  func write(_ bytes: some Sequence<UInt8>, _ name: String) throws {
    let file = try #require(fopen(path + "/" + name, "w"))
    defer { fclose(file) }
    let array = Array(bytes)
    try #require(fwrite(array, 1, array.count, file) == array.count)
  }
}

extension SeededGenerator {
  /// A number of the standard normal distribution (Box and Muller, 1958).
  mutating func normal() -> Double {
    let radius = (-2 * Foundation.log(1 - uniform())).squareRoot()
    return radius * Foundation.cos(2 * Double.pi * uniform())
  }

  /// Rows around the origin, `spread` wide.
  mutating func rows(_ count: Int, columns: Int, spread: Double = 1) -> FeatureMatrix {
    var values: [Double] = []
    values.reserveCapacity(count * columns)
    for _ in 0..<count * columns { values.append(spread * normal()) }
    return FeatureMatrix(values: values, columns: columns)
  }

  /// A model of any kernel that was never trained: vectors, coefficients and a scaler at random.
  mutating func model(features: Int, vectors: Int, family: KernelFamily, scaled: Bool = true) throws
    -> OneClassModel
  {
    let gamma = 1 / Double(features)
    let kernel: Kernel =
      switch family {
      case .rbf: .rbf(gamma: gamma)
      case .linear: .linear
      case .polynomial: .polynomial(gamma: gamma, coef0: 0.5, degree: 1 + index(below: 4))
      case .sigmoid: .sigmoid(gamma: gamma, coef0: -0.25)
      }
    let supportVectors = rows(vectors, columns: features)
    let coefficients = (0..<vectors).map { _ in 0.001 + uniform() }
    let scaler = Scaler(
      mean: (0..<features).map { _ in 10 * normal() }, scale: (0..<features).map { _ in 0.1 + uniform() })
    return try OneClassModel(
      kernel: kernel, supportVectors: supportVectors, coefficients: coefficients,
      rho: 0.5 * coefficients.reduce(0, +), scaler: scaled ? scaler : nil)
  }
}

/// The decision function as the textbook writes it, with the C library's exponential: the oracle.
func textbookDecision(_ model: OneClassModel, _ row: [Double]) -> Double {
  let x =
    model.scaler.map { scaler in
      row.indices.map { (row[$0] - scaler.mean[$0]) / scaler.scale[$0] }
    } ?? row
  var sum = 0.0
  for index in model.coefficients.indices {
    let vector = Array(model.supportVectors[row: index])
    let dot = zip(x, vector).reduce(0) { $0 + $1.0 * $1.1 }
    let value: Double
    switch model.kernel {
    case .rbf(let gamma):
      value = exp(-gamma * zip(x, vector).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) })
    case .linear: value = dot
    case .polynomial(let gamma, let coef0, let degree): value = pow(gamma * dot + coef0, Double(degree))
    case .sigmoid(let gamma, let coef0): value = tanh(gamma * dot + coef0)
    }
    sum += model.coefficients[index] * value
  }
  return sum - model.rho
}
