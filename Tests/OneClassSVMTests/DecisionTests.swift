import Foundation
import OneClassSVM
import Telemetry
import Testing

@Suite("The decision function")
struct DecisionTests {
  private static let shapes: [(features: Int, vectors: Int)] = [
    (1, 1), (1, 2), (2, 7), (3, 8), (4, 9), (5, 17), (12, 50), (17, 63), (32, 64), (64, 65), (64, 300),
    (65, 20), (200, 9),
  ]

  @Test("All kernels meet the textbook's formula on every CPU path", arguments: KernelFamily.allCases)
  func textbook(family: KernelFamily) throws {
    let seed: UInt64 = 20_260_101
    var generator = SeededGenerator(seed: seed, stream: family.rawValue)
    for shape in Self.shapes {
      let model = try generator.model(features: shape.features, vectors: shape.vectors, family: family)
      let scaler = try #require(model.scaler)
      var rows = FeatureMatrix(columns: shape.features)
      for _ in 0..<13 {
        rows.append(
          (0..<shape.features).map { scaler.mean[$0] + scaler.scale[$0] * 1.5 * generator.normal() })
      }
      for path in CPUPath.available {
        let decisions = try model.decisionValues(of: rows, on: path)
        for row in 0..<rows.rowCount {
          let expected = textbookDecision(model, Array(rows[row: row]))
          let error = abs(decisions[row] - expected) / max(model.coefficientSum, abs(expected))
          #expect(error <= 1e-13, "seed \(seed), \(family), \(shape), \(path), row \(row): \(error)")
        }
      }
    }
  }

  @Test("AVX2 and AVX-512 agree to the last bit", arguments: KernelFamily.allCases)
  func equalPaths(family: KernelFamily) throws {
    guard CPUPath.available.contains(.avx512) else { return }
    var generator = SeededGenerator(seed: 7, stream: family.rawValue)
    for shape in Self.shapes {
      let model = try generator.model(
        features: shape.features, vectors: shape.vectors, family: family, scaled: false)
      let rows = generator.rows(50, columns: shape.features, spread: 2)
      let narrow = try model.decisionValues(of: rows, on: .avx2)
      let wide = try model.decisionValues(of: rows, on: .avx512)
      #expect(narrow.map(\.bitPattern) == wide.map(\.bitPattern), "\(family), \(shape)")
    }
  }

  @Test("Read back from its bytes it decides the same, to the last bit", arguments: KernelFamily.allCases)
  func bytes(family: KernelFamily) throws {
    var generator = SeededGenerator(seed: 13, stream: family.rawValue)
    for shape in Self.shapes {
      for isScaled in [true, false] {
        let model = try generator.model(
          features: shape.features, vectors: shape.vectors, family: family, scaled: isScaled)
        let function = model.decisionFunction
        let bytes = function.bytes
        let read = try #require(
          bytes.withUnsafeBytes {
            DecisionFunction(bytes: $0, featureNames: model.featureNames, version: model.version)
          })
        #expect(read.version == model.version && read.featureNames == model.featureNames)
        #expect(read.bytes == bytes)
        let rows = generator.rows(20, columns: shape.features, spread: 2)
        for path in CPUPath.available {
          let decisions = try read.decisionValues(of: rows, on: path)
          let expected = try model.decisionValues(of: rows, on: path)
          #expect(decisions.map(\.bitPattern) == expected.map(\.bitPattern), "\(family), \(shape), \(path)")
        }
        var faulty = Array(rows[row: 0])
        faulty[shape.features - 1] = isScaled ? 1e308 : .infinity
        #expect(read.fault(of: faulty) == model.fault(of: faulty))
      }
    }
  }

  @Test("Bytes that are not a decision function are refused")
  func otherBytes() throws {
    var generator = SeededGenerator(seed: 17)
    let model = try generator.model(features: 3, vectors: 9, family: .rbf)
    let bytes = model.decisionFunction.bytes
    func read(_ bytes: [UInt8], _ names: [String]? = nil) -> DecisionFunction? {
      bytes.withUnsafeBytes {
        DecisionFunction(bytes: $0, featureNames: names ?? model.featureNames, version: model.version)
      }
    }
    #expect(read(bytes) != nil)
    #expect(read(bytes, ["f1", "f2"]) == nil)
    #expect(read(bytes + [0]) == nil)
    for count in 0..<bytes.count { #expect(read(Array(bytes[..<count])) == nil) }
    // The whole numbers in front say how much memory is taken.
    for word in 0..<6 {
      for byte in 0..<8 {
        for value: UInt8 in [0xFF, 0x7F] {
          var changed = bytes
          changed[8 * word + byte] = value
          #expect(read(changed) == nil, "byte \(byte) of word \(word)")
        }
      }
    }
  }

  @Test("A row's decision does not depend on the rows around it", arguments: CPUPath.available)
  func batchesDoNotMatter(path: CPUPath) throws {
    var generator = SeededGenerator(seed: 11)
    let model = try generator.model(features: 5, vectors: 21, family: .rbf)
    let rows = generator.rows(24, columns: 5, spread: 10)
    let together = try model.decisionValues(of: rows, on: path)
    for count in 1...9 {
      let first = FeatureMatrix(values: Array(rows.values[..<(count * 5)]), columns: 5)
      #expect(try model.decisionValues(of: first, on: path) == Array(together[..<count]))
    }
  }

  @Test("On its only support vector a model decides exactly Σα − rho", arguments: CPUPath.available)
  func exactAtTheVector(path: CPUPath) throws {
    let model = try OneClassModel(
      kernel: .rbf(gamma: 0.3), supportVectors: FeatureMatrix(rows: [[0.25, -1.5]]), coefficients: [0.03],
      rho: 0.03,
      scaler: nil)
    let decision = try model.decisionValues(of: FeatureMatrix(rows: [[0.25, -1.5]]), on: path)
    #expect(decision == [0])
    #expect(OneClassModel.isAnomaly(decision[0]))
  }

  @Test("A far row gets −rho, however far", arguments: CPUPath.available)
  func farRows(path: CPUPath) throws {
    let model = try OneClassModel(
      kernel: .rbf(gamma: 1), supportVectors: FeatureMatrix(rows: [[0, 0]]), coefficients: [0.5], rho: 0.25,
      scaler: nil)
    let rows = FeatureMatrix(rows: [[100, 0], [1e8, -1e8], [1e200, 1e200], [-1.7e308, 1.7e308]])
    for decision in try model.decisionValues(of: rows, on: path) { #expect(decision == -0.25) }
  }

  @Test("Rows far from the origin, unscaled, lose no digits of their distances", arguments: CPUPath.available)
  func largeOffset(path: CPUPath) throws {
    var generator = SeededGenerator(seed: 12)
    let vectors = FeatureMatrix(values: (0..<60).map { _ in 1e7 + generator.normal() }, columns: 3)
    let model = try OneClassModel(
      kernel: .rbf(gamma: 0.4), supportVectors: vectors, coefficients: [Double](repeating: 0.5, count: 20),
      rho: 1,
      scaler: nil)
    let rows = FeatureMatrix(values: (0..<90).map { _ in 1e7 + 2 * generator.normal() }, columns: 3)
    for (index, decision) in try model.decisionValues(of: rows, on: path).enumerated() {
      let expected = textbookDecision(model, Array(rows[row: index]))
      #expect(abs(decision - expected) <= 1e-13 * model.coefficientSum, "row \(index)")
    }
  }

  @Test("Rows that are not finite are named; the others are scored", arguments: CPUPath.available)
  func notFinite(path: CPUPath) throws {
    var generator = SeededGenerator(seed: 3)
    for family in KernelFamily.allCases {
      let model = try generator.model(features: 3, vectors: 10, family: family)
      let good = generator.rows(11, columns: 3)
      for bad in [Double.nan, .infinity, -.infinity, -.nan, Double(nan: 1, signaling: false)] {
        for position in [0, 5, 10] {
          var values = good.values
          values[position * 3 + 1] = bad
          let rows = FeatureMatrix(values: values, columns: 3)
          let error = #expect(throws: RowError.self) { try model.decisionValues(of: rows, on: path) }
          #expect(error?.row == position)
          #expect(error?.reason.contains("f2") == true)

          var decisions: [Double] = []
          #expect(try model.decide(rows, into: &decisions, on: path) == 1)
          let expected = try model.decisionValues(of: good, on: path)
          for row in 0..<11 {
            if row == position {
              #expect(decisions[row].isNaN)
            } else {
              #expect(decisions[row] == expected[row])
            }
          }
        }
      }
    }
  }

  @Test("A sum that overflows is a failed row, not a number")
  func overflow() throws {
    let model = try OneClassModel(
      kernel: .polynomial(gamma: 1, coef0: 0, degree: 3),
      supportVectors: FeatureMatrix(rows: [[1e150], [-1e150]]),
      coefficients: [1, 1], rho: 0, scaler: nil)
    let error = #expect(throws: RowError.self) {
      try model.decisionValues(of: FeatureMatrix(rows: [[1e150]]))
    }
    #expect(error?.description.contains("too large") == true)
    #expect(model.fault(of: [1e-150]) == nil)
  }

  @Test("A scaler of zero scale fails the row and says so")
  func zeroScale() throws {
    let model = try OneClassModel(
      kernel: .rbf(gamma: 1), supportVectors: FeatureMatrix(rows: [[0]]), coefficients: [1], rho: 0.5,
      scaler: Scaler(mean: [5], scale: [0]), featureNames: ["pressure"])
    for value in [5.0, 6.0] {
      let error = #expect(throws: RowError.self) {
        try model.decisionValues(of: FeatureMatrix(values: [value], columns: 1))
      }
      #expect(error?.description.contains("pressure") == true)
      #expect(error?.description.contains("scale 0") == true)
    }
  }

  @Test("Rows of another width are refused")
  func wrongWidth() throws {
    var generator = SeededGenerator(seed: 5)
    let model = try generator.model(features: 3, vectors: 4, family: .rbf)
    let error = #expect(throws: RowError.self) { try model.decisionValues(of: generator.rows(2, columns: 4)) }
    #expect(error?.description == "rows of 4 features, but the model was trained on 3")
    var decisions = [0.0, 0.0]
    #expect(throws: RowError.self) {
      var target = decisions.mutableSpan
      let values = [1.0, 2, 3, 4]
      try model.decide(values.span, into: &target)
    }
    #expect(model.fault(of: [1, 2]) != nil)
  }

  @Test("No rows, no decisions")
  func empty() throws {
    var generator = SeededGenerator(seed: 6)
    let model = try generator.model(features: 3, vectors: 4, family: .rbf)
    #expect(try model.decisionValues(of: FeatureMatrix(columns: 3)).isEmpty)
  }
}
