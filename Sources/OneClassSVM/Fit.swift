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

  /// Whether no feature varies. The boundary is then drawn around one point: see ``pointMargin``.
  var isPoint: Bool { constantColumns.count == scaler.mean.count }

  /// Where all rows are one point, its decision value is 0, to within rounding, and 0 is the boundary. rho is lowered by this
  /// share of Σα: far more than rounding, which is 1e-13 of it for a thousand rows, and so little that a change of any
  /// feature by 1e-4 is outside with the default gamma.
  private static let pointMargin = 1e-9

  /// Fits the scaler, works out gamma and the tolerance, and solves. `rows` are raw and finite. Throws ``TrainingError``
  /// where the kernel overflows, where LIBSVM finds no solution, and where no feature varies but the kernel is not `rbf`: of the
  /// others none has its largest value at the rows themselves.
  init(_ rows: FeatureMatrix, options: TrainingOptions) throws(TrainingError) {
    scaler = Scaler(fitting: rows)
    constantColumns = scaler.constantColumns(of: rows)
    let isPoint = constantColumns.count == rows.columns
    guard !isPoint || options.kernel == .rbf else { throw .nothingVaries(rows: rows.rowCount) }
    appliedScaler = options.scaling ? scaler : nil
    var scaled = options.scaling ? scaler.scaled(rows) : rows
    if isPoint {
      // What rounding has left is no spread to take a gamma from.
      let point = options.scaling ? scaled[row: 0].map { _ in 0 } : scaler.mean
      scaled = FeatureMatrix(rows: (0..<rows.rowCount).map { _ in point })
    }
    if let bad = scaled.values.firstIndex(where: { !$0.isFinite }) {
      throw .tooWide(column: bad % rows.columns)
    }
    tolerance = options.tolerance.resolved(coefficientSum: options.nu * Double(rows.rowCount))
    kernel = options.resolvedKernel(for: scaled)
    if let fault = kernel.fault { throw .options(fault) }
    guard kernel.isFinite(on: scaled) else { throw .kernelOverflows(kernel.family) }
    var solution = try LIBSVMSolver.solve(
      rows: scaled, kernel: kernel, options: options, tolerance: tolerance)
    if isPoint { solution.rho -= Self.pointMargin * solution.coefficients.reduce(0, +) }
    self.solution = solution
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
}
