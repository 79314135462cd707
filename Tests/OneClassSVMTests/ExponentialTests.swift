import CKernels
import Foundation
import OneClassSVM
import Telemetry
import Testing

@Suite("The exponential inside the kernels")
struct ExponentialTests {
  private func exp2Negated(_ values: [Double], on path: sonde_path) -> [Double] {
    var results = [Double](repeating: 0, count: values.count)
    sonde_exp2_negated(path, values, values.count, &results)
    return results
  }

  private static let paths: [sonde_path] = [SONDE_PATH_BASELINE, SONDE_PATH_AVX2, SONDE_PATH_AVX512].filter {
    $0.rawValue <= sonde_best_path().rawValue
  }

  @Test("It is within the stated bound, 1.6e-14 relative, of the C library's")
  func bound() {
    let seed: UInt64 = 42
    var generator = SeededGenerator(seed: seed)
    var values = (0..<200_000).map { _ in 1021 * generator.uniform() }
    values += (0..<200_000).map { _ in 2 * generator.uniform() }
    values += (0..<200_000).map { _ in Foundation.exp2(-60 * generator.uniform()) }
    values += stride(from: 0.0, through: 1021, by: 0.5)
    let expected = values.map { Foundation.exp2(-$0) }
    for path in Self.paths {
      let results = exp2Negated(values, on: path)
      var worst = 0.0
      for index in values.indices { worst = max(worst, abs(results[index] / expected[index] - 1)) }
      #expect(worst <= 1.6e-14, "seed \(seed), path \(path.rawValue): \(worst)")
    }
  }

  @Test("Whole powers are exact, zero gives one, and what is far below stays tiny")
  func special() {
    for path in Self.paths {
      #expect(exp2Negated([0, -0.0, 1, 2, 10, 1021], on: path) == [1, 1, 0.5, 0.25, 0x1p-10, 0x1p-1021])
      for value in exp2Negated([1022, 1e5, 1e300, .infinity], on: path) { #expect(value == 0x1p-1021) }
    }
  }
}
