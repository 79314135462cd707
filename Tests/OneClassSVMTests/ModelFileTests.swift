import CSVM
import Files
import Foundation
import OneClassSVM
import Telemetry
import Testing

@Suite("Model files")
struct ModelFileTests {
  private func model(_ family: KernelFamily = .rbf, seed: UInt64 = 1, device: String = "pump-1") throws
    -> OneClassModel
  {
    var generator = SeededGenerator(seed: seed, stream: family.rawValue)
    let draft = try generator.model(features: 3, vectors: 9, family: family)
    return try OneClassModel(
      kernel: draft.kernel, supportVectors: draft.supportVectors, coefficients: draft.coefficients,
      rho: draft.rho,
      scaler: draft.scaler, featureNames: ["mean", "stddev", "p95"],
      metadata: ModelMetadata(
        device: device, sensor: "temperature", nu: 0.01, trainedRows: 900,
        trainingRange: 1_767_225_600_000...1_767_268_800_000, seed: .max, tolerance: 1e-7,
        flaggedTrainingShare: 0.0125, constantFeatures: ["p95"], source: nil))
  }

  @Test("What is written reads back equal, version and all", arguments: KernelFamily.allCases)
  func roundTrip(family: KernelFamily) throws {
    let folder = try TemporaryFolder()
    let model = try model(family)
    let stem = try #require(ModelFile.stem(for: model))
    #expect(stem == "device_pump-1_sensor_temperature")
    try ModelFile.write(model, folder: folder.path, stem: stem)
    let read = try ModelFile.read(folder: folder.path, stem: stem)
    #expect(read == model)
    #expect(read.version == model.version)
    #expect(try ModelFile.stems(in: folder.path) == [stem])
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(names == [stem + ".json", stem + ".model"])
  }

  @Test("How the JSON is spelled does not matter")
  func spellings() throws {
    let folder = try TemporaryFolder()
    let model = try model()
    let stem = try #require(ModelFile.stem(for: model))
    try ModelFile.write(model, folder: folder.path, stem: stem)
    let path = "\(folder.path)/\(stem).json"
    let written = try TextFile.text(of: path)
    let value = try JSONSerialization.jsonObject(with: Data(written.utf8))
    let compact = String(decoding: try JSONSerialization.data(withJSONObject: value), as: UTF8.self)
    let spellings = [
      written.replacing("\n", with: "\r\n"), written.replacing("  ", with: "\t"), "\n \(written)\n",
      written.replacing("pump-1", with: "pump\\u002d1"), written.replacing(": 900", with: ": 9e2"),
      written.replacing("\"nu\" :", with: "\"unknown\" : [{\"a\" : null}],\n  \"nu\" :"),
      written.replacing("\"seed\" : \(UInt64.max)", with: "\"seed\" :\(UInt64.max)"), compact,
    ]
    for spelling in spellings {
      try spelling.write(toFile: path, atomically: true, encoding: .utf8)
      #expect(try ModelFile.read(folder: folder.path, stem: stem) == model, "\(spelling)")
    }
    for broken in [
      written.replacing(": 0.01,", with: ": +0.01,"), written.replacing(": 0.01,", with: ": 00.01,"),
      written.replacing(": 0.01,", with: ": .01,"), written + "x", String(written.dropLast(3)),
      written.replacing("\"pump-1\"", with: "\"pump-1"),
    ] {
      #expect(broken != written)
      try broken.write(toFile: path, atomically: true, encoding: .utf8)
      #expect(throws: ModelError.self, "\(broken)") { try ModelFile.read(folder: folder.path, stem: stem) }
    }
  }

  @Test("A card from before versions began with a letter is read, and a wrong version is not")
  func versionWithoutItsLetter() throws {
    let folder = try TemporaryFolder()
    let model = try model()
    let stem = try #require(ModelFile.stem(for: model))
    try ModelFile.write(model, folder: folder.path, stem: stem)
    let path = "\(folder.path)/\(stem).json"
    let written = try TextFile.text(of: path)
    let digits = String(model.version.dropFirst())
    let before = written.replacing("\"\(model.version)\"", with: "\"\(digits)\"")
    #expect(before != written)
    try before.write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try ModelFile.read(folder: folder.path, stem: stem).version == model.version)
    let wrong = before.replacing("\"\(digits)\"", with: "\"\(String(digits.reversed()))\"")
    try wrong.write(toFile: path, atomically: true, encoding: .utf8)
    #expect(throws: ModelError.self) { try ModelFile.read(folder: folder.path, stem: stem) }
  }

  @Test("A version depends on content alone")
  func version() throws {
    let model = try model()
    #expect(model.version == (try self.model()).version)
    #expect(model.version != (try self.model(seed: 2)).version)
    var metadata = model.metadata
    metadata.nu = 0.02
    let other = try OneClassModel(
      kernel: model.kernel, supportVectors: model.supportVectors, coefficients: model.coefficients,
      rho: model.rho,
      scaler: model.scaler, featureNames: model.featureNames, metadata: metadata)
    #expect(other.version != model.version)
  }

  @Test("Replacing cut short at any step leaves the old model or the new one")
  func interruptedReplacement() throws {
    let stem = "device_pump-1_sensor_temperature"
    let old = try model(seed: 1)
    let new = try model(seed: 2)
    let source = try TemporaryFolder()
    try ModelFile.write(new, folder: source.path, stem: stem)
    let newModel = try TextFile.text(of: "\(source.path)/\(stem).model")
    let newCard = try TextFile.text(of: "\(source.path)/\(stem).json")

    let folder = try TemporaryFolder()
    try ModelFile.write(old, folder: folder.path, stem: stem)
    try folder.write(newCard, stem + ".json.next")
    #expect(try ModelFile.read(folder: folder.path, stem: stem) == old)
    try folder.write(newModel, stem + ".model")
    #expect(try ModelFile.read(folder: folder.path, stem: stem) == new)
    // A first model cut short before its JSON had its name.
    try FileManager.default.removeItem(atPath: "\(folder.path)/\(stem).json")
    #expect(try ModelFile.read(folder: folder.path, stem: stem) == new)
    // Writing again clears up.
    try ModelFile.write(old, folder: folder.path, stem: stem)
    #expect(try ModelFile.read(folder: folder.path, stem: stem) == old)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2)
  }

  @Test("Readers during replacements see one of the two models whole")
  func concurrentReplacement() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path
    let stem = "device_pump-1_sensor_temperature"
    let models = [try model(seed: 1), try model(seed: 2)]
    try ModelFile.write(models[0], folder: path, stem: stem)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for round in 1...60 { try ModelFile.write(models[round % 2], folder: path, stem: stem) }
      }
      group.addTask {
        for _ in 0..<200 {
          let read = try ModelFile.read(folder: path, stem: stem)
          #expect(models.contains(read))
        }
      }
      try await group.waitForAll()
    }
    withExtendedLifetime(folder) {}
  }

  @Test("Files of two models are never taken for one")
  func mixedPair() throws {
    let stem = "device_pump-1_sensor_temperature"
    let first = try TemporaryFolder()
    let second = try TemporaryFolder()
    try ModelFile.write(try model(seed: 1), folder: first.path, stem: stem)
    try ModelFile.write(try model(seed: 2), folder: second.path, stem: stem)
    try first.write(try TextFile.text(of: "\(second.path)/\(stem).model"), stem + ".model")
    let error = #expect(throws: ModelError.self) { try ModelFile.read(folder: first.path, stem: stem) }
    #expect(error?.description.contains("it belongs to another") == true)
  }

  @Test("A JSON that was changed by hand is noticed")
  func changedCard() throws {
    let stem = "device_pump-1_sensor_temperature"
    let folder = try TemporaryFolder()
    try ModelFile.write(try model(), folder: folder.path, stem: stem)
    let card = try TextFile.text(of: "\(folder.path)/\(stem).json")
    try folder.write(card.replacing("900", with: "901"), stem + ".json")
    let error = #expect(throws: ModelError.self) { try ModelFile.read(folder: folder.path, stem: stem) }
    #expect(error?.description.contains("it was changed after it was written") == true)
  }

  @Test("A model is not replaced by another device's")
  func otherOwner() throws {
    let folder = try TemporaryFolder()
    try ModelFile.write(try model(device: "a"), folder: folder.path, stem: "device_x")
    let error = #expect(throws: ModelError.self) {
      try ModelFile.write(try model(device: "b"), folder: folder.path, stem: "device_x")
    }
    #expect(error?.description.contains("sensor temperature of device a") == true)
  }

  @Test("A JSON of others is of the file that it names")
  func foreignOwner() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      "svm_type one_class\nkernel_type rbf\ngamma 1\nnr_class 2\ntotal_sv 1\nrho 0.5\nSV\n1 1:0.25 \n",
      "device_2_sensor_1.model")
    func card(_ sensor: Int) -> String {
      "{\"device\": 2, \"sensor\": \(sensor), \"scaler\": {\"mean\": [12.5], \"scale\": [1.5]}}"
    }
    try folder.write(card(1), "device_2_sensor_1.json")
    #expect(try ModelFile.read(folder: folder.path, stem: "device_2_sensor_1").metadata.sensor == "1")
    try folder.write(card(2), "device_2_sensor_1.json")
    let error = #expect(throws: ModelError.self) {
      try ModelFile.read(folder: folder.path, stem: "device_2_sensor_1")
    }
    #expect(error?.description.contains("belongs to device_2_sensor_2.model") == true)
  }

  @Test("Missing files are named")
  func missing() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: FileError.self) { try ModelFile.read(folder: folder.path, stem: "device_9") }
    #expect(error?.description.contains("device_9.model") == true)
    try folder.write("x\n", "device_9.model")
    let second = #expect(throws: FileError.self) { try ModelFile.read(folder: folder.path, stem: "device_9") }
    #expect(second?.description.contains("device_9.json") == true)
    #expect(throws: FileError.self) { try ModelFile.stems(in: folder.path + "/none") }
  }

  @Test("Stems name device and sensor")
  func stems() {
    #expect(ModelFile.stem(device: "1") == "device_1")
    #expect(ModelFile.owner(ofStem: "device_1_sensor_2").map { [$0.device, $0.sensor] } == ["1", "2"])
    #expect(ModelFile.owner(ofStem: "device_1").map { [$0.device, $0.sensor] } == ["1", nil])
    #expect(ModelFile.owner(ofStem: "model") == nil)
    #expect(ModelFile.owner(ofStem: "device_") == nil)
  }

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

    let own = try self.model()
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
