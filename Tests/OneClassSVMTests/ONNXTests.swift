import Files
import Foundation
import OneClassSVM
import Testing

@Suite("ONNX files")
struct ONNXTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().path + "/Fixtures/onnx"

  struct Expected: Decodable {
    let rows: [Double]
    let decisions: [String: [Double]]
  }

  @Test(
    "What skl2onnx writes decides as scikit-learn does, to single precision",
    arguments: [
      "rbf", "linear", "poly", "sigmoid", "pipeline_float", "pipeline_double", "pipeline_without_mean",
      "pipeline_without_std",
    ])
  func decisions(name: String) throws {
    let json = try TextFile.bytes(of: Self.folder + "/expected.json")
    let expected = try JSONDecoder().decode(Expected.self, from: Data(json))
    let model = try ONNXFile.read("\(Self.folder)/\(name).onnx", featureNames: ["a", "b", "c"])
    #expect(model.featureNames == ["a", "b", "c"])
    #expect(model.metadata.source?.hasPrefix("skl2onnx") == true)
    #expect((model.scaler != nil) == name.hasPrefix("pipeline"))
    let decisions = try model.decisionValues(of: FeatureMatrix(values: expected.rows, columns: 3))
    let oracle = try #require(expected.decisions[name])
    let scale = max(model.coefficientSum, oracle.map { abs($0 + model.rho) }.max() ?? 0)
    for (decision, other) in zip(decisions, oracle) { #expect(abs(decision - other) <= 1e-6 * scale) }
  }

  @Test(
    "Another graph is refused, and what it is is said",
    arguments: [
      ("refused_min_max", "only a StandardScaler may"), ("refused_classifier", "is a classifier"),
      ("refused_regression", "no SVMRegressor"), ("refused_svr", "it is a regression"),
      ("refused_value", "does not give the sign"), ("refused_negated", "does not give the sign"),
      ("refused_unsigned", "does not give the sign"),
      ("refused_halves", "a Cast before the SVM is to type 10"),
      ("refused_beside", "Abs stands beside the SVM"),
    ])
  func refused(name: String, reason: String) throws {
    let error = #expect(throws: ModelError.self) { try ONNXFile.read("\(Self.folder)/\(name).onnx") }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    #expect(error?.path == "\(Self.folder)/\(name).onnx")
  }

  @Test("A node that says it is a one-class SVM needs no sign behind it")
  func oneClassAttribute() throws {
    let model = try ONNXFile.read("\(Self.folder)/one_class_attribute.onnx")
    let other = try ONNXFile.read("\(Self.folder)/rbf.onnx")
    #expect(model.coefficients == other.coefficients && model.rho == other.rho)
  }

  @Test("What is no ONNX file is refused")
  func noONNX() {
    for bytes: [UInt8] in [
      [], [0], Array("svm_type one_class\n".utf8), [UInt8](repeating: 0xff, count: 1000),
    ] {
      #expect(throws: ModelError.self) { try ONNXFile.read(bytes: bytes) }
    }
    #expect(throws: FileError.self) { try ONNXFile.read("\(Self.folder)/none.onnx") }
  }

  @Test("Feature names that do not fit are refused")
  func featureNames() {
    let error = #expect(throws: ModelError.self) {
      try ONNXFile.read("\(Self.folder)/rbf.onnx", featureNames: ["a"])
    }
    #expect(error?.description.contains("1 feature names, but the support vectors have 3") == true)
  }
}
