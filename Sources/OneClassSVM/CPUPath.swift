import CKernels
import Foundation

/// The versions of the decision function's inner loop. AVX2 and AVX-512 give equal results, to the last bit; the
/// baseline has no fused multiply-add and differs in the last digits.
package enum CPUPath: String, Sendable, CaseIterable, Comparable {
  /// What every CPU of the architecture has: SSE2 on x86-64.
  case baseline
  /// x86-64-v3: AVX2 and FMA.
  case avx2
  /// x86-64-v4: AVX-512.
  case avx512

  /// The fastest that this machine runs. The environment variable `SONDE_CPU_PATH` (`baseline`, `avx2`, `avx512`)
  /// forces a slower one, for comparisons.
  package static let best: CPUPath = {
    let fastest = hardware
    guard let name = ProcessInfo.processInfo.environment["SONDE_CPU_PATH"],
      let asked = CPUPath(rawValue: name)
    else {
      return fastest
    }
    return min(asked, fastest)
  }()

  /// All that this machine runs, slowest first.
  package static var available: [CPUPath] { allCases.filter { $0 <= hardware } }

  private static let hardware: CPUPath = {
    switch sonde_best_path() {
    case SONDE_PATH_AVX512: .avx512
    case SONDE_PATH_AVX2: .avx2
    default: .baseline
    }
  }()

  package static func < (left: CPUPath, right: CPUPath) -> Bool {
    left.constant.rawValue < right.constant.rawValue
  }

  var constant: sonde_path {
    switch self {
    case .baseline: SONDE_PATH_BASELINE
    case .avx2: SONDE_PATH_AVX2
    case .avx512: SONDE_PATH_AVX512
    }
  }
}
