import Foundation
import OneClassSVM
import Telemetry
import Testing

@Suite("Threshold")
struct ThresholdTests {
  private let calibrated = TrainingOptions(threshold: .crossValidated(folds: Threshold.defaultFolds))

  private func flagged(_ rows: FeatureMatrix, by model: OneClassModel) throws -> Int {
    try model.decisionValues(of: rows).count { OneClassModel.isAnomaly($0) }
  }

  @Test("Few rows and many features: a cross-validated boundary flags few new rows where LIBSVM's flags many")
  func newRows() throws {
    var plain = 0
    var lowered = 0
    var shifted = 0
    let rounds: UInt64 = 20
    for seed in 1...rounds {
      var generator = SeededGenerator(seed: seed, stream: "threshold")
      let training = generator.rows(144, columns: 12)
      let new = generator.rows(144, columns: 12)
      plain += try flagged(new, by: OneClassModel.train(rows: training).model)
      let model = try OneClassModel.train(rows: training, options: calibrated).model
      lowered += try flagged(new, by: model)
      let far = FeatureMatrix(values: new.values.map { $0 + 4 }, columns: 12)
      shifted += try flagged(far, by: model)
    }
    let count = 144 * Double(rounds)
    print("seeds 1...\(rounds): \(Double(plain) / count) flagged, cross-validated \(Double(lowered) / count)")
    // The lowest of 144 held-out decisions: of new rows of the same kind, one in 145 is expected below it.
    #expect(Double(lowered) / count < 3.0 / 144)
    #expect(Double(plain) / count > 5 * Double(lowered) / count)
    #expect(Double(shifted) / count > 0.99)
  }

  @Test(
    "Rows held out are inside a boundary lowered so, with the folds' own models", arguments: UInt64(1)...8)
  func heldOut(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed, stream: "held-out")
    let rows = generator.rows(100, columns: 5)
    let model = try OneClassModel.train(rows: rows, options: calibrated).model
    let record = try #require(model.metadata.threshold)
    var flagged = 0
    for fold in 0..<10 {
      var kept = FeatureMatrix(columns: 5)
      var held = FeatureMatrix(columns: 5)
      for row in 0..<100 {
        if row % 10 == fold { held.append(rows[row: row]) } else { kept.append(rows[row: row]) }
      }
      let part = try OneClassModel.train(rows: kept).model
      flagged += try part.decisionValues(of: held).count { $0 + record.loweredBy < -1e-12 }
    }
    #expect(flagged == 0, "seed \(seed)")
    #expect(record.loweredBy > 0, "seed \(seed)")
  }

  @Test("Only rho differs from the model without, and by what is recorded")
  func onlyRho() throws {
    var generator = SeededGenerator(seed: 3, stream: "rho")
    let rows = generator.rows(144, columns: 12)
    let plain = try OneClassModel.train(rows: rows).model
    let lowered = try OneClassModel.train(rows: rows, options: calibrated).model
    let record = try #require(lowered.metadata.threshold)
    #expect(plain.metadata.threshold == ThresholdRecord(name: "training", folds: nil, loweredBy: 0))
    #expect(record.name == "cross_validated" && record.folds == 10)
    #expect(lowered.rho == plain.rho - record.loweredBy)
    #expect(lowered.coefficients == plain.coefficients && lowered.supportVectors == plain.supportVectors)
    #expect(lowered.version != plain.version)
    var metadata = lowered.metadata
    metadata.threshold?.folds = 9
    let other = try OneClassModel(
      kernel: lowered.kernel, supportVectors: lowered.supportVectors, coefficients: lowered.coefficients,
      rho: lowered.rho, scaler: lowered.scaler, featureNames: lowered.featureNames, metadata: metadata)
    #expect(other.version != lowered.version)
  }

  @Test("Equal rows give an equal threshold, also from many threads at once")
  func deterministic() async throws {
    var generator = SeededGenerator(seed: 4, stream: "threads")
    let rows = generator.rows(120, columns: 6)
    let options = calibrated
    let first = try OneClassModel.train(rows: rows, options: options).model
    let models = try await withThrowingTaskGroup(of: OneClassModel.self) { group in
      for _ in 0..<8 { group.addTask { try OneClassModel.train(rows: rows, options: options).model } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(models.allSatisfy { $0 == first && $0.version == first.version })
  }

  @Test("The model's files keep the threshold")
  func roundTrip() throws {
    let folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: 5, stream: "files")
    let rows = generator.rows(60, columns: 3)
    let model = try OneClassModel.train(rows: rows, options: calibrated).model
    try ModelFile.write(model, folder: folder.path, stem: "m")
    let read = try ModelFile.read(folder: folder.path, stem: "m")
    #expect(read == model && read.version == model.version)
    let json = try String(contentsOfFile: folder.path + "/m.json", encoding: .utf8)
    #expect(json.contains("\"threshold\" : \"cross_validated\"") && json.contains("\"threshold_folds\" : 10"))
    #expect(json.contains("\"rho_lowered_by\""))
  }

  @Test("Too few rows for the folds are refused with the number needed")
  func tooFew() throws {
    var generator = SeededGenerator(seed: 6)
    let rows = generator.rows(19, columns: 2)
    let error = #expect(throws: TrainingError.self) {
      try OneClassModel.train(rows: rows, options: calibrated)
    }
    #expect(
      error?.description
        == "19 rows to train on, but a threshold cross-validated in 10 folds needs at least 20; "
        + "train on a longer time, or leave the threshold at training")
    _ = try OneClassModel.train(rows: generator.rows(20, columns: 2), options: calibrated)
    // Nineteen of twenty rows alike: the fold without the twentieth has nothing to learn from.
    var stuck = FeatureMatrix(columns: 1)
    for row in 0..<20 { stuck.append([row == 7 ? 1 : 0]) }
    let fold = #expect(throws: TrainingError.self) {
      try OneClassModel.train(rows: stuck, options: calibrated)
    }
    #expect(fold?.description.hasPrefix("fold 8 of the 10 ") == true)
  }

  @Test("Thresholds are read from text")
  func parsing() {
    #expect(Threshold("training") == .training)
    #expect(Threshold("cross_validated") == .crossValidated(folds: 10))
    #expect(Threshold("cross-validated") == nil)
    #expect(Threshold.names.allSatisfy { Threshold($0)?.description == $0 })
    for (text, value) in [("0", 0.0), ("-0.0125", -0.0125), ("1e-3", 0.001), (" 2 ", 2)] {
      #expect(Threshold(text) == .value(value))
      #expect(Threshold(Threshold.value(value).description) == .value(value))
    }
    for text in ["", "nan", "inf", "1e999", "0x1p3", "-", "5%"] { #expect(Threshold(text) == nil, "\(text)") }
    #expect(
      TrainingOptions(threshold: .value(.infinity)).fault == "the threshold is inf; it must be finite")
    #expect(TrainingOptions(threshold: .crossValidated(folds: 1)).fault?.contains("1 folds") == true)
  }

  @Test(
    "With a number, a row is flagged whose decision without it is at or below the number",
    arguments: UInt64(1)...8)
  func number(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed, stream: "number")
    let rows = generator.rows(100, columns: 4)
    let new = generator.rows(200, columns: 4)
    let plain = try OneClassModel.train(rows: rows).model
    let decisions = try plain.decisionValues(of: new)
    for value in [-0.2, -1e-3, 0, 1e-3, 0.3] {
      let trained = try OneClassModel.train(rows: rows, options: TrainingOptions(threshold: .value(value)))
      let model = trained.model
      #expect(model.rho == plain.rho + value)
      #expect(model.coefficients == plain.coefficients && model.supportVectors == plain.supportVectors)
      #expect(
        model.metadata.threshold == ThresholdRecord(name: "\(value)", folds: nil, loweredBy: 0 - value))
      let flagged = try model.decisionValues(of: new).map { OneClassModel.isAnomaly($0) }
      for (decision, isFlagged) in zip(decisions, flagged) where abs(decision - value) > 1e-12 {
        #expect(isFlagged == (decision <= value), "seed \(seed), \(value)")
      }
      // Who asks for many alarms is not told that there are many.
      #expect(!trained.warnings.contains { if case .flagsTooMany = $0 { true } else { false } })
    }
  }

  @Test("A number beyond what the model can say is told")
  func numberOutOfReach() throws {
    var generator = SeededGenerator(seed: 12, stream: "reach")
    let rows = generator.rows(60, columns: 3)
    let plain = try OneClassModel.train(rows: rows).model
    let (lowest, highest) = (-plain.rho, plain.coefficientSum - plain.rho)
    for (value, told) in [
      (lowest.nextDown, "no window"), (lowest / 2, nil), (highest / 2, nil), (highest, "every window"),
    ] as [(Double, String?)] {
      let warnings = try OneClassModel.train(
        rows: rows, options: TrainingOptions(threshold: .value(value))
      ).warnings.map(\.description).filter { $0.contains("the threshold") }
      #expect(warnings.count == (told == nil ? 0 : 1), "\(value): \(warnings)")
      if let told { #expect(warnings.first?.contains("makes \(told) an anomaly") == true) }
    }
  }

  @Test("Around one point a number means what it means everywhere")
  func numberAroundAPoint() throws {
    let rows = FeatureMatrix(rows: (0..<20).map { _ in [5.0, 1] })
    let plain = try OneClassModel.train(rows: rows).model
    let lowered = try OneClassModel.train(rows: rows, options: TrainingOptions(threshold: .value(-0.05)))
      .model
    #expect(lowered.rho == plain.rho - 0.05)
    #expect(try OneClassModel.train(rows: rows, options: calibrated).model.rho == plain.rho)
  }

  @Test("A folder says how the thresholds of its models were chosen, by their versions")
  func records() throws {
    let folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: 9, stream: "records")
    let rows = generator.rows(60, columns: 3)
    var wanted: [String: ThresholdRecord] = [:]
    for (stem, threshold) in [
      ("device_a", "training"), ("device_b", "cross_validated"), ("device_c", "-0.25"),
    ] {
      let options = TrainingOptions(threshold: try #require(Threshold(threshold)))
      let model = try OneClassModel.train(rows: rows, options: options).model
      try ModelFile.write(model, folder: folder.path, stem: stem)
      wanted[model.version] = model.metadata.threshold
      #expect(try ModelFile.read(folder: folder.path, stem: stem).version == model.version)
    }
    #expect(try ModelFile.thresholds(in: folder.path) == wanted && wanted.count == 3)
    let json = try String(contentsOfFile: folder.path + "/device_c.json", encoding: .utf8)
    #expect(json.contains("\"threshold\" : \"-0.25\"") && json.contains("\"rho_lowered_by\" : 0.25"))
    // A card of before says nothing of it, and one that is broken nothing at all.
    let old = json.replacing(#/ *"(threshold|rho_lowered_by)" : [^\n]*\n/#, with: "")
    try old.write(toFile: folder.path + "/device_c.json", atomically: true, encoding: .utf8)
    try "{".write(toFile: folder.path + "/device_b.json", atomically: true, encoding: .utf8)
    let records = try ModelFile.thresholds(in: folder.path)
    #expect(records.count == 2 && records.values.allSatisfy { $0.name == "training" && $0.loweredBy == 0 })
  }
}
