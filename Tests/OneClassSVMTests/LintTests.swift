import Files
import Foundation
import OneClassSVM
import Telemetry
import Testing

@Suite("Lint")
struct LintTests {
  private func model(
    coefficients: [Double] = [0.5, 0.5, 0.5], rho: Double = 0.7, scale: [Double] = [1, 1],
    vectors: [[Double]] = [[0, 1], [1, 0], [0.5, 0.25]], _ metadata: ModelMetadata
  ) throws -> OneClassModel {
    try OneClassModel(
      kernel: .rbf(gamma: 0.5),
      supportVectors: FeatureMatrix(rows: Array(vectors.prefix(coefficients.count))),
      coefficients: coefficients, rho: rho, scaler: Scaler(mean: [0, 0], scale: scale),
      featureNames: ["mean", "stddev"], metadata: metadata)
  }

  private let sound = ModelMetadata(nu: 0.01, trainedRows: 150, tolerance: 1e-5, flaggedTrainingShare: 0.02)

  private func rules(_ model: OneClassModel) -> [LintRule] {
    let findings = ModelLint.findings(about: model, name: "m")
    #expect(findings.allSatisfy { !$0.message.isEmpty && !$0.advice.isEmpty && $0.model == "m" })
    return findings.map(\.rule)
  }

  @Test("Each fault is found, alone")
  func rules() throws {
    #expect(rules(try model(sound)) == [])
    #expect(rules(try model(coefficients: [1.5], rho: 0.7, sound)) == [.oneSupportVector])
    #expect(rules(try model(rho: 1.5, sound)) == [.flagsEverything])
    #expect(rules(try model(scale: [1, 0], sound)) == [.zeroScale])
    #expect(rules(try model(vectors: [[0, 1], [1, 1], [2, 1]], sound)) == [.constantFeature])
    func changed(_ change: (inout ModelMetadata) -> Void) throws -> [LintRule] {
      var metadata = sound
      change(&metadata)
      return rules(try model(metadata))
    }
    #expect(try changed { $0.flaggedTrainingShare = 0.4 } == [.flagsTrainingRows])
    #expect(try changed { $0.tolerance = 0.01 } == [.coarseTolerance])
    #expect(try changed { $0.tolerance = nil } == [])
    #expect(try changed { $0.constantFeatures = ["mean"] } == [.constantFeature])
    #expect(try changed { $0.trainedRows = 90 } == [.shortTraining])
    #expect(
      try changed {
        $0.trainedRows = 15
        $0.nu = 0.1
      } == [.shortTraining])
    #expect(
      try changed {
        $0.trainedRows = 4
        $0.nu = 0.3
      } == [.shortTraining, .overfitted])
  }

  @Test("Models that Sonde trains on enough rows have no findings", arguments: KernelFamily.allCases)
  func trained(family: KernelFamily) throws {
    var generator = SeededGenerator(seed: 31, stream: family.rawValue)
    var rows = FeatureMatrix(columns: 3)
    for _ in 0..<600 { rows.append((0..<3).map { _ in 20 + generator.normal() }) }
    let options = TrainingOptions(
      kernel: family, nu: 0.02, gamma: family == .rbf ? .scale : .value(0.001), scaling: family == .rbf)
    let model = try OneClassModel.train(rows: rows, options: options).model
    #expect(ModelLint.findings(about: model, name: "m") == [])
    #expect(ModelLint.findings(about: model, name: "m", windows: rows) == [])
  }

  @Test("Windows show a model that flags too many, and rows that cannot be scored")
  func windows() throws {
    var generator = SeededGenerator(seed: 32)
    let model = try OneClassModel.train(rows: generator.rows(300, columns: 2)).model
    let shifted = FeatureMatrix(values: generator.rows(300, columns: 2).values.map { $0 + 3 }, columns: 2)
    #expect(ModelLint.findings(about: model, name: "m", windows: shifted).map(\.rule) == [.flagsWindows])
    var holed = generator.rows(100, columns: 2)
    holed.append([1, .nan])
    let findings = ModelLint.findings(about: model, name: "m", windows: holed)
    #expect(findings.map(\.rule) == [.unscorableWindows])
    #expect(
      findings.first?.message.contains("1 of 101 windows cannot be scored; first: the feature f2 is nan")
        == true)
    #expect(ModelLint.findings(about: model, name: "m", windows: nil).map(\.rule) == [.unscorableWindows])
    let narrow = generator.rows(10, columns: 1)
    #expect(ModelLint.findings(about: model, name: "m", windows: narrow).map(\.rule) == [.unscorableWindows])
  }

  @Test("A model of which nothing is known is judged by the windows it flags")
  func importedModel() throws {
    var generator = SeededGenerator(seed: 33)
    let trained = try OneClassModel.train(rows: generator.rows(200, columns: 2)).model
    let imported = try OneClassModel(
      kernel: trained.kernel, supportVectors: trained.supportVectors, coefficients: trained.coefficients,
      rho: trained.rho, scaler: trained.scaler, metadata: ModelMetadata(device: "d"))
    let far = FeatureMatrix(values: generator.rows(200, columns: 2).values.map { $0 + 30 }, columns: 2)
    let findings = ModelLint.findings(about: imported, name: "m", windows: far)
    #expect(findings.map(\.rule) == [.flagsWindows])
    #expect(
      findings.first?.message == "it flags 100% of 200 windows, but nu, which is not known, is taken for 1.0%"
    )
    #expect(ModelLint.findings(about: imported, name: "m", windows: generator.rows(200, columns: 2)) == [])
  }

  @Test("A model is not excused by its many support vectors")
  func manySupportVectors() throws {
    // A boundary through many vectors, trained coarsely: a fifth of the windows are outside by more than rounding.
    var generator = SeededGenerator(seed: 34)
    let rows = FeatureMatrix(
      rows: (0..<300).map { _ in
        [1e6 * generator.normal(), generator.normal(), generator.normal(), generator.normal()]
      })
    let options = TrainingOptions(nu: 0.01, gamma: .value(1e-12), scaling: false, tolerance: .value(1e-3))
    let model = try OneClassModel.train(rows: rows, options: options).model
    #expect(model.coefficients.count > 30)
    let rules = ModelLint.findings(about: model, name: "m", windows: rows).map(\.rule)
    #expect(rules.contains(.flagsWindows), "\(rules)")
    let own = ModelLint.findings(about: model, name: "m")
    #expect(own.contains { $0.rule == .unscaledFeatures && $0.message.contains("f1 is ") }, "\(own)")
    let scaled = try OneClassModel.train(rows: rows).model
    #expect(ModelLint.findings(about: scaled, name: "m", windows: rows) == [])
    #expect(!ModelLint.findings(about: scaled, name: "m").contains { $0.rule == .unscaledFeatures })
  }

  @Test("A broken model is a finding, and the others are looked at all the same")
  func unreadable() throws {
    let folder = try TemporaryFolder()
    try folder.write("nonsense\n", "a.model")
    try folder.write("{}", "a.json")
    try ModelFile.write(try model(coefficients: [1.5], sound), folder: folder.path, stem: "b")
    let findings = try ModelLint.findings(folder: folder.path)
    #expect(findings.map(\.rule) == [.unreadable, .oneSupportVector])
    #expect(findings.map(\.model) == ["a", "b"])
    #expect(findings.first?.message.contains("a.model:1:") == true)
  }

  @Test("Of the reference models those that flag everything are named", RealData.condition)
  func batchReference() throws {
    let findings = try ModelLint.findings(folder: RealData.batchReference + "/models")
    // Four of the fifteen do; the fourth is of device 3, whose models are not in the folder.
    let expected = ["device_1_sensor_2", "device_1_sensor_5", "device_2_sensor_5"]
    #expect(findings.filter { $0.rule == .flagsEverything }.map(\.model) == expected)
    #expect(findings.filter { $0.rule == .oneSupportVector }.map(\.model) == expected)
    #expect(findings.count { $0.rule == .coarseTolerance } == 10)
    #expect(findings.count { $0.rule == .shortTraining } == 10)
  }

  @Test("On their windows, all reference models flag too many", RealData.condition)
  func batchReferenceWindows() throws {
    let table = try WindowTable(path: RealData.batchReference + "/sensor_data.csv")
    let findings = try ModelLint.findings(folder: RealData.batchReference + "/models") {
      try table.rows(for: $0)
    }
    let flagging = findings.filter { $0.rule == .flagsWindows }
    #expect(flagging.count == 10)
    let all = flagging.filter { $0.message.hasPrefix("it flags 100% of") }.map(\.model)
    #expect(all == ["device_1_sensor_2", "device_1_sensor_5", "device_2_sensor_5"])
  }

  @Test("Refits with a scaled tolerance flag under 1% of the reference's normal rows", RealData.condition)
  func refits() throws {
    let table = try WindowTable(path: RealData.batchReference + "/sensor_data.csv")
    var flagged = 0
    var rows = 0
    for stem in try ModelFile.stems(in: RealData.batchReference + "/models") {
      let old = try ModelFile.read(folder: RealData.batchReference + "/models", stem: stem)
      let windows = try #require(try table.rows(for: old))
      let count = try #require(old.metadata.trainedRows)
      let training = FeatureMatrix(values: Array(windows.values.prefix(count)), columns: 1)
      let options = TrainingOptions(nu: 0.0001, gamma: .value(0.01))
      let model = try OneClassModel.train(rows: training, options: options).model
      #expect(model.coefficients.count > 1, "\(stem)")
      flagged += try model.decisionValues(of: windows).count { OneClassModel.isAnomaly($0) }
      rows += windows.rowCount
    }
    print("refits flag \(flagged) of \(rows) rows")
    #expect(Double(flagged) / Double(rows) < 0.01)
  }
}

@Suite("Windows of a CSV file")
struct WindowTableTests {
  private static let csv = """
    Device,Sensor,window_start_ms,mean,stddev
    p,t,0,1,0.1
    p,v,0,5,0.5
    p,t,60000,2,0.2
    p,v,60000,6,
    q,t,0,9,0.9

    """

  private func model(_ names: [String], device: String?, sensor: String? = nil) throws -> OneClassModel {
    try OneClassModel(
      kernel: .linear, supportVectors: FeatureMatrix(rows: [[Double](repeating: 1, count: names.count)]),
      coefficients: [1], rho: 0, scaler: nil, featureNames: names,
      metadata: ModelMetadata(device: device, sensor: sensor))
  }

  @Test("A sensor's model takes its rows, a device's model those of all sensors together")
  func rows() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.csv, "w.csv")
    let table = try WindowTable(path: folder.path + "/w.csv")
    #expect(
      try table.rows(for: model(["stddev", "mean"], device: "p", sensor: "t"))
        == FeatureMatrix(rows: [[0.1, 1], [0.2, 2]]))
    let device = try #require(try table.rows(for: model(["t.mean", "v.stddev"], device: "p")))
    #expect(device.rowCount == 2)
    #expect(Array(device[row: 0]) == [1, 0.5])
    #expect(device[1, 0] == 2 && device[1, 1].isNaN)
    #expect(try table.rows(for: model(["mean"], device: "r", sensor: "t")) == nil)
    #expect(try table.rows(for: model(["mean"], device: "p", sensor: "x")) == nil)
  }

  @Test("What does not fit is said")
  func faults() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.csv, "w.csv")
    let table = try WindowTable(path: folder.path + "/w.csv")
    func reason(_ model: OneClassModel) -> String? {
      #expect(throws: ModelError.self) { try table.rows(for: model) }?.description
    }
    #expect(
      reason(try model(["p95"], device: "p", sensor: "t"))?.contains(
        "w.csv:1: there is no column for the feature “p95”") == true)
    #expect(reason(try model(["mean"], device: "p"))?.contains("does not say which sensor") == true)
    #expect(reason(try model(["mean"], device: nil))?.contains("which device") == true)
    try folder.write("a,b\n1,2\n", "x.csv")
    #expect(throws: CSVError.self) { try WindowTable(path: folder.path + "/x.csv") }
  }
}
