import CSVM
import Files
import Foundation
import OneClassSVM
import Telemetry
import Testing

/// LIBSVM files that other programs have written.
@Suite("Model files of others")
struct ForeignModelFileTests {
  private static let text = """
    svm_type one_class
    kernel_type rbf
    gamma 0.5
    nr_class 2
    total_sv 2
    rho 0.25
    SV
    0.5 1:1 3:-2.5 \("")
    0.5 2:1e-3 \("")

    """

  @Test("A sparse foreign file is read, with zeros where indices are left out")
  func sparse() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.text, "m.model")
    try folder.write("{}", "m.json")
    let model = try ModelFile.read(folder: folder.path, stem: "m")
    #expect(model.supportVectors == FeatureMatrix(rows: [[1, 0, -2.5], [0, 1e-3, 0]]))
    #expect(model.coefficients == [0.5, 0.5])
    #expect(model.scaler == nil)
    #expect(model.featureNames == ["f1", "f2", "f3"])
  }

  @Test("The marks of a density, which LIBSVM 3.3 writes with -b 1, enter no decision")
  func densityMarks() throws {
    let folder = try TemporaryFolder()
    let marks = "prob_density_marks -0.001 -1e-05 0 0.25 1.5e2"
    try folder.write(Self.text, "a.model")
    try folder.write(Self.text.replacing("nr_class 2", with: "nr_class 2\n\(marks)"), "b.model")
    try folder.write("{\"features\": [\"x\", \"y\", \"z\"]}", "a.json")
    try folder.write("{\"features\": [\"x\", \"y\", \"z\"]}", "b.json")
    let plain = try ModelFile.read(folder: folder.path, stem: "a")
    let marked = try ModelFile.read(folder: folder.path, stem: "b")
    #expect(plain == marked && plain.version == marked.version)
  }

  @Test(
    "A broken file is named with its line",
    arguments: [
      ("nr_class 2", "prob_density_marks 1 x", 4, "prob_density_marks has “x”"),
      ("svm_type one_class", "svm_type c_svc", 1, "of type c_svc"),
      ("kernel_type rbf", "kernel_type precomputed", 2, "“precomputed”"),
      ("gamma 0.5", "gamma nan", 3, "gamma is “nan”"),
      ("gamma 0.5", "gamma 0x1p2", 3, "gamma is “0x1p2”"),
      ("gamma 0.5", "gamma -1", 2, "gamma is -1.0"),
      ("gamma 0.5\n", "", 6, "no gamma"),
      ("gamma 0.5", "gamma 0.5 7", 3, "2 values"),
      ("gamma 0.5", "gamma 0.5\ngamma 0.5", 4, "second time"),
      ("nr_class 2", "nr_class 3", 4, "nr_class is 3"),
      ("nr_class 2", "probA 2", 4, "“probA” is not a key"),
      ("total_sv 2", "total_sv 3", 9, "after 2 support vectors, but total_sv is 3"),
      ("total_sv 2", "total_sv 1", 9, "more support vectors than the 1"),
      ("total_sv 2", "total_sv 999999999", 5, "total_sv is 999999999"),
      ("total_sv 2", "total_sv 99999999999999999999", 5, "not a whole number"),
      ("rho 0.25", "rho 1e999", 6, "rho is “1e999”"),
      ("rho 0.25", "rho inf", 6, "rho is “inf”"),
      ("1:1 3:-2.5", "1:1 1:-2.5", 8, "not above the one before"),
      ("1:1 3:-2.5", "3:1 1:-2.5", 8, "not above the one before"),
      ("1:1 3:-2.5", "0:1 3:-2.5", 8, "no feature 0"),
      ("1:1 3:-2.5", "1:1 2147483648:1", 8, "not index:value"),
      ("1:1 3:-2.5", "1:1 999999999:1", 8, "no feature 999999999"),
      ("1:1 3:-2.5", "1:1 3:nan", 8, "not index:value"),
      ("1:1 3:-2.5", "1:1 3:", 8, "not index:value"),
      ("1:1 3:-2.5", "1:1 3", 8, "not index:value"),
      ("0.5 2:1e-3", "x 2:1e-3", 9, "coefficient “x”"),
      ("2:1e-3 \n", "2:1e-", 9, "cut off"),
      ("2:1e-3 \n", "2:1e-3", 9, "cut off"),
    ])
  func broken(original: String, replacement: String, line: Int, reason: String) throws {
    let folder = try TemporaryFolder()
    #expect(Self.text.contains(original))
    try folder.write(Self.text.replacing(original, with: replacement), "m.model")
    try folder.write("{}", "m.json")
    let error = #expect(throws: ModelError.self) { try ModelFile.read(folder: folder.path, stem: "m") }
    #expect(error?.line == line, "\(error?.description ?? "")")
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    #expect(error?.path == folder.path + "/m.model")
  }

  @Test(
    "A broken JSON is named with its key",
    arguments: [
      ("", "not JSON"), ("[]", "the whole file"), ("{\"nu\": \"x\"}", "nu is not a number"),
      ("{\"scaler\": {\"mean\": [1]}}", "scaler.scale is missing"),
      ("{\"scaler\": {\"mean\": [1], \"scale\": [1, 2]}}", "1 values, but scaler.scale 2"),
      ("{\"scaler\": {\"mean\": [], \"scale\": []}}", "has 0 values"),
      ("{\"scaler\": {\"mean\": [1, 2], \"scale\": [1, \"b\"]}}", "scaler.scale[1]"),
      ("{\"scaler\": {\"mean\": [1e999], \"scale\": [1]}}", "out of range"),
      ("{\"features\": [\"a\", \"a\", \"b\"]}", "named twice"),
      (
        "{\"features\": [\"a\", \"b\", \"c\", \"d\"], \"scaler\": {\"mean\": [1,2,3], \"scale\": [1,1,1]}}",
        "4 features"
      ),
      ("{\"training_from_ms\": 5}", "not a range of time"),
      ("{\"seed\": -1}", "out of range"),
    ])
  func brokenCard(json: String, reason: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.text, "m.model")
    try folder.write(json, "m.json")
    let error = #expect(throws: ModelError.self) { try ModelFile.read(folder: folder.path, stem: "m") }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    #expect(error?.path == folder.path + "/m.json")
  }

  @Test("A LIBSVM file is imported with its JSON, with another, or without")
  func foreign() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.text, "x.model")
    #expect(try ModelFile.readForeign(folder.path + "/x.model").scaler == nil)
    try folder.write("{\"scaler\": {\"mean\": [1, 2, 3], \"scale\": [1, 1, 2]}}", "x.json")
    #expect(try ModelFile.readForeign(folder.path + "/x.model").scaler?.mean == [1, 2, 3])
    try folder.write("{\"scaler\": {\"mean\": [4, 5, 6], \"scale\": [1, 1, 2]}}", "y.json")
    let model = try ModelFile.readForeign(folder.path + "/x.model", card: folder.path + "/y.json")
    #expect(model.scaler?.mean == [4, 5, 6])
    let renamed = try model.renamed(device: "d", sensor: "s", featureNames: ["a", "b", "c"])
    #expect(ModelFile.stem(for: renamed) == "device_d_sensor_s")
    #expect(renamed.featureNames == ["a", "b", "c"])
    #expect(throws: ModelError.self) { try model.renamed(featureNames: ["a"]) }

    let own = try ModelFileExample.model()
    try ModelFile.write(own, folder: folder.path, stem: "z")
    #expect(try ModelFile.readForeign(folder.path + "/z.model") == own)
    let error = #expect(throws: ModelError.self) {
      try ModelFile.readForeign(folder.path + "/x.model", card: folder.path + "/z.json")
    }
    #expect(error?.description.contains("belongs to another model") == true)
  }

  // Serialized: LIBSVM reads lines into one buffer of the whole process.
  @Test(
    "LIBSVM itself reads what is written, and decides alike", .serialized, arguments: KernelFamily.allCases)
  func libsvmReads(family: KernelFamily) throws {
    let folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: 77, stream: family.rawValue)
    let model = try generator.model(features: 4, vectors: 11, family: family, scaled: false)
    try ModelFile.write(model, folder: folder.path, stem: "m")
    let foreign = try #require(svm_load_model(folder.path + "/m.model"))
    var doomed: UnsafeMutablePointer<svm_model>? = foreign
    defer { svm_free_and_destroy_model(&doomed) }
    for _ in 0..<20 {
      let row = (0..<4).map { _ in generator.normal() }
      let nodes = row.enumerated().map { svm_node(index: Int32($0.offset + 1), value: $0.element) }
      var decision = 0.0
      _ = svm_predict_values(foreign, nodes + [svm_node(index: -1, value: 0)], &decision)
      let own = try model.decisionValues(of: FeatureMatrix(rows: [row]))[0]
      #expect(abs(own - decision) <= 1e-13 * max(model.coefficientSum, abs(decision)))
    }
  }

  @Test("A scaler of fewer features than the vectors have is refused")
  func scalerTooShort() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.text, "m.model")
    try folder.write("{\"scaler\": {\"mean\": [1, 2], \"scale\": [1, 1]}}", "m.json")
    let error = #expect(throws: ModelError.self) { try ModelFile.read(folder: folder.path, stem: "m") }
    #expect(error?.description.contains("m.model:8: there is no feature 3") == true)
  }
}
