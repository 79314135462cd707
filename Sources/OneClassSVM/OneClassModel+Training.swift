import CSVM

/// A model just trained, and what its user should know about how that went.
public struct TrainedModel: Sendable {
  public let model: OneClassModel
  public let warnings: [TrainingWarning]
}

extension OneClassModel {
  /// Trains a model on `rows`, raw, a column a name of `featureNames`.
  ///
  /// Rows with a value that is not finite are left out, with a warning. Of `provenance`, who and when (`device`,
  /// `sensor`, `trainingRange`, `seed`, `source`) goes into the model as it is; the rest is filled in here. Equal
  /// arguments give equal models. May be called from many threads at once.
  ///
  /// Throws ``TrainingError`` where the options are unsound, a feature has no value in any row, too few rows are
  /// left, or no feature varies.
  public static func train(
    rows: FeatureMatrix, featureNames: [String]? = nil, options: TrainingOptions = TrainingOptions(),
    provenance: ModelMetadata = ModelMetadata()
  ) throws(TrainingError) -> TrainedModel {
    let names = featureNames ?? defaultFeatureNames(rows.columns)
    if let fault = options.fault { throw .options(fault) }
    guard names.count == rows.columns else {
      throw .options("\(names.count) feature names for rows of \(rows.columns) features")
    }
    var warnings: [TrainingWarning] = []
    let usable = try finiteRows(of: rows, names: names, minimum: options.minimumRows, warnings: &warnings)

    let fitted = Scaler(fitting: usable)
    let constant = constantColumns(of: usable, fitted: fitted)
    guard constant.count < usable.columns else { throw .nothingVaries(rows: usable.rowCount) }
    if !constant.isEmpty { warnings.append(.constantFeatures(constant.map { names[$0] })) }
    let scaled = options.scaling ? fitted.scaled(usable) : usable

    let count = usable.rowCount
    let coefficientSum = options.nu * Double(count)
    if coefficientSum < 1 { warnings.append(.fewRowsForNu(rows: count, nu: options.nu)) }
    let tolerance = options.tolerance.resolved(coefficientSum: coefficientSum)
    let kernel = options.resolvedKernel(for: scaled)
    let solution = try LIBSVMSolver.solve(
      rows: scaled, kernel: kernel, options: options, tolerance: tolerance)

    var metadata = provenance
    metadata.nu = options.nu
    metadata.trainedRows = count
    metadata.tolerance = tolerance
    metadata.constantFeatures = constant.map { names[$0] }
    let share = flaggedShare(
      of: usable, solution: solution, kernel: kernel, scaler: options.scaling ? fitted : nil)
    metadata.flaggedTrainingShare = share
    if ModelLint.flagsTooMany(
      share: share, nu: options.nu, rows: count, supportVectors: solution.coefficients.count)
    {
      warnings.append(.flagsTooMany(share: share, nu: options.nu))
    }
    do throws(ModelError) {
      let model = try OneClassModel(
        kernel: kernel, supportVectors: solution.supportVectors, coefficients: solution.coefficients,
        rho: solution.rho, scaler: options.scaling ? fitted : nil, featureNames: names, metadata: metadata)
      return TrainedModel(model: model, warnings: warnings)
    } catch {
      throw .solver(error.reason)
    }
  }

  /// A row whose decision is not a number (an overflow) counts as flagged.
  private static func flaggedShare(
    of rows: FeatureMatrix, solution: LIBSVMSolver.Solution, kernel: Kernel, scaler: Scaler?
  ) -> Double {
    let packed = PackedModel(
      kernel: kernel, supportVectors: solution.supportVectors, coefficients: solution.coefficients,
      rho: solution.rho, scaler: scaler)
    var decisions = [Double](repeating: 0, count: rows.rowCount)
    var target = decisions.mutableSpan
    _ = packed.decide(rows.values.span, into: &target, on: .best)
    return Double(decisions.count { !($0 > 0) }) / Double(rows.rowCount)
  }

  private static func finiteRows(
    of rows: FeatureMatrix, names: [String], minimum: Int, warnings: inout [TrainingWarning]
  ) throws(TrainingError) -> FeatureMatrix {
    var usable = FeatureMatrix(columns: rows.columns, reservingRows: rows.rowCount)
    var missing = [Int](repeating: 0, count: rows.columns)
    for index in 0..<rows.rowCount {
      let row = rows[row: index]
      if row.allSatisfy(\.isFinite) {
        usable.append(row)
      } else {
        for (column, value) in row.enumerated() where !value.isFinite { missing[column] += 1 }
      }
    }
    let dropped = rows.rowCount - usable.rowCount
    if rows.rowCount > 0, let column = missing.firstIndex(of: rows.rowCount) {
      throw .missingFeature(names[column], rows: rows.rowCount)
    }
    guard usable.rowCount >= minimum else {
      throw .tooFewRows(usable: usable.rowCount, dropped: dropped, minimum: minimum)
    }
    if dropped > 0 {
      let affected = missing.indices.filter { missing[$0] > 0 }.map { names[$0] }
      warnings.append(.droppedRows(dropped, of: rows.rowCount, features: affected))
    }
    return usable
  }

  /// The columns with a single value, to within rounding.
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

extension TrainingOptions {
  /// The kernel with its gamma worked out for `rows`, which are scaled.
  func resolvedKernel(for rows: FeatureMatrix) -> Kernel {
    let gamma = gamma.resolved(for: rows)
    return switch kernel {
    case .rbf: .rbf(gamma: gamma)
    case .linear: .linear
    case .polynomial: .polynomial(gamma: gamma, coef0: coef0, degree: degree)
    case .sigmoid: .sigmoid(gamma: gamma, coef0: coef0)
    }
  }
}

/// Something about a training that its user should know, though a model came out.
public enum TrainingWarning: Sendable, Equatable, CustomStringConvertible {
  /// Rows with a missing or infinite value were left out.
  case droppedRows(Int, of: Int, features: [String])
  /// These features had one value in all rows. They are kept, unscaled: any other value is far away.
  case constantFeatures([String])
  /// nu · rows is below one, so that no training row may be an outlier.
  case fewRowsForNu(rows: Int, nu: Double)
  /// The model flags far more of its training rows than nu asks for.
  case flagsTooMany(share: Double, nu: Double)

  public var description: String {
    switch self {
    case .droppedRows(let count, let total, let features):
      "\(count) of \(total) rows were left out, with no finite value for \(features.joined(separator: ", "))"
    case .constantFeatures(let names):
      "\(names.joined(separator: ", ")) never varied in training; any change of it will look like an anomaly"
    case .fewRowsForNu(let rows, let nu):
      "nu \(nu) of \(rows) rows is less than one row; train on at least \(Int((1 / nu).rounded(.up))) or raise nu"
    case .flagsTooMany(let share, let nu):
      "the model flags \(percent(share)) of its own training rows, but nu is \(percent(nu)); "
        + "try a smaller tolerance or another kernel"
    }
  }
}

/// A training that gave no model, and why.
public enum TrainingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The options, or the shape of what was passed, are unsound.
  case options(String)
  /// A feature has a finite value in no row: the sensor is missing.
  case missingFeature(String, rows: Int)
  case tooFewRows(usable: Int, dropped: Int, minimum: Int)
  /// Every feature has one value: there is no spread to draw a boundary around.
  case nothingVaries(rows: Int)
  /// LIBSVM found no solution that can be used.
  case solver(String)

  public var description: String {
    switch self {
    case .options(let reason): reason
    case .missingFeature(let name, let rows):
      "the feature \(name) has a value in none of the \(rows) rows; leave it out, or find the sensor"
    case .tooFewRows(let usable, let dropped, let minimum):
      "\(usable) rows to train on"
        + (dropped > 0 ? " (\(dropped) more have a value that is not finite)" : "")
        + ", but at least \(minimum) are needed; train on a longer time"
    case .nothingVaries(let rows):
      "no feature varies over the \(rows) rows, so there is nothing to learn; is the sensor stuck?"
    case .solver(let reason): "LIBSVM gave no usable model: \(reason)"
    }
  }
}
