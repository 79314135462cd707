import Files
import Foundation

/// What is wrong with a model, and what to do about it.
package struct LintFinding: Sendable, Equatable, Codable {
  /// The model's file stem.
  package let model: String
  package let rule: LintRule
  /// What is wrong, with the numbers.
  package let message: String
  /// What to do.
  package let advice: String
}

/// The ways in which a model can be found untrustworthy.
package enum LintRule: String, Sendable, Codable, CaseIterable {
  /// The files cannot be read, or do not belong together.
  case unreadable
  /// A boundary around a single point.
  case oneSupportVector = "one_support_vector"
  /// rho is not below Σα, so no row can be normal.
  case flagsEverything = "flags_everything"
  /// The model flags far more of its training rows than nu.
  case flagsTrainingRows = "flags_training_rows"
  /// The model flags far more of the given windows than nu.
  case flagsWindows = "flags_windows"
  /// The windows hold rows that cannot be scored, or none for this model.
  case unscorableWindows = "unscorable_windows"
  /// The solver's tolerance is coarse against Σα.
  case coarseTolerance = "coarse_tolerance"
  /// The scaler divides by zero.
  case zeroScale = "zero_scale"
  /// A feature that had one value in training.
  case constantFeature = "constant_feature"
  /// Too few training rows for the features or for nu.
  case shortTraining = "short_training"
  /// Most training rows are support vectors though nu asks for few: the kernel is too narrow.
  case overfitted
  /// Without a scaler, one feature is so much larger than another that the kernel does not see the smaller one.
  case unscaledFeatures = "unscaled_features"
  /// There is no such model, and there should be.
  case missing
}

/// Finds models that cannot be trusted. Every threshold stands here, with its reason.
package enum ModelLint {
  /// A tolerance above this share of Σα lets the boundary move by more than decisions mean. The reference models were
  /// trained at 3% of theirs and flag a third of all rows.
  package static let coarsestTolerance = 1e-3
  /// Training rows a feature, at least. Fewer do not show how features vary together.
  package static let rowsPerFeature = 10
  /// A model with more than this share of its training rows as support vectors remembers rows, not their shape;
  /// unless nu, which is a lower bound of that share, is near it.
  package static let mostSupportVectors = 0.5
  /// nu where it is not known, for judging the share of flagged windows.
  package static let assumedNu = 0.01
  /// A decision closer to zero than this share of Σα is on the boundary: the solver of a model with the scaled
  /// tolerance leaves its boundary vectors within half of it.
  package static let boundaryWidth = 2 * Tolerance.relative
  /// Of new rows, as many may fall outside as lie on the boundary; but a model that flags more than this share of
  /// normal windows cannot be used, however many vectors it has there.
  package static let mostOutsideBoundary = 0.05
  /// By so much one unscaled feature may be larger than another. At this ratio, the smaller one contributes a
  /// millionth of a squared distance.
  package static let widestFeatureRatio = 1000.0

  /// The findings about every model in `folder`, by stem. `windows` gives the raw rows to try a model on, where there
  /// are any; what it throws becomes a finding. Throws `FileError` where the folder cannot be read.
  package static func findings(
    folder: String, windows: ((OneClassModel) throws -> FeatureMatrix?)? = nil
  ) throws -> [LintFinding] {
    try ModelFile.stems(in: folder).flatMap { findings(folder: folder, stem: $0, windows: windows) }
  }

  /// The findings about one model in a folder.
  package static func findings(
    folder: String, stem: String, windows: ((OneClassModel) throws -> FeatureMatrix?)? = nil
  ) -> [LintFinding] {
    let model: OneClassModel
    do {
      model = try ModelFile.read(folder: folder, stem: stem)
    } catch {
      return [
        LintFinding(
          model: stem, rule: .unreadable, message: "\(error)",
          advice: "write both files again, or train the model again")
      ]
    }
    var found = findings(about: model, name: stem)
    guard let windows else { return found }
    do {
      found += findings(about: model, name: stem, windows: try windows(model))
    } catch {
      found.append(unscorable(stem, "\(error)"))
    }
    return found
  }

  /// That there is no model of the stem `name`.
  package static func missing(_ name: String, why: String, advice: String) -> LintFinding {
    LintFinding(model: name, rule: .missing, message: "there is no such model; \(why)", advice: advice)
  }

  /// What the model itself shows.
  package static func findings(about model: OneClassModel, name: String) -> [LintFinding] {
    [
      oneSupportVector(model, name), flagsEverything(model, name), flagsTrainingRows(model, name),
      coarseTolerance(model, name), zeroScale(model, name), constantFeatures(model, name),
      shortTraining(model, name),
      overfitted(model, name), unscaledFeatures(model, name),
    ].compactMap { $0 }
  }

  /// Whether `share` of `rows` rows flagged is more than nu and chance explain. The solver holds the share of rows
  /// outside the boundary to nu, and the vectors on it fall to either side by rounding; on top of both, three
  /// standard deviations of a binomial count, and a few rows, are let pass.
  static func flagsTooMany(share: Double, nu: Double, rows: Int, supportVectors: Int) -> Bool {
    let count = Double(rows)
    let expected = nu * count
    let chance = 3 * (max(0, expected * (1 - nu))).squareRoot() + 5
    return share * count > max(expected, Double(supportVectors)) + chance
  }

  static func unscorable(_ name: String, _ message: String) -> LintFinding {
    LintFinding(
      model: name, rule: .unscorableWindows, message: message,
      advice: "give windows with a finite value for every feature of the model")
  }

  private static func oneSupportVector(_ model: OneClassModel, _ name: String) -> LintFinding? {
    guard model.coefficients.count == 1 else { return nil }
    return LintFinding(
      model: name, rule: .oneSupportVector,
      message: "it has one support vector: the boundary is drawn around a single training row",
      advice: "train again with a finer tolerance, or a larger nu or gamma")
  }

  private static func flagsEverything(_ model: OneClassModel, _ name: String) -> LintFinding? {
    let sum = model.coefficientSum
    // rbf and sigmoid values are at most 1, so Σα − rho is the largest decision there is. Rounding of the sum is no
    // more than a few units in its last place.
    guard [.rbf, .sigmoid].contains(model.kernel.family), model.rho >= sum * (1 - 1e-12) else { return nil }
    return LintFinding(
      model: name, rule: .flagsEverything,
      message:
        "rho (\(model.rho)) is not below Σα (\(sum)): no decision is above zero, every row is an anomaly",
      advice: "train again with a finer tolerance: this solution stopped before it began")
  }

  private static func flagsTrainingRows(_ model: OneClassModel, _ name: String) -> LintFinding? {
    guard let share = model.metadata.flaggedTrainingShare, let nu = model.metadata.nu,
      let rows = model.metadata.trainedRows,
      flagsTooMany(share: share, nu: nu, rows: rows, supportVectors: model.coefficients.count)
    else { return nil }
    return LintFinding(
      model: name, rule: .flagsTrainingRows,
      message: "it flags \(percent(share)) of its \(rows) training rows, but nu is \(percent(nu))",
      advice: "train again with a finer tolerance, or another kernel or gamma")
  }

  private static func coarseTolerance(_ model: OneClassModel, _ name: String) -> LintFinding? {
    let sum = model.coefficientSum
    let known = model.metadata.tolerance
    let tolerance = known ?? Tolerance.ceiling
    guard sum > 0, tolerance > coarsestTolerance * sum else { return nil }
    let share = percent(tolerance / sum)
    return LintFinding(
      model: name, rule: .coarseTolerance,
      message: known == nil
        ? "its tolerance is not known; LIBSVM's default of \(tolerance) would be \(share) of its Σα of \(short(sum))"
        : "its tolerance of \(tolerance) is \(share) of its Σα of \(short(sum))",
      advice: "train again with a tolerance of at most \(percent(coarsestTolerance)) of Σα = nu · rows")
  }

  private static func zeroScale(_ model: OneClassModel, _ name: String) -> LintFinding? {
    guard let scaler = model.scaler else { return nil }
    let names = zip(model.featureNames, scaler.scale).filter { $0.1 == 0 }.map(\.0)
    guard !names.isEmpty else { return nil }
    return LintFinding(
      model: name, rule: .zeroScale, message: "the scaler divides \(names.joined(separator: ", ")) by zero",
      advice: "set that scale to 1, or train again without the feature")
  }

  private static func constantFeatures(_ model: OneClassModel, _ name: String) -> LintFinding? {
    var names = model.metadata.constantFeatures
    if model.coefficients.count > 1 {
      for (column, feature) in model.featureNames.enumerated() where !names.contains(feature) {
        let first = model.supportVectors[0, column]
        if (1..<model.coefficients.count).allSatisfy({ model.supportVectors[$0, column] == first }) {
          names.append(feature)
        }
      }
    }
    guard !names.isEmpty else { return nil }
    return LintFinding(
      model: name, rule: .constantFeature,
      message: "\(names.joined(separator: ", ")) never varied in training, so any change is an anomaly",
      advice: "leave the feature out, or train on a time in which it varies")
  }

  private static func shortTraining(_ model: OneClassModel, _ name: String) -> LintFinding? {
    guard let rows = model.metadata.trainedRows else { return nil }
    let forFeatures = rowsPerFeature * model.featureCount
    let forNu = model.metadata.nu.map(Nu.rowsForOneOutlier) ?? 0
    let needed = max(forFeatures, forNu)
    guard rows < needed else { return nil }
    let why =
      forNu > forFeatures
      ? "at nu \(model.metadata.nu ?? 0) not even one of them may be an outlier"
      : "it has \(model.featureCount) features"
    return LintFinding(
      model: name, rule: .shortTraining, message: "it was trained on \(rows) rows, and \(why)",
      advice: forNu > forFeatures
        ? "train on at least \(needed) rows, or raise nu to at least \(percent(1 / Double(rows)))"
        : "train on at least \(needed) rows")
  }

  private static func overfitted(_ model: OneClassModel, _ name: String) -> LintFinding? {
    guard let rows = model.metadata.trainedRows, rows > 0 else { return nil }
    let share = Double(model.coefficients.count) / Double(rows)
    let nu = model.metadata.nu ?? assumedNu
    guard share > max(mostSupportVectors, 2 * nu) else { return nil }
    return LintFinding(
      model: name, rule: .overfitted,
      message: "\(percent(share)) of its training rows are support vectors, but nu is \(percent(nu))",
      advice: "the kernel is too narrow: train again with a smaller gamma")
  }

  private static func unscaledFeatures(_ model: OneClassModel, _ name: String) -> LintFinding? {
    guard model.scaler == nil, model.coefficients.count > 1 else { return nil }
    let sizes = (0..<model.featureCount).map { column in
      let values = (0..<model.coefficients.count).map { model.supportVectors[$0, column] }
      // Distances see differences; products see magnitudes.
      return model.kernel.family == .rbf
        ? (values.max() ?? 0) - (values.min() ?? 0) : values.map(abs).max() ?? 0
    }
    // A feature without any size is told as one that never varies.
    let sized = sizes.indices.filter { sizes[$0] > 0 }
    guard let widest = sized.max(by: { sizes[$0] < sizes[$1] }),
      let narrowest = sized.min(by: { sizes[$0] < sizes[$1] }),
      sizes[widest] > widestFeatureRatio * sizes[narrowest]
    else { return nil }
    return LintFinding(
      model: name, rule: .unscaledFeatures,
      message:
        "it has no scaler, and \(model.featureNames[widest]) is \(short(sizes[widest] / sizes[narrowest])) times "
        + "as large as \(model.featureNames[narrowest]): the kernel does not see the smaller one",
      advice: "train again with scaled features")
  }
}
