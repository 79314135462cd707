import CSVM
import Files
import Foundation
import OneClassSVM
import Telemetry
import Testing

@Suite("Model files")
struct ModelFileTests {
  @Test("What is written reads back equal, version and all", arguments: KernelFamily.allCases)
  func roundTrip(family: KernelFamily) throws {
    let folder = try TemporaryFolder()
    let model = try ModelFileExample.model(family)
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
    let model = try ModelFileExample.model()
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
    let model = try ModelFileExample.model()
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
    let model = try ModelFileExample.model()
    #expect(model.version == (try ModelFileExample.model()).version)
    #expect(model.version != (try ModelFileExample.model(seed: 2)).version)
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
    let old = try ModelFileExample.model(seed: 1)
    let new = try ModelFileExample.model(seed: 2)
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
    let models = [try ModelFileExample.model(seed: 1), try ModelFileExample.model(seed: 2)]
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
    try ModelFile.write(try ModelFileExample.model(seed: 1), folder: first.path, stem: stem)
    try ModelFile.write(try ModelFileExample.model(seed: 2), folder: second.path, stem: stem)
    try first.write(try TextFile.text(of: "\(second.path)/\(stem).model"), stem + ".model")
    let error = #expect(throws: ModelError.self) { try ModelFile.read(folder: first.path, stem: stem) }
    #expect(error?.description.contains("it belongs to another") == true)
  }

  @Test("A JSON that was changed by hand is noticed")
  func changedCard() throws {
    let stem = "device_pump-1_sensor_temperature"
    let folder = try TemporaryFolder()
    try ModelFile.write(try ModelFileExample.model(), folder: folder.path, stem: stem)
    let card = try TextFile.text(of: "\(folder.path)/\(stem).json")
    try folder.write(card.replacing("900", with: "901"), stem + ".json")
    let error = #expect(throws: ModelError.self) { try ModelFile.read(folder: folder.path, stem: stem) }
    #expect(error?.description.contains("it was changed after it was written") == true)
  }

  @Test("A model is not replaced by another device's")
  func otherOwner() throws {
    let folder = try TemporaryFolder()
    try ModelFile.write(try ModelFileExample.model(device: "a"), folder: folder.path, stem: "device_x")
    let error = #expect(throws: ModelError.self) {
      try ModelFile.write(try ModelFileExample.model(device: "b"), folder: folder.path, stem: "device_x")
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
}
