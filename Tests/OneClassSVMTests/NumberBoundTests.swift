import Files
import Foundation
import OneClassSVM
import Telemetry
import Testing

/// Numbers at the edge of what doubles and whole numbers hold, at every place where a training or a model takes them.
@Suite("Bounds of numbers")
struct NumberBoundTests {
  private static let wrong: [Double] = [
    0, -0.0, -0.1, 1.0000000000000002, 9.9e-10, 1e-20, .leastNonzeroMagnitude, 1e300, .infinity, .nan,
  ]

  @Test("nu outside of its bound is refused with the bound", arguments: wrong)
  func wrongNu(nu: Double) {
    let fault = TrainingOptions(nu: nu).fault
    #expect(fault == "nu is \(nu); it must be a number from 1e-9 to 1")
    #expect(fault == Nu.fault(nu))
  }

  @Test("The bound in words is the bound")
  func words() {
    #expect(Nu.range == 1e-9...1)
    #expect(Nu.fault(Nu.range.lowerBound) == nil && Nu.fault(Nu.range.upperBound) == nil)
  }

  @Test("The smallest nu trains, and says how many rows it would need")
  func smallestNu() throws {
    var generator = SeededGenerator(seed: 51)
    let trained = try OneClassModel.train(
      rows: generator.rows(50, columns: 2), options: TrainingOptions(nu: Nu.range.lowerBound))
    let texts = trained.warnings.map(\.description)
    #expect(texts.contains { $0.contains("train on at least 1000000000") }, "\(texts)")
    let findings = ModelLint.findings(about: trained.model, name: "m")
    #expect(findings.contains { $0.rule == .shortTraining }, "\(findings)")
  }

  @Test("Where nu leaves every row outside, the reason is said")
  func everyRowOutside() throws {
    var generator = SeededGenerator(seed: 54)
    let rows = generator.rows(50, columns: 2)
    let error = #expect(throws: TrainingError.self) {
      try OneClassModel.train(rows: rows, options: TrainingOptions(nu: 1))
    }
    #expect(error?.description.contains("lower nu") == true)
    _ = try OneClassModel.train(rows: rows, options: TrainingOptions(nu: 0.99))
  }

  private func findings(card: String) throws -> [LintFinding] {
    let folder = try TemporaryFolder()
    try folder.write(
      "svm_type one_class\nkernel_type rbf\ngamma 0.5\nnr_class 2\ntotal_sv 2\nrho 0.5\nSV\n0.5 1:1 \n0.5 1:-1 \n",
      "m.model")
    try folder.write(card, "m.json")
    return try ModelLint.findings(folder: folder.path)
  }

  @Test(
    "What no training can have had is a finding with its key",
    arguments: [
      ("nu", "1e-20"), ("nu", "0"), ("nu", "2"), ("nu", "-1"), ("nu", "5e-324"), ("trained_samples", "0"),
      ("trained_samples", "-9223372036854775808"), ("tolerance", "0"), ("tolerance", "-1e300"),
      ("flagged_training_share", "1e300"), ("flagged_training_share", "-0.1"),
    ])
  func card(key: String, value: String) throws {
    let found = try findings(card: "{\"\(key)\": \(value)}")
    #expect(found.map(\.rule) == [.unreadable])
    #expect(found.first?.message.contains("m.json: \(key) is ") == true, "\(found)")
  }

  @Test(
    "Extreme numbers in a card end in findings, not in a trap",
    arguments: [
      "{\"trained_samples\": 9223372036854775807, \"nu\": 1e-9}", "{\"tolerance\": 1.7e308}",
      "{\"tolerance\": 5e-324}",
      "{\"trained_samples\": 1, \"nu\": 1}", "{\"trained_samples\": 1e300}", "{\"nu\": 1e400}",
      "{\"features\": []}",
      "{\"scaler\": {\"mean\": [1e308], \"scale\": [5e-324]}}",
      "{\"training_from_ms\": 9e18, \"training_to_ms\": 9e18}",
      "{\"flagged_training_share\": 5e-324, \"nu\": 1e-9, \"trained_samples\": 10}",
    ])
  func extremes(card: String) throws {
    for finding in try findings(card: card) { #expect(!finding.message.isEmpty) }
  }

  @Test(
    "Shares too small, too large or not finite are told",
    arguments: [.leastNonzeroMagnitude, 1e-300, 1e308, .infinity] as [Double])
  func shares(tolerance: Double) throws {
    let model = try OneClassModel(
      kernel: .rbf(gamma: 1), supportVectors: FeatureMatrix(rows: [[0], [1]]),
      coefficients: [.leastNonzeroMagnitude, .leastNonzeroMagnitude],
      rho: 0, scaler: nil, metadata: ModelMetadata(nu: 0.1, trainedRows: 100, tolerance: tolerance))
    for finding in ModelLint.findings(about: model, name: "m") { #expect(!finding.message.isEmpty) }
  }

  @Test("Rows whose squares have no double are left out, and the others are trained on")
  func hugeRows() throws {
    var generator = SeededGenerator(seed: 52)
    var rows = generator.rows(100, columns: 2)
    rows.append([1e200, 0])
    rows.append([0, -1.7e308])
    let trained = try OneClassModel.train(rows: rows)
    #expect(trained.model.metadata.trainedRows == 100)
    #expect(trained.warnings.contains(.droppedRows(2, of: 102, features: ["f1", "f2"])))
  }

  @Test(
    "A kernel that overflows is refused by its name",
    arguments: [KernelFamily.polynomial, .rbf, .linear, .sigmoid])
  func overflow(family: KernelFamily) throws {
    var generator = SeededGenerator(seed: 53)
    let rows = generator.rows(50, columns: 2, spread: 1e140)
    let options = TrainingOptions(kernel: family, gamma: .value(1), scaling: false)
    if family == .polynomial {
      #expect(throws: TrainingError.kernelOverflows(.polynomial)) {
        try OneClassModel.train(rows: rows, options: options)
      }
    } else {
      // It ends, with a model or a reason.
      _ = try? OneClassModel.train(rows: rows, options: options)
    }
  }

  @Test("More features than a model may have are refused before anything is trained")
  func features() {
    let rows = FeatureMatrix(
      values: [Double](repeating: 1, count: 20 * (ModelLimits.features + 1)),
      columns: ModelLimits.features + 1)
    #expect(throws: TrainingError.self) { try OneClassModel.train(rows: rows) }
  }
}
