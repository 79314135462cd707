import CSVM

/// A model just trained, and what its user should know about how that went.
package struct TrainedModel: Sendable {
  package let model: OneClassModel
  package let warnings: [TrainingWarning]
}

extension OneClassModel {
  /// Trains a model on `rows`, raw, a column a name of `featureNames`.
  ///
  /// Rows with a value that is not finite, or above ``ModelLimits/trainingValue``, are left out, with a warning; with scaling,
  /// features that have no other values are taken as they are. Of `provenance`, who and when (`device`, `sensor`, `trainingRange`, `seed`,
  /// `source`) goes into the model as it is; the rest is filled in here. Equal arguments give equal models. May be called from
  /// many threads at once.
  ///
  /// Where no feature varies, the boundary is drawn closely around the one point: any other row is an anomaly. This needs the
  /// kernel `rbf`.
  ///
  /// Throws ``TrainingError`` where the options are unsound, a feature has no value in any row, too few rows are
  /// left, or no feature varies and the kernel is another.
  package static func train(
    rows: FeatureMatrix, featureNames: [String]? = nil, options: TrainingOptions = TrainingOptions(),
    provenance: ModelMetadata = ModelMetadata()
  ) throws(TrainingError) -> TrainedModel {
    let names = featureNames ?? defaultFeatureNames(rows.columns)
    if let fault = options.fault { throw .options(fault) }
    guard names.count == rows.columns else {
      throw .options("\(names.count) feature names for rows of \(rows.columns) features")
    }
    guard rows.columns <= ModelLimits.features else {
      throw .options("rows of \(rows.columns) features; a model has at most \(ModelLimits.features)")
    }
    var warnings: [TrainingWarning] = []
    let usable = try usableRows(of: rows, names: names, options: options, warnings: &warnings)

    let fit = try Fit(usable, options: options)
    let constant = fit.constantColumns.map { names[$0] }
    if !constant.isEmpty { warnings.append(.constantFeatures(constant)) }

    let count = usable.rowCount
    if options.nu * Double(count) < 1 { warnings.append(.fewRowsForNu(rows: count, nu: options.nu)) }
    // Around one point nothing can be held out; a number means there what it means everywhere.
    let isHeldOut = options.threshold.folds != nil
    let lowering =
      fit.isPoint && isHeldOut ? 0 : try options.threshold.lowering(for: usable, options: options)
    let rho = fit.solution.rho - lowering

    var metadata = provenance
    metadata.nu = options.nu
    metadata.trainedRows = count
    metadata.tolerance = fit.tolerance
    metadata.threshold = ThresholdRecord(options.threshold, loweredBy: lowering)
    metadata.constantFeatures = constant
    // A row whose decision is not a number (an overflow) counts as flagged.
    let share = Double(fit.decisions(of: usable, rho: rho).count { !($0 > 0) }) / Double(count)
    metadata.flaggedTrainingShare = share
    let sum = fit.solution.coefficients.reduce(0, +)
    if case .value(let value) = options.threshold, options.kernel == .rbf,
      value < -fit.solution.rho || value >= sum - fit.solution.rho
    {
      warnings.append(
        .thresholdOutOfReach(value, lowest: -fit.solution.rho, highest: sum - fit.solution.rho))
    }
    // With a number, as many are flagged as the number asks for.
    if options.threshold.isChosenByTraining,
      ModelLint.flagsTooMany(
        share: share, nu: options.nu, rows: count, supportVectors: fit.solution.coefficients.count)
    {
      warnings.append(.flagsTooMany(share: share, nu: options.nu))
    }
    do throws(ModelError) {
      let model = try OneClassModel(
        kernel: fit.kernel, supportVectors: fit.solution.supportVectors,
        coefficients: fit.solution.coefficients,
        rho: rho, scaler: fit.appliedScaler, featureNames: names, metadata: metadata)
      return TrainedModel(model: model, warnings: warnings)
    } catch {
      throw .solver(error.reason)
    }
  }

  private static func usableRows(
    of rows: FeatureMatrix, names: [String], options: TrainingOptions, warnings: inout [TrainingWarning]
  ) throws(TrainingError) -> FeatureMatrix {
    // A few such values are what a sensor says for “no value”. Where there are no others, the scaler makes something of them.
    let limits = (0..<rows.columns).map { column in
      let hasOthers = (0..<rows.rowCount).contains { abs(rows[$0, column]) <= ModelLimits.trainingValue }
      return hasOthers || !options.scaling ? ModelLimits.trainingValue : .greatestFiniteMagnitude
    }
    var usable = FeatureMatrix(columns: rows.columns, reservingRows: rows.rowCount)
    var missing = [Int](repeating: 0, count: rows.columns)
    for index in 0..<rows.rowCount {
      let row = rows[row: index]
      let unusable = row.indices.filter { !(abs(row[$0]) <= limits[$0 - row.startIndex]) }
      if unusable.isEmpty { usable.append(row) }
      for index in unusable { missing[index - row.startIndex] += 1 }
    }
    let dropped = rows.rowCount - usable.rowCount
    if rows.rowCount > 0, let column = missing.firstIndex(of: rows.rowCount) {
      throw .missingFeature(names[column], rows: rows.rowCount)
    }
    guard usable.rowCount >= options.minimumRows else {
      throw .tooFewRows(usable: usable.rowCount, dropped: dropped, minimum: options.minimumRows)
    }
    if dropped > 0 {
      let affected = missing.indices.filter { missing[$0] > 0 }.map { names[$0] }
      warnings.append(.droppedRows(dropped, of: rows.rowCount, features: affected))
    }
    return usable
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
package enum TrainingWarning: Sendable, Equatable, CustomStringConvertible {
  /// Rows with a missing, infinite or much too large value were left out.
  case droppedRows(Int, of: Int, features: [String])
  /// These features had one value in all rows. They are kept, unscaled: any other value is far away.
  case constantFeatures([String])
  /// nu · rows is below one, so that no training row may be an outlier.
  case fewRowsForNu(rows: Int, nu: Double)
  /// The model flags far more of its training rows than nu asks for.
  case flagsTooMany(share: Double, nu: Double)
  /// A threshold that was given is beyond the decision values that the model can have, before it is moved.
  case thresholdOutOfReach(Double, lowest: Double, highest: Double)

  package var description: String {
    switch self {
    case .droppedRows(let count, let total, let features):
      "\(count) of \(total) rows were left out, with no usable value for \(features.joined(separator: ", "))"
    case .constantFeatures(let names):
      "\(names.joined(separator: ", ")) never varied in training; any change of it will look like an anomaly"
    case .fewRowsForNu(let rows, let nu):
      "nu \(nu) of \(rows) rows is less than one row; train on at least \(Nu.rowsForOneOutlier(nu)) or raise nu"
    case .flagsTooMany(let share, let nu):
      "the model flags \(percent(share)) of its own training rows, but nu is \(percent(nu)); "
        + "try a smaller tolerance or another kernel"
    case .thresholdOutOfReach(let value, let lowest, let highest):
      "the threshold \(value) makes \(value < lowest ? "no window an anomaly" : "every window an anomaly"): decision values lie "
        + "between \(lowest) and \(highest); “sonde thresholds” shows what each threshold gives"
    }
  }
}

/// A training that gave no model, and why.
package enum TrainingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The options, or the shape of what was passed, are unsound.
  case options(String)
  /// A feature has a usable value in no row: the sensor is missing.
  case missingFeature(String, rows: Int)
  case tooFewRows(usable: Int, dropped: Int, minimum: Int)
  /// Each fold of a cross-validation must hold out a few rows and train on enough.
  case tooFewRowsForFolds(usable: Int, folds: Int, minimum: Int)
  /// A fold of a cross-validation gave no model, counted from 1.
  case fold(Int, of: Int, reason: String)
  /// Every feature has one value, and the kernel cannot tell other values from it.
  case nothingVaries(rows: Int)
  /// Kernel values of the rows are too large for doubles.
  case kernelOverflows(KernelFamily)
  /// Values of a feature lie so far apart that they are infinite once scaled. Columns are counted from 0.
  case tooWide(column: Int)
  /// LIBSVM found no solution that can be used.
  case solver(String)

  package var description: String {
    switch self {
    case .options(let reason): reason
    case .missingFeature(let name, let rows):
      "the feature \(name) has a value in none of the \(rows) rows; leave it out, or find the sensor"
    case .tooFewRows(let usable, let dropped, let minimum):
      "\(usable) rows to train on"
        + (dropped > 0 ? " (\(dropped) more have a value that cannot be trained on)" : "")
        + ", but at least \(minimum) are needed; train on a longer time"
    case .tooFewRowsForFolds(let usable, let folds, let minimum):
      "\(usable) rows to train on, but a threshold cross-validated in \(folds) folds needs at least \(minimum); "
        + "train on a longer time, or leave the threshold at training"
    case .fold(let fold, let folds, let reason):
      "fold \(fold) of the \(folds) that the threshold is cross-validated in gave no model: \(reason)"
    case .nothingVaries(let rows):
      "no feature varies over the \(rows) rows, and only the kernel rbf can learn a single value; is the sensor stuck?"
    case .kernelOverflows(let family):
      "the \(family.rawValue) kernel of these rows is too large for a number; scale the features, or take another kernel"
    case .tooWide(let column):
      "the values of feature \(column + 1) are too far apart to be scaled; leave out what the sensor sends for “no value”"
    case .solver(let reason): "LIBSVM gave no usable model: \(reason)"
    }
  }
}
