import Files

/// Where the boundary between normal and outlier is drawn: how rho is chosen once the model is trained.
package enum Threshold: Sendable, Equatable, CustomStringConvertible {
  /// rho as LIBSVM found it. The boundary runs through the outermost training rows, so that of new rows of the same kind
  /// as many fall outside as a small sample leaves out: the fewer rows and the more features, the more false alarms.
  case training
  /// rho lowered until the rows that a cross-validation inside the training rows holds out are inside.
  ///
  /// Row i is held out of fold i mod `folds`; a model is trained on the others, with a scaler and a gamma of its own, and
  /// decides the rows held out. rho is lowered by how far below zero the lowest of these decisions is, and not at all
  /// where none is below zero. Decisions are taken as they are: those of a fold, whose coefficients sum up to less by
  /// the share held out, are as much smaller, and its boundary, drawn from fewer rows, a little too tight. Rows close in time are alike, and their neighbours stay in training, so
  /// this takes the sampling error out of the boundary, not what changes after training.
  case crossValidated(folds: Int)
  /// rho as LIBSVM found it, plus this number: a row is an outlier where its decision with LIBSVM's rho is at or below the
  /// number. 0 is ``training``; what is negative lowers the boundary, as a row of `sonde thresholds` says.
  case value(Double)

  /// Ten, the customary number (Kohavi, "A study of cross-validation and bootstrap for accuracy estimation and model
  /// selection", IJCAI 1995): each fold trains on 90% of the rows, so its boundary is nearly the whole model's, and
  /// training costs eleven times as much as without.
  package static let defaultFolds = 10

  /// A fold holds out at least so many rows, or its lowest decision says nothing.
  static let rowsHeldOut = 2

  /// The names, as scenarios and commands spell them.
  package static let names = ["training", "cross_validated"]

  /// What ``init(_:)`` reads, for messages.
  package static let wanted = names.joined(separator: ", ") + " or a number"

  /// Reads `training`, `cross_validated` (with ``defaultFolds``) or a decimal number; nil for anything else.
  package init?(_ text: String) {
    switch text {
    case "training": self = .training
    case "cross_validated": self = .crossValidated(folds: Self.defaultFolds)
    default:
      guard let value = DecimalText.double(text) else { return nil }
      self = .value(value)
    }
  }

  package var description: String {
    switch self {
    case .training: Self.names[0]
    case .crossValidated: Self.names[1]
    case .value(let value): "\(value)"
    }
  }

  /// How many folds there are; nil where nothing is held out.
  package var folds: Int? {
    if case .crossValidated(let folds) = self { folds } else { nil }
  }

  /// Whether the training rows say where the boundary is, rather than who asks for one.
  var isChosenByTraining: Bool {
    if case .value = self { false } else { true }
  }

  /// The fewest rows that `folds` folds can be made of, where a model needs `minimum` to train on.
  static func rowsNeeded(folds: Int, minimum: Int) -> Int {
    var rows = folds * rowsHeldOut
    while rows - (rows + folds - 1) / folds < minimum { rows += 1 }
    return rows
  }
}

extension Threshold {
  /// How far rho is to be lowered for a model of `rows`, which are finite and of which a feature varies, so that what a
  /// cross-validation holds out is inside; 0 for ``training``, and for a number what it says. Throws ``TrainingError`` where there are too few rows, or a fold gives no model.
  func lowering(for rows: FeatureMatrix, options: TrainingOptions) throws(TrainingError) -> Double {
    if case .value(let value) = self { return 0 - value }
    guard case .crossValidated(let folds) = self else { return 0 }
    let count = rows.rowCount
    let needed = Self.rowsNeeded(folds: folds, minimum: options.minimumRows)
    guard count >= needed else { throw .tooFewRowsForFolds(usable: count, folds: folds, minimum: needed) }
    var lowest = 0.0
    for fold in 0..<folds {
      var kept = FeatureMatrix(columns: rows.columns, reservingRows: count)
      var held = FeatureMatrix(columns: rows.columns, reservingRows: count / folds + 1)
      for row in 0..<count {
        if row % folds == fold { held.append(rows[row: row]) } else { kept.append(rows[row: row]) }
      }
      let fit: Fit
      do throws(TrainingError) {
        fit = try Fit(kept, options: options)
        // A boundary around a point says nothing of how far new rows scatter.
        if fit.isPoint { throw .nothingVaries(rows: kept.rowCount) }
      } catch {
        throw .fold(fold + 1, of: folds, reason: error.description)
      }
      for decision in fit.decisions(of: held) {
        guard decision.isFinite else {
          throw .fold(fold + 1, of: folds, reason: "a row held out has a decision that is not a number")
        }
        lowest = min(lowest, decision)
      }
    }
    return -lowest
  }
}

/// How the threshold of a model was chosen.
package struct ThresholdRecord: Sendable, Equatable {
  /// One of ``Threshold/names``, or the number that was given.
  package var name: String
  /// Nil where nothing was held out.
  package var folds: Int?
  /// By how much rho is below the solver's, in units of the decision value; negative where a number has raised it.
  package var loweredBy: Double

  package init(name: String, folds: Int? = nil, loweredBy: Double = 0) {
    self.name = name
    self.folds = folds
    self.loweredBy = loweredBy
  }

  init(_ threshold: Threshold, loweredBy: Double) {
    self.init(name: threshold.description, folds: threshold.folds, loweredBy: loweredBy)
  }
}
