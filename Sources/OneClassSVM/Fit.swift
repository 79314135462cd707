/// A solution of the solver with all that is needed to decide with it: one training, before it becomes a model.
struct Fit {
  let solution: LIBSVMSolver.Solution
  let kernel: Kernel
  let scaler: Scaler
  /// Nil where raw rows go into the kernel.
  let appliedScaler: Scaler?
  let tolerance: Double
  /// The columns with a single value, to within rounding.
  let constantColumns: [Int]

  /// Fits the scaler, works out gamma and the tolerance, and solves. `rows` are raw and finite. Throws ``TrainingError``
  /// where no feature varies, the kernel overflows or LIBSVM finds no solution.
  init(_ rows: FeatureMatrix, options: TrainingOptions) throws(TrainingError) {
    scaler = Scaler(fitting: rows)
    constantColumns = Self.constantColumns(of: rows, fitted: scaler)
    guard constantColumns.count < rows.columns else { throw .nothingVaries(rows: rows.rowCount) }
    appliedScaler = options.scaling ? scaler : nil
    let scaled = options.scaling ? scaler.scaled(rows) : rows
    tolerance = options.tolerance.resolved(coefficientSum: options.nu * Double(rows.rowCount))
    kernel = options.resolvedKernel(for: scaled)
    if let fault = kernel.fault { throw .options(fault) }
    guard kernel.isFinite(on: scaled) else { throw .kernelOverflows(kernel.family) }
    solution = try LIBSVMSolver.solve(rows: scaled, kernel: kernel, options: options, tolerance: tolerance)
  }

  /// The decision values of `rows`, raw; not a number where one overflows. `rho` is the solver's unless given.
  func decisions(of rows: FeatureMatrix, rho: Double? = nil) -> [Double] {
    let packed = PackedModel(
      kernel: kernel, supportVectors: solution.supportVectors, coefficients: solution.coefficients,
      rho: rho ?? solution.rho, scaler: appliedScaler)
    var decisions = [Double](repeating: 0, count: rows.rowCount)
    var target = decisions.mutableSpan
    _ = packed.decide(rows.values.span, into: &target, on: .best)
    return decisions
  }

  private static func constantColumns(of rows: FeatureMatrix, fitted: Scaler) -> [Int] {
    (0..<rows.columns).filter { column in
      // A scale of exactly 1 is what the scaler gives a constant feature, and in rare cases a varying one.
      guard fitted.scale[column] == 1 else { return false }
      let first = rows[0, column]
      let slack = abs(first) * Double(rows.rowCount) * .ulpOfOne
      return (0..<rows.rowCount).allSatisfy { abs(rows[$0, column] - first) <= slack }
    }
  }
}
