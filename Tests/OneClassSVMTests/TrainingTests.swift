import Foundation
import OneClassSVM
import Telemetry
import Testing

@Suite("Training")
struct TrainingTests {
  @Test("The share of flagged training rows is near nu", arguments: KernelFamily.allCases, [0.01, 0.05, 0.2])
  func nu(family: KernelFamily, nu: Double) throws {
    var generator = SeededGenerator(seed: 1, stream: family.rawValue)
    var rows = FeatureMatrix(columns: 3)
    // Away from the origin, which linear and polynomial boundaries separate the rows from.
    for _ in 0..<500 { rows.append((0..<3).map { _ in 20 + generator.normal() }) }
    let scaling = family == .rbf
    let gamma: Gamma = scaling ? .scale : .value(0.001)
    let trained = try OneClassModel.train(
      rows: rows, options: TrainingOptions(kernel: family, nu: nu, gamma: gamma, scaling: scaling))
    let decisions = try trained.model.decisionValues(of: rows)
    let share = Double(decisions.count { OneClassModel.isAnomaly($0) }) / 500
    // Vectors exactly on the boundary fall to either side of it by rounding.
    let boundary = Double(trained.model.coefficients.count { $0 < 1 }) / 500
    #expect(share <= nu + boundary && share >= nu - boundary, "\(family): \(share)")
    #expect(trained.warnings.isEmpty)
    #expect(trained.model.metadata.flaggedTrainingShare == share)
    #expect(abs(trained.model.coefficientSum - nu * 500) < 1e-9)
  }

  @Test("Equal rows and options give an equal model and version, also from many threads at once")
  func deterministic() async throws {
    var generator = SeededGenerator(seed: 2)
    let rows = generator.rows(400, columns: 4)
    let first = try OneClassModel.train(rows: rows).model
    let versions = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<16 { group.addTask { try OneClassModel.train(rows: rows).model.version } }
      return try await group.reduce(into: [String]()) { $0.append($1) }
    }
    #expect(versions.allSatisfy { $0 == first.version })
    #expect(first.version.wholeMatch(of: /v[0-9a-f]{12}/) != nil, "no table reader takes it for a number")
    let other = try OneClassModel.train(rows: rows, options: TrainingOptions(nu: 0.02)).model
    #expect(other.version != first.version)
  }

  @Test("Gamma is worked out as scikit-learn does")
  func gamma() throws {
    var generator = SeededGenerator(seed: 3)
    let rows = generator.rows(100, columns: 4, spread: 3)
    let mean = rows.values.reduce(0, +) / 400
    let variance = rows.values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 400
    func gamma(_ choice: Gamma) throws -> Double? {
      try OneClassModel.train(rows: rows, options: TrainingOptions(gamma: choice, scaling: false)).model
        .kernel.gamma
    }
    #expect(abs(try #require(try gamma(.scale)) - 1 / (4 * variance)) < 1e-12)
    #expect(try gamma(.auto) == 0.25)
    #expect(try gamma(.value(0.7)) == 0.7)
  }

  @Test("A scaler makes mean 0 and variance 1, and leaves a constant feature at scale 1")
  func scaler() {
    let rows = FeatureMatrix(rows: [[1, 7, 1e9 + 1], [2, 7, 1e9 + 2], [3, 7, 1e9 + 3]])
    let scaler = Scaler(fitting: rows)
    #expect(scaler.mean == [2, 7, 1e9 + 2])
    #expect(abs(scaler.scale[0] - (2.0 / 3).squareRoot()) < 1e-15)
    #expect(scaler.scale[1] == 1)
    #expect(abs(scaler.scale[2] - (2.0 / 3).squareRoot()) < 1e-15)
    #expect(scaler.scaled(rows)[1, 0] == 0)
  }

  @Test("A constant feature is kept, and said")
  func constantFeature() throws {
    var generator = SeededGenerator(seed: 4)
    var rows = FeatureMatrix(columns: 2)
    for _ in 0..<200 { rows.append([generator.normal(), 0.1]) }
    let trained = try OneClassModel.train(rows: rows, featureNames: ["mean", "stddev"])
    #expect(trained.warnings.contains(.constantFeatures(["stddev"])))
    #expect(trained.model.metadata.constantFeatures == ["stddev"])
    let decisions = try trained.model.decisionValues(of: FeatureMatrix(rows: [[0, 0.1], [0, 9]]))
    #expect(decisions[0] > 0 && decisions[1] < 0)
  }

  @Test(
    "Rows that are all one point have a boundary closely around it", arguments: [0.0, 12.6, -3e-7, 1.5e308])
  func point(value: Double) throws {
    for threshold in [Threshold.training, .crossValidated(folds: 10)] {
      for scaling in [true, false] where value < 1e300 || scaling {
        // Where one is not the other, they differ by rounding, as of windows that others have aggregated.
        let other = value == 0 || value > 1e300 ? value : value.nextUp
        let rows = FeatureMatrix(rows: (0..<144).map { [$0 % 2 == 0 ? value : other, 0] })
        let trained = try OneClassModel.train(
          rows: rows, options: TrainingOptions(nu: 0.01, scaling: scaling, threshold: threshold))
        #expect(trained.warnings.contains(.constantFeatures(["f1", "f2"])))
        #expect(trained.model.metadata.flaggedTrainingShare == 0)
        for path in CPUPath.available {
          let decisions = try trained.model.decisionValues(
            of: FeatureMatrix(rows: [[value, 0], [value, 1e-3], [value + max(1e-3, value / 1000), 0]]),
            on: path)
          #expect(decisions[0] > 0 && decisions[1] < 0 && decisions[2] < 0, "\(value) on \(path)")
        }
      }
    }
  }

  @Test("A scaler of the largest doubles, and of a small spread on a large offset")
  func hardScaler() {
    let scaler = Scaler(
      fitting: FeatureMatrix(rows: [
        [1.5e308, 0.1, 1e15], [1.7e308, 0.1, 1e15 + 1], [1.6e308, 0.1, 1e15 + 2],
      ]))
    #expect(scaler.mean == [1.6e308, 0.1, 1e15 + 1])
    #expect(abs(scaler.scale[0] / (1e307 * (2.0 / 3).squareRoot()) - 1) < 1e-14)
    #expect(scaler.scale[1] == 1 && scaler.scale[2] == (2.0 / 3).squareRoot())
  }

  @Test("What cannot be trained on is refused with its reason")
  func refusals() {
    func error(_ rows: FeatureMatrix, _ options: TrainingOptions = TrainingOptions()) -> String? {
      let error = #expect(throws: TrainingError.self) {
        try OneClassModel.train(rows: rows, options: options)
      }
      return error?.description
    }
    #expect(
      error(FeatureMatrix(rows: [[1], [2]]))
        == "2 rows to train on, but at least 10 are needed; train on a longer time")
    #expect(error(FeatureMatrix(columns: 3))?.hasPrefix("0 rows") == true)
    let stuck = FeatureMatrix(values: [Double](repeating: 3, count: 40), columns: 2)
    #expect(error(stuck, TrainingOptions(kernel: .linear))?.contains("no feature varies") == true)
    let sentinel = FeatureMatrix(rows: (0..<40).map { [$0 == 7 ? -1.7e308 : 1.7e308, Double($0)] })
    #expect(error(sentinel)?.contains("feature 1 are too far apart") == true)
    var generator = SeededGenerator(seed: 5)
    var missing = FeatureMatrix(columns: 2)
    for _ in 0..<40 { missing.append([generator.normal(), .nan]) }
    #expect(error(missing)?.contains("the feature f2 has a value in none of the 40 rows") == true)
    let fine = generator.rows(40, columns: 2)
    #expect(error(fine, TrainingOptions(nu: 0))?.contains("nu is 0") == true)
    #expect(error(fine, TrainingOptions(nu: .nan))?.contains("nu is nan") == true)
    #expect(error(fine, TrainingOptions(gamma: .value(-1)))?.contains("gamma is -1") == true)
    #expect(error(fine, TrainingOptions(kernel: .polynomial, degree: 0))?.contains("degree") == true)
    #expect(error(fine, TrainingOptions(tolerance: .value(0)))?.contains("tolerance") == true)
  }

  @Test("Rows with a missing value are left out, and said")
  func droppedRows() throws {
    var generator = SeededGenerator(seed: 6)
    let clean = generator.rows(300, columns: 2)
    var holed = FeatureMatrix(columns: 2)
    for row in 0..<300 {
      holed.append(clean[row: row])
      if row % 100 == 0 { holed.append([.nan, 1]) }
    }
    let trained = try OneClassModel.train(rows: holed)
    #expect(trained.warnings.contains(.droppedRows(3, of: 303, features: ["f1"])))
    #expect(trained.model == (try OneClassModel.train(rows: clean).model))
  }

  @Test("A tolerance scaled to Σα keeps a small nu honest where LIBSVM's default does not")
  func tolerance() throws {
    var generator = SeededGenerator(seed: 8)
    var rows = FeatureMatrix(columns: 1)
    for _ in 0..<300 { rows.append([12 + 1.4 * generator.normal()]) }
    func share(_ tolerance: Tolerance) throws -> Double {
      let options = TrainingOptions(nu: 0.0001, gamma: .value(0.0005), tolerance: tolerance)
      return try #require(
        try OneClassModel.train(rows: rows, options: options).model.metadata.flaggedTrainingShare)
    }
    #expect(try share(.scaled) <= 0.02)
    #expect(try share(.value(1e-3)) == 1)
    let warned = try OneClassModel.train(
      rows: rows, options: TrainingOptions(nu: 0.0001, gamma: .value(0.0005), tolerance: .value(1e-3)))
    #expect(warned.warnings.contains { if case .flagsTooMany = $0 { true } else { false } })
    #expect(warned.warnings.contains(.fewRowsForNu(rows: 300, nu: 0.0001)))
  }

  @Test("Gamma and tolerance are read from text")
  func parsing() {
    #expect(Gamma("scale") == .scale)
    #expect(Gamma("auto") == .auto)
    #expect(Gamma("0.5") == .value(0.5))
    #expect(Gamma("-1") == nil)
    #expect(Gamma("nan") == nil)
    #expect(Tolerance("scaled") == .scaled)
    #expect(Tolerance("1e-6") == .value(1e-6))
    #expect(Tolerance("x") == nil)
    #expect(KernelFamily(name: "poly") == .polynomial)
    #expect(KernelFamily(name: "rbf") == .rbf)
    #expect(KernelFamily(name: "cosine") == nil)
  }
}

@Suite("Training of a fleet")
struct FleetTrainingTests {
  @Test("Outcomes come in order and equal those trained alone; a failure stays alone")
  func fleet() async throws {
    let job: @Sendable (Int) throws -> TrainingJob = { index in
      var generator = SeededGenerator(seed: 21, stream: "device-\(index)")
      let rows = index == 3 ? FeatureMatrix(columns: 2) : generator.rows(100, columns: 2)
      return TrainingJob(rows: rows, provenance: ModelMetadata(device: "device-\(index)"))
    }
    var heard: Set<Int> = []
    let outcomes = await FleetTraining.train(count: 9, workers: 4, job: job) { index, _ in heard.insert(index)
    }
    #expect(heard == Set(0..<9))
    for (index, outcome) in outcomes.enumerated() {
      if index == 3 {
        #expect(throws: TrainingError.tooFewRows(usable: 0, dropped: 0, minimum: 10)) { try outcome.get() }
      } else {
        let alone = try job(index)
        let expected = try OneClassModel.train(rows: alone.rows, provenance: alone.provenance).model
        #expect(try outcome.get().model == expected)
      }
    }
    #expect(await FleetTraining.train(count: 0, job: job).isEmpty)
  }
}
