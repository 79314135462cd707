import Files
import Foundation
import OneClassSVM
import Testing

/// Models that scikit-learn trained, and what it decides; written by `Benchmarks/svm/oracle.py`.
struct OracleModel: Decodable {
  let index: Int
  let kernel: String
  let gamma: Double
  let coef0: Double
  let degree: Int
  let rho: Double
  let features: Int
  let coefficients: [Double]
  let supportVectors: [Double]
  let mean: [Double]?
  let scale: [Double]?
  let rows: [Double]?
  let decisions: [Double]?

  static func read(_ path: String) throws -> [OracleModel] {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try TextFile.text(of: path).split(separator: "\n").map {
      try decoder.decode(OracleModel.self, from: Data($0.utf8))
    }
  }

  func model() throws -> OneClassModel {
    let kernel: Kernel =
      switch try #require(KernelFamily(name: kernel)) {
      case .rbf: .rbf(gamma: gamma)
      case .linear: .linear
      case .polynomial: .polynomial(gamma: gamma, coef0: coef0, degree: degree)
      case .sigmoid: .sigmoid(gamma: gamma, coef0: coef0)
      }
    var scaler: Scaler?
    if let mean, let scale { scaler = Scaler(mean: mean, scale: scale) }
    return try OneClassModel(
      kernel: kernel, supportVectors: FeatureMatrix(values: supportVectors, columns: features),
      coefficients: coefficients, rho: rho, scaler: scaler)
  }
}

/// How far decisions are from scikit-learn's.
struct Deviation {
  var rows = 0
  var flippedLabels = 0
  /// Relative to Σα: the measure for rbf and sigmoid, whose values are within 1.
  var worst = 0.0
  /// Relative to the largest |decision + rho| of the model where that is above Σα: linear and polynomial values have
  /// no bound, and their rounding grows with them.
  var worstScaled = 0.0

  mutating func add(_ model: OneClassModel, _ rows: FeatureMatrix, expected: [Double], on path: CPUPath)
    throws
  {
    let decisions = try model.decisionValues(of: rows, on: path)
    let largest = max(model.coefficientSum, expected.map { abs($0 + model.rho) }.max() ?? 0)
    for (decision, other) in zip(decisions, expected) {
      self.rows += 1
      if OneClassModel.isAnomaly(decision) != OneClassModel.isAnomaly(other) { flippedLabels += 1 }
      worst = max(worst, abs(decision - other) / model.coefficientSum)
      worstScaled = max(worstScaled, abs(decision - other) / largest)
    }
  }
}

@Suite("Against scikit-learn")
struct ScikitLearnTests {
  private static let package = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()
    .deletingLastPathComponent().path

  @Test("A dozen of its models, checked in, decide alike on every CPU path", arguments: CPUPath.available)
  func fixture(path: CPUPath) throws {
    let cases = try OracleModel.read("\(Self.package)/Tests/OneClassSVMTests/Fixtures/scikit-learn.jsonl")
    #expect(cases.count == 12)
    for oracle in cases {
      var deviation = Deviation()
      let rows = FeatureMatrix(values: try #require(oracle.rows), columns: oracle.features)
      try deviation.add(try oracle.model(), rows, expected: try #require(oracle.decisions), on: path)
      #expect(deviation.worstScaled <= 1e-12, "model \(oracle.index), \(oracle.kernel)")
      #expect(deviation.flippedLabels == 0, "model \(oracle.index), \(oracle.kernel)")
    }
  }

  /// The folder that `make svm-oracle` fills.
  private static let oracle =
    ProcessInfo.processInfo.environment["SONDE_SVM_ORACLE"] ?? "\(package)/.build/svm-oracle"

  @Test(
    "Hundreds of its models, a million rows: no label flips",
    .enabled(
      if: FileManager.default.fileExists(atPath: "\(oracle)/models.jsonl"),
      "there is no \(oracle); `make svm-oracle` makes it with scikit-learn, and SONDE_SVM_ORACLE names another"
    ),
    arguments: CPUPath.available)
  func everything(path: CPUPath) throws {
    let cases = try OracleModel.read("\(Self.oracle)/models.jsonl")
    #expect(cases.count >= 200)
    var total = Deviation()
    for family in ["rbf", "linear", "poly", "sigmoid"] {
      var deviation = Deviation()
      for oracle in cases where oracle.kernel == family {
        let rows = FeatureMatrix(values: try doubles("\(oracle.index).rows"), columns: oracle.features)
        try deviation.add(
          try oracle.model(), rows, expected: try doubles("\(oracle.index).decisions"), on: path)
      }
      print(
        "\(path) \(family): \(deviation.rows) rows, \(deviation.flippedLabels) flipped labels, largest error "
          + "\(deviation.worst) of Σα, \(deviation.worstScaled) of the model's largest sum")
      let bound = path == .baseline ? 1e-10 : 1e-12
      #expect((family == "rbf" || family == "sigmoid" ? deviation.worst : deviation.worstScaled) <= bound)
      total.rows += deviation.rows
      total.flippedLabels += deviation.flippedLabels
    }
    #expect(total.rows >= 1_000_000)
    #expect(total.flippedLabels == 0)
  }

  private func doubles(_ name: String) throws -> [Double] {
    let bytes = try TextFile.bytes(of: "\(Self.oracle)/\(name)")
    return bytes.withUnsafeBytes { raw in
      (0..<raw.count / 8).map {
        Double(bitPattern: UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)))
      }
    }
  }
}
