import Files
import Foundation
import OneClassSVM
import Telemetry
import Testing

/// Files cut off and changed at random. Each must give an error or a sound model, and a model scores rows or says why
/// not: nothing crashes, nothing that is not a number comes out as one.
@Suite("Broken files")
struct BrokenFileTests {
  private static let seed: UInt64 = 99
  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().path + "/Fixtures/onnx"

  private func check(_ model: OneClassModel, _ what: @autoclosure () -> String) throws {
    let rows = FeatureMatrix(
      values: (0..<(3 * model.featureCount)).map { Double($0) - 2 }, columns: model.featureCount)
    var decisions: [Double] = []
    let failed = try model.decide(rows, into: &decisions)
    #expect(decisions.count(where: \.isNaN) == failed, "\(what())")
    #expect(decisions.allSatisfy { $0.isNaN || $0.isFinite }, "\(what())")
  }

  /// One of the changes that disks, networks and editors make.
  private func mutate(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0...generator.index(below: 3) where !bytes.isEmpty {
      let position = generator.index(below: bytes.count)
      switch generator.index(below: 5) {
      case 0: bytes[position] = UInt8(truncatingIfNeeded: generator.next())
      case 1: bytes[position] ^= 1 << UInt8(generator.index(below: 8))
      case 2: bytes.removeSubrange(position..<min(bytes.count, position + 1 + generator.index(below: 20)))
      case 3:
        bytes.insert(
          contentsOf: Array("-9e99:2147483648 nan\n".utf8.prefix(1 + generator.index(below: 20))),
          at: position)
      default: bytes.append(contentsOf: bytes[position..<min(bytes.count, position + 30)])
      }
    }
    return bytes
  }

  @Test("An ONNX file cut off anywhere is refused", arguments: ["rbf", "pipeline_float", "pipeline_double"])
  func truncatedONNX(name: String) throws {
    let bytes = try TextFile.bytes(of: "\(Self.fixtures)/\(name).onnx")
    for length in 0..<bytes.count {
      do {
        let model = try ONNXFile.read(bytes: Array(bytes[..<length]))
        // Only what stands behind the graph may be missing.
        #expect(model == (try ONNXFile.read(bytes: bytes)), "\(length) of \(bytes.count) bytes")
      } catch {
        #expect(error.reason.isEmpty == false)
      }
    }
  }

  @Test(
    "An ONNX file changed at random crashes nothing",
    arguments: ["rbf", "poly", "pipeline_float", "pipeline_double"])
  func mutatedONNX(name: String) throws {
    let bytes = try TextFile.bytes(of: "\(Self.fixtures)/\(name).onnx")
    var generator = SeededGenerator(seed: Self.seed, stream: name)
    for round in 0..<3000 {
      guard let model = try? ONNXFile.read(bytes: mutate(bytes, &generator)) else { continue }
      try check(model, "seed \(Self.seed), \(name), round \(round)")
    }
  }

  private func writtenModel(_ folder: TemporaryFolder) throws -> (model: [UInt8], card: [UInt8]) {
    var generator = SeededGenerator(seed: Self.seed)
    let model = try generator.model(features: 3, vectors: 4, family: .polynomial)
    try ModelFile.write(model, folder: folder.path, stem: "m")
    return (try TextFile.bytes(of: folder.path + "/m.model"), try TextFile.bytes(of: folder.path + "/m.json"))
  }

  @Test("A LIBSVM file of Sonde's that is cut off or changed at all is refused: its digest tells")
  func ownFiles() throws {
    let folder = try TemporaryFolder()
    let (model, _) = try writtenModel(folder)
    var generator = SeededGenerator(seed: Self.seed, stream: "own")
    for round in 0..<12 {
      let broken =
        round < 6 ? Array(model[..<generator.index(below: model.count)]) : mutate(model, &generator)
      guard broken != model else { continue }
      try folder.write(broken, "m.model")
      #expect(throws: ModelError.self) { try ModelFile.read(folder: folder.path, stem: "m") }
    }
  }

  @Test("A foreign LIBSVM file cut off anywhere is refused")
  func truncatedForeign() throws {
    let folder = try TemporaryFolder()
    let (model, _) = try writtenModel(folder)
    try folder.write("{}", "m.json")
    for length in 0..<model.count {
      try folder.write(model[..<length], "m.model")
      let error = #expect(throws: ModelError.self) { try ModelFile.read(folder: folder.path, stem: "m") }
      #expect(error?.path == folder.path + "/m.model" && error?.line != nil, "\(length) bytes")
    }
  }

  @Test("Foreign files changed at random crash nothing")
  func mutatedForeign() throws {
    let folder = try TemporaryFolder()
    let (model, card) = try writtenModel(folder)
    let foreignCard = Array(
      String(decoding: card, as: UTF8.self).split(separator: "\n")
        .filter { !$0.contains("sha256") && !$0.contains("\"version\"") }.joined(separator: "\n").utf8)
    var generator = SeededGenerator(seed: Self.seed, stream: "foreign")
    for round in 0..<1500 {
      let isModel = round % 2 == 0
      try folder.write(isModel ? mutate(model, &generator) : model, "m.model")
      try folder.write(isModel ? foreignCard : mutate(foreignCard, &generator), "m.json")
      do {
        try check(try ModelFile.read(folder: folder.path, stem: "m"), "seed \(Self.seed), round \(round)")
      } catch {
        #expect(error is ModelError, "seed \(Self.seed), round \(round): \(error)")
      }
    }
  }
}
