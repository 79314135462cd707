import CSVM

/// Training by LIBSVM's solver.
package enum LIBSVMSolver {
  /// The version of LIBSVM that this was compiled with, such as `3.24`.
  package static let version = "\(LIBSVM_VERSION / 100).\(LIBSVM_VERSION % 100)"

  struct Solution {
    let supportVectors: FeatureMatrix
    let coefficients: [Double]
    var rho: Double
  }

  /// LIBSVM prints to stdout unless told otherwise, through a pointer that all threads share. It is set once, before
  /// the first training; the rest of a one-class training uses no global state (`rand` serves cross-validation and
  /// probabilities only).
  private static let silenced: Void = svm_set_print_string_function { _ in }

  /// Solves the one-class problem of `rows`, scaled and finite.
  static func solve(
    rows: FeatureMatrix, kernel: Kernel, options: TrainingOptions, tolerance: Double
  ) throws(TrainingError) -> Solution {
    _ = silenced
    let columns = rows.columns
    let count = rows.rowCount
    var nodes: [svm_node] = []
    nodes.reserveCapacity(count * (columns + 1))
    for row in 0..<count {
      for column in 0..<columns { nodes.append(svm_node(index: Int32(column + 1), value: rows[row, column])) }
      nodes.append(svm_node(index: -1, value: 0))
    }
    // The labels are not used by a one-class problem, but LIBSVM reads them.
    var labels = [Double](repeating: 1, count: count)
    var parameter = svm_parameter()
    parameter.svm_type = Int32(ONE_CLASS)
    parameter.kernel_type = kernel.family.libsvmType
    parameter.gamma = kernel.gamma ?? 0
    parameter.coef0 = kernel.coef0 ?? 0
    parameter.degree = Int32(kernel.degree ?? 0)
    parameter.nu = options.nu
    parameter.eps = tolerance
    parameter.cache_size = Double(options.cacheMebibytes)
    parameter.shrinking = 1

    let outcome: Result<Solution, TrainingError> = nodes.withUnsafeMutableBufferPointer { nodes in
      labels.withUnsafeMutableBufferPointer { labels in
        var starts: [UnsafeMutablePointer<svm_node>?] = (0..<count).map {
          nodes.baseAddress! + $0 * (columns + 1)
        }
        return starts.withUnsafeMutableBufferPointer { starts in
          var problem = svm_problem(l: Int32(count), y: labels.baseAddress, x: starts.baseAddress)
          if let fault = svm_check_parameter(&problem, &parameter) {
            return .failure(.solver(String(cString: fault)))
          }
          guard let model = svm_train(&problem, &parameter) else { return .failure(.solver("no memory")) }
          defer {
            var doomed: UnsafeMutablePointer<svm_model>? = model
            svm_free_and_destroy_model(&doomed)
          }
          return read(model.pointee, rows: rows)
        }
      }
    }
    return try outcome.get()
  }

  private static func read(_ model: svm_model, rows: FeatureMatrix) -> Result<Solution, TrainingError> {
    let count = Int(model.l)
    guard count > 0, let coefficients = model.sv_coef[0], let indices = model.sv_indices else {
      return .failure(.solver("it has no support vector"))
    }
    // Of the conditions that bound rho from both sides one is missing where every row is at its upper bound.
    guard model.rho[0].isFinite else {
      return .failure(
        .solver("with this nu every row is outside, and nothing says where the boundary is; lower nu"))
    }
    var vectors = FeatureMatrix(columns: rows.columns, reservingRows: count)
    // The rows themselves, by index: no detour through text or nodes.
    for vector in 0..<count { vectors.append(rows[row: Int(indices[vector]) - 1]) }
    return .success(
      Solution(
        supportVectors: vectors, coefficients: (0..<count).map { coefficients[$0] }, rho: model.rho[0]))
  }
}

extension KernelFamily {
  fileprivate var libsvmType: Int32 {
    switch self {
    case .linear: Int32(LINEAR)
    case .polynomial: Int32(POLY)
    case .rbf: Int32(RBF)
    case .sigmoid: Int32(SIGMOID)
    }
  }
}
